// @ts-check
/**
 * One person in a chaos run: a raw client of parlor.v1 that behaves as the reference client does
 * (docs/PROTOCOL.md): backoff with full jitter, session and `after` on each return, the same id on
 * each repeat, history where a resume was too late. It holds the server to its promises at each
 * frame; a broken one goes into `violations`.
 *
 *     const ada = new Speaker({ port: () => proxy.port, room: "kitchen", name: "Ada", lot, pace: HURRIED });
 *     ada.say("hello");
 */
import { EventEmitter } from "node:events";
import WebSocket from "ws";
import { Log } from "./log.js";

/** @typedef {import("./log.js").Message} Message */
/** @typedef {{ type: string, [field: string]: any }} Frame */
/** @typedef {typeof REFERENCE} Pace how long a client waits for what, in milliseconds */

export const REFERENCE = {
  backoffFirst: 1_000,
  backoffMax: 30_000,
  welcomeMax: 10_000,
  echoMax: 10_000,
  pingEvery: 25_000,
  pongMax: 10_000,
};

/** The same client with less patience, so that much happens in a few seconds. */
export const HURRIED = { backoffFirst: 100, backoffMax: 2_000, welcomeMax: 3_000, echoMax: 2_000, pingEvery: 500, pongMax: 1_500 };

const LOOK_EVERY_MS = 100;
const PING = '{"type":"ping"}';
/** A client that gets one of these has misbehaved; this one does not. */
const STOP_CODES = new Set([1003, 1009, 4400, 4401, 4403, 4429]);
/** As RESUME_MESSAGES_MAX, where nobody sets it. */
const RESUME_MESSAGES_MAX = 300;
const HISTORY_PAGE = 200;

/**
 * @typedef {object} SpeakerOptions
 * @property {() => number} port
 * @property {string} room
 * @property {string} name
 * @property {import("./lot.js").Lot} lot
 * @property {Pace} pace
 */

/** Emits `dial`, `end` (with the close code), `welcome` and `change`. */
export class Speaker extends EventEmitter {
  log = new Log();
  /** Texts by id, in the order they were said. @type {Map<string, string>} */ said = new Map();
  /** @type {Map<string, string>} */ unacknowledged = new Map();
  /** Seqs by id. @type {Map<string, number>} */ acknowledged = new Map();
  /** Ids answered with a temporary error at least once. @type {Set<string>} */ refused = new Set();
  /** @type {string[]} */ violations = [];
  counts = { "connections lost": 0, resumed: 0, "too late to resume": 0, repeats: 0, "repeats answered from the store": 0, "silent peers given up": 0, "upgrades refused": 0, "refused for now": 0 };
  /** The first `welcome`, and the latest. @type {Frame | undefined} */ first;
  /** @type {Frame | undefined} */ welcome;
  isLive = false;
  #failures = 0;
  #isStopped = false;
  /** @type {WebSocket | undefined} */ #socket;
  /** @type {NodeJS.Timeout | undefined} */ #retry;
  /** Live messages that wait until history has filled the gap before them. @type {Message[] | undefined} */ #held;
  /** Ids sent on this connection. @type {Set<string>} */ #sentHere = new Set();
  /** Repeats right after `join`, not waiting for what the welcome may acknowledge. */ #isEager;
  #times = { dialled: 0, heard: 0, pinged: 0, sent: 0 };
  #watch;
  #options;

  /** @param {SpeakerOptions} options */
  constructor(options) {
    super();
    this.#options = options;
    this.#isEager = options.lot.chance(0.5);
    this.#watch = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#dial();
  }

  get name() {
    return this.#options.name;
  }

  /** Its number, the same from the first welcome on. @returns {number} */
  get member() {
    return this.first?.you.id;
  }

  /** Says something now, or as soon as there is a connection. Ids are told apart by member only. @param {string} text */
  say(text) {
    const id = `line-${this.said.size + 1}`;
    this.said.set(id, text);
    this.unacknowledged.set(id, text);
    if (this.isLive) this.#send(id, text);
  }

  stop() {
    this.#isStopped = true;
    this.isLive = false;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#socket?.terminate();
  }

  #dial() {
    const { port, room, pace } = this.#options;
    const socket = new WebSocket(`ws://127.0.0.1:${port()}/${room}`, "parlor.v1", { perMessageDeflate: false });
    this.#socket = socket;
    this.#sentHere.clear();
    this.#times.dialled = performance.now();
    this.emit("dial");
    socket.on("open", () => this.#join());
    socket.on("message", (data) => {
      if (socket !== this.#socket) return;
      this.#times.heard = performance.now();
      this.#take(JSON.parse(data.toString()));
      this.emit("change");
    });
    socket.on("close", (code, reason) => socket === this.#socket && this.#ended(code, reason.toString(), pace));
    socket.on("error", () => {}); // a close follows
    socket.on("unexpected-response", (_, response) => {
      this.counts["upgrades refused"]++;
      const status = response.statusCode ?? 0;
      if (status < 500) this.#violated(`the upgrade was refused with ${status}`);
      response.resume();
      socket.terminate();
      this.#lose(1006); // `ws` leaves this end to us
    });
  }

  #join() {
    const { welcome } = this;
    const after = welcome && { epoch: welcome.epoch, seq: this.log.head };
    this.#socket?.send(JSON.stringify({ type: "join", name: this.name, session: welcome?.session, after }));
    if (welcome && this.#isEager) this.#sendAll();
  }

  /** @param {number} code @param {string} reason @param {Pace} pace */
  #ended(code, reason, { backoffFirst, backoffMax }) {
    this.#socket = undefined;
    this.isLive = false;
    this.#held = undefined;
    if (STOP_CODES.has(code)) this.#violated(`closed with ${code} ${reason}`);
    if (this.#isStopped) return;
    this.emit("end", code);
    this.counts["connections lost"]++;
    const ceiling = Math.min(backoffMax, backoffFirst * 2 ** this.#failures++);
    this.#retry = setTimeout(() => this.#dial(), this.#options.lot.next() * ceiling);
  }

  /** Gives the connection up without waiting for its end. @param {number} code */
  #lose(code) {
    const socket = this.#socket;
    if (!socket) return;
    this.#ended(code, "given up", this.#options.pace);
    socket.terminate();
  }

  /** Finds out what no event tells: a peer that is silent, an echo that does not come. */
  #look() {
    const { pace } = this.#options;
    const now = performance.now();
    const { dialled, heard, pinged, sent } = this.#times;
    if (!this.#socket) return;
    if (!this.isLive) {
      if (now - dialled > pace.welcomeMax) this.#lose(1006);
    } else if (pinged > heard) {
      if (now - pinged > pace.pongMax) {
        this.counts["silent peers given up"]++;
        this.#lose(1006);
      }
    } else {
      if (now - Math.max(heard, pinged) > pace.pingEvery) {
        this.#times.pinged = now;
        this.#socket.send(PING);
      }
      if (this.unacknowledged.size > 0 && now - sent > pace.echoMax) this.#sendAll();
    }
  }

  /** @param {string} id @param {string} text */
  #send(id, text) {
    this.#times.sent = performance.now();
    this.#sentHere.add(id);
    this.#socket?.send(JSON.stringify({ type: "send", id, text }));
  }

  #sendAll() {
    for (const [id, text] of this.unacknowledged) this.#send(id, text);
    this.counts.repeats += this.unacknowledged.size;
  }

  /** Sends what this connection has not carried yet. */
  #sendRest() {
    for (const [id, text] of this.unacknowledged) {
      if (this.#sentHere.has(id)) continue;
      this.#send(id, text);
      this.counts.repeats++;
    }
  }

  /** @param {Frame} frame */
  #take(frame) {
    if (frame.type === "batch") for (const inner of frame.frames) this.#take(inner);
    else if (frame.type === "welcome") this.#enter(frame);
    else if (frame.type === "history") this.#fill(frame);
    else if (frame.type === "message") {
      if (this.#held) this.#held.push(/** @type {any} */ (frame));
      else this.#see(/** @type {any} */ (frame));
    } else if (frame.type === "error") this.#refused(frame);
  }

  /** A send refused for now stays unacknowledged, and is repeated with the rest. @param {Frame} error */
  #refused(error) {
    if (!error.temporary || !this.unacknowledged.has(error.id)) return this.#violated(JSON.stringify(error));
    this.counts["refused for now"]++;
    this.refused.add(error.id);
  }

  /** @param {Frame} welcome */
  #enter(welcome) {
    const before = this.welcome;
    const { head, messages, recovered } = welcome;
    this.welcome = welcome;
    this.#failures = 0;
    if (!before) {
      this.first = welcome;
      this.log.begin(head - messages.length);
    } else {
      if (welcome.epoch !== before.epoch) this.#violated(`the epoch changed from ${before.epoch} to ${welcome.epoch}`);
      if (welcome.you.id !== before.you.id) this.#violated(`the session gave member ${welcome.you.id}, not ${before.you.id}`);
      if (recovered) this.counts.resumed++;
      else this.counts["too late to resume"]++;
      const missed = head - this.log.head;
      if (recovered !== missed <= RESUME_MESSAGES_MAX) this.#violated(`recovered is ${recovered} with ${missed} missed`);
      if (recovered && messages.length !== missed) this.#violated(`${messages.length} of ${missed} missed came with the welcome`);
    }
    if (messages.length > 0 && messages.at(-1).seq !== head) this.#violated(`the welcome ends at ${messages.at(-1).seq}, head is ${head}`);
    if (before && !recovered) {
      this.#held = messages;
      this.#page();
    } else {
      for (const message of messages) this.#see(message);
      this.#live();
    }
  }

  #live() {
    this.isLive = true;
    this.#sendRest();
    this.emit("welcome");
  }

  #page() {
    this.#socket?.send(JSON.stringify({ type: "history", after: this.log.head, limit: HISTORY_PAGE }));
  }

  /** @param {Frame} history a page of what was missed */
  #fill({ messages, more }) {
    for (const message of messages) this.#see(message);
    if (more) return this.#page();
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#see(message);
    this.#live();
  }

  /** @param {Message} message */
  #see(message) {
    const isOld = message.seq <= this.log.head;
    const problem = this.log.take(message);
    if (problem) this.#violated(problem);
    if (message.from.id !== this.member) return;
    if (isOld) this.counts["repeats answered from the store"]++;
    this.acknowledged.set(message.id, message.seq);
    this.unacknowledged.delete(message.id);
  }

  /** @param {string} what */
  #violated(what) {
    this.violations.push(`${this.name}: ${what}`);
    this.emit("violation", what);
  }
}
