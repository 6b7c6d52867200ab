// @ts-check
/**
 * What parlor.v1 asks of a client that reconnects by itself: join with session and `after` on each
 * open, send again with the same id what was not acknowledged. The WebSocket beneath is somebody else's.
 */
import { Log } from "../log.js";

/** @typedef {import("../log.js").Message} Message */
/** @typedef {{ type: string, [field: string]: any }} Frame */
/**
 * @typedef {object} Reconnecting what all such clients have
 * @property {(data: string) => void} send
 * @property {() => void} reconnect
 * @property {() => void} close
 * @property {(type: any, listener: (event: any) => void) => void} addEventListener
 */

const LOOK_EVERY_MS = 100;
/** Their own detection of a silent peer is none, so this calls their `reconnect`. */
const SILENCE_MS_MAX = 2_000;

/** One person's view of the room, whoever carries the frames. */
export class Guest {
  log = new Log();
  /** Texts by id. @type {Map<string, string>} */ said = new Map();
  /** @type {Map<string, string>} */ unacknowledged = new Map();
  /** Seqs by id. @type {Map<string, number>} */ acknowledged = new Map();
  /** @type {string[]} */ violations = [];
  /** @type {Frame | undefined} */ welcome;
  welcomes = 0;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** @returns {number} */
  get member() {
    return this.welcome?.you.id;
  }

  /** @param {string} id @param {string} text */
  add(id, text) {
    this.said.set(id, text);
    this.unacknowledged.set(id, text);
  }

  /** What to join with now. */
  get join() {
    const { welcome } = this;
    const after = welcome && { epoch: welcome.epoch, seq: this.log.head };
    return { type: "join", name: this.name, session: welcome?.session, after };
  }

  /** @param {Frame} frame */
  take(frame) {
    if (frame.type === "batch") for (const inner of frame.frames) this.take(inner);
    if (frame.type === "error") this.violations.push(`${this.name}: ${JSON.stringify(frame)}`);
    if (frame.type === "message") this.#see(/** @type {any} */ (frame));
    if (frame.type === "welcome") this.#enter(frame);
  }

  /** @param {Frame} welcome */
  #enter(welcome) {
    const before = this.welcome;
    this.welcome = welcome;
    this.welcomes++;
    if (!before) this.log.begin(welcome.head - welcome.messages.length);
    else if (!welcome.recovered || welcome.you.id !== before.you.id) {
      this.violations.push(`${this.name}: not resumed: ${JSON.stringify({ ...welcome, messages: [] })}`);
    }
    for (const message of welcome.messages) this.#see(message);
    if (this.log.head !== welcome.head) this.violations.push(`${this.name}: at ${this.log.head} after a welcome up to ${welcome.head}`);
  }

  /** @param {Message} message */
  #see(message) {
    const problem = this.log.take(message);
    if (problem) this.violations.push(`${this.name}: ${problem}`);
    if (message.from.id !== this.member) return;
    this.acknowledged.set(message.id, message.seq);
    this.unacknowledged.delete(message.id);
  }
}

/** Drives a WebSocket that reconnects by itself for a guest. */
export class Driver {
  #isIn = false;
  #heard = performance.now();
  #watch;

  /** @param {Guest} guest @param {Reconnecting} socket */
  constructor(guest, socket) {
    this.guest = guest;
    this.socket = socket;
    socket.addEventListener("open", () => socket.send(JSON.stringify(guest.join)));
    socket.addEventListener("close", () => (this.#isIn = false));
    socket.addEventListener("error", () => {}); // a close follows, or the next try
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(data)));
    this.#watch = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** @param {string} text */
  say(text) {
    const id = `line-${this.guest.said.size + 1}`;
    this.guest.add(id, text);
    if (this.#isIn) this.socket.send(JSON.stringify({ type: "send", id, text }));
  }

  stop() {
    clearInterval(this.#watch);
    this.socket.close();
  }

  /** @param {Frame} frame */
  #take(frame) {
    this.#heard = performance.now();
    this.guest.take(frame);
    if (frame.type !== "welcome") return;
    this.#isIn = true;
    for (const [id, text] of this.guest.unacknowledged) this.socket.send(JSON.stringify({ type: "send", id, text }));
  }

  #look() {
    if (performance.now() - this.#heard < SILENCE_MS_MAX) return;
    if (this.#isIn && this.guest.unacknowledged.size === 0) return;
    this.#heard = performance.now();
    this.#isIn = false;
    this.socket.reconnect();
  }
}
