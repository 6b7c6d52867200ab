// @ts-check
// The client of parlor.v1: keeps one member connected to one room and its sends on their way, through
// cuts, restarts and half-open links. For browsers, Node, Deno; it knows no DOM and keeps no messages.
//
//   import { connect } from "./connection.js";
//   import { Timeline } from "./timeline.js";
//
//   const timeline = new Timeline();
//   const connection = connect({
//     url: "ws://localhost:8787", room: "lobby", name: "Ada",
//     after: () => timeline.position,
//     on: { frame: (frame) => { if (timeline.fold(frame, Date.now()).gap) connection.resync(); } },
//   });
//   connection.send({ text: "Hello" });
//
// Invariants: a send is repeated with its id until its own `message` comes back or it is refused for
// good; sends reach the room in the order they were made; no listener is called inside `connect`.

import { Alarm, systemClock } from "./clock.js";
import { Outbox } from "./outbox.js";
import { SUBPROTOCOL } from "./protocol.js";
import { randomId } from "./random-id.js";
import { afterClose } from "./reconnect.js";

/** @typedef {import("./protocol.js").Frame} Frame */
/** @typedef {import("./protocol.js").Welcome} Welcome */
/** @typedef {import("./protocol.js").ErrorFrame} ErrorFrame */
/** @typedef {import("./protocol.js").Send} Send */
/** @typedef {import("./protocol.js").Position} Position */

/**
 * @typedef {{ phase: "connecting", retry: boolean }
 *   | { phase: "live" }
 *   | { phase: "waiting", until_ms: number, skippable: boolean, code: number }
 *   | { phase: "offline" }
 *   | { phase: "stopped", code: number | string, reason: string }
 *   | { phase: "closed" }} State
 * `stopped`: refused, and coming back by itself would not help. `closed`: by `close()`.
 */

/** @typedef {{ code: string, message: string }} Refusal  Why a send failed for good. */

/**
 * @typedef {object} Listeners
 * @property {(state: State) => void} state
 * @property {(frame: Frame) => void} frame  Every known frame, batches opened, errors and pongs apart.
 * @property {(error: ErrorFrame) => void} error  One that answers no send.
 * @property {(id: string) => void} acknowledged  The send is stored.
 * @property {(send: Send, why: Refusal) => void} failed  The send was given up.
 */

/**
 * @typedef {object} Options
 * @property {string} url  Of the server; http(s) and ws(s) will do.
 * @property {string} room
 * @property {string} name
 * @property {() => string | undefined} [session]  From an earlier page's `welcome`.
 * @property {() => Position | undefined} [after]  What has been seen, for `join`.
 * @property {Partial<Listeners>} [on]
 * @property {import("./clock.js").Clock} [clock]
 * @property {() => number} [random]  In [0, 1).
 * @property {new (url: string, protocols: string[]) => WebSocket} [WebSocket]
 */

const WELCOME_MS_MAX = 10_000; // from dialling to `welcome`
const ECHO_MS_MAX = 10_000; // from `send` to its own `message`
const PING_EVERY_MS = 25_000; // of silence: proxies cut idle links after 30 s and more
const PONG_MS_MAX = 10_000;
const STEADY_MS = 10_000; // a link that lasted this long was no failure
const TEMPORARY_WAIT_MS = 1_000; // where a temporary error names no wait
const LINK_LOST = 1006;
const ROOM_FAULT = 1011;
const PING = '{"type":"ping"}'; // this exact text is answered without waking the room
const FORWARDED = new Set(["message", "joined", "renamed", "left", "typing", "history"]);

/** Connects for good: until `close()`, or until the server says not to come back. @param {Options} options */
export function connect(options) {
  return new Connection(options);
}

export class Connection {
  #clock;
  #random;
  #WebSocket;
  #url;
  #name;
  #on;
  #session;
  #after;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {State} */
  #state = { phase: "connecting", retry: false };
  #failures = 0; // connections in a row that didn't last
  #live_since_ms = 0;
  #isOffline = false;
  /** @type {Welcome | undefined} */
  #welcome;
  #outbox = new Outbox();
  #isInFlight = false; // the outbox's head was sent on this link and not answered
  #retryAlarm;
  #welcomeAlarm;
  #pingAlarm;
  #pongAlarm;
  #sendAlarm;

  /** @param {Options} options */
  constructor(options) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#WebSocket = options.WebSocket ?? WebSocket;
    this.#url = roomUrl(options.url, options.room);
    this.#name = options.name.toWellFormed();
    this.#on = options.on ?? {};
    this.#session = options.session ?? (() => undefined);
    this.#after = options.after ?? (() => undefined);
    this.#retryAlarm = new Alarm(this.#clock, () => this.#open());
    this.#welcomeAlarm = new Alarm(this.#clock, () => this.#lose(LINK_LOST, "no welcome"));
    this.#pingAlarm = new Alarm(this.#clock, () => this.#ping());
    this.#pongAlarm = new Alarm(this.#clock, () => this.#lose(LINK_LOST, "no pong"));
    this.#sendAlarm = new Alarm(this.#clock, () => this.#sendDue());
    this.#dial();
  }

  get state() {
    return this.#state;
  }

  /**
   * Says something, now or as soon as there is a connection. An id given again repeats that send.
   * @param {{ id?: string, text: string, reply_to?: number }} line
   * @returns {string} the send's id
   */
  send({ id = randomId(), text: said, reply_to }) {
    const text = said.toWellFormed(); // half a character would make the frame no JSON to the server
    this.#outbox.add(reply_to === undefined ? { id, text } : { id, text, reply_to });
    this.#pump();
    return id;
  }

  /** Tells whether one is typing; returns false where there is nobody to tell. @param {boolean} on */
  typing(on) {
    return this.#transmit({ type: "typing", on });
  }

  /** Asks for another name; returns false without a connection. @param {string} name */
  rename(name) {
    return this.#transmit({ type: "rename", name: name.toWellFormed() });
  }

  /** Asks for a page of history; returns false without a connection. @param {{ before?: number, after?: number, limit?: number }} page */
  history(page) {
    return this.#transmit({ type: "history", ...page });
  }

  /** Skips what is left of a wait. */
  retryNow() {
    const { phase } = this.#state;
    const mayRetry = phase === "offline" || (this.#state.phase === "waiting" && this.#state.skippable);
    if (mayRetry) this.#open();
  }

  /** Rejoins from the position that `after` tells: for a caller who found a gap. */
  resync() {
    if (this.#state.phase === "live") this.#lose(LINK_LOST, "resync");
  }

  /** Makes sure of the link at once: for a page that comes to the front, a machine that wakes. */
  check() {
    if (this.#state.phase === "live") this.#ping();
    else this.retryNow();
  }

  /** Tells that the machine has a network again. */
  online() {
    this.#isOffline = false;
    this.#failures = 0;
    this.check();
  }

  /** Tells that the machine has no network: waits for `online()` or `retryNow()`. */
  offline() {
    this.#isOffline = true;
    const { phase } = this.#state;
    if (phase !== "stopped" && phase !== "closed") this.#lose(LINK_LOST, "offline");
  }

  /** Ends the connection; it stays ended. */
  close() {
    this.#hangUp(1000);
    this.#become({ phase: "closed" });
  }

  #open() {
    this.#dial();
    this.#become({ phase: "connecting", retry: true });
  }

  #dial() {
    this.#hangUp();
    const socket = new this.#WebSocket(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    socket.onopen = () => this.#join();
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#lose(event.code, event.reason);
    socket.onerror = () => {}; // `close` follows and says more
    this.#welcomeAlarm.set(WELCOME_MS_MAX);
  }

  #join() {
    /** @type {Record<string, unknown>} */
    const frame = { type: "join", name: this.#name };
    const session = this.#welcome?.session ?? this.#session();
    const after = this.#after();
    if (session !== undefined) frame.session = session;
    if (after !== undefined) frame.after = after;
    this.#socket?.send(JSON.stringify(frame));
  }

  /** Ends this link and decides what follows. @param {number} code @param {string} reason */
  #lose(code, reason) {
    const wasLive = this.#state.phase === "live";
    const failedTheRoom = code === ROOM_FAULT && this.#isInFlight;
    this.#hangUp();
    if (wasLive && this.#clock.now() - this.#live_since_ms >= STEADY_MS) this.#failures = 0;

    const next = afterClose(code, this.#failures, this.#random);
    this.#failures += 1;
    if (next.action === "stop") {
      this.#stop(code, reason);
    } else if (this.#isOffline) {
      this.#become({ phase: "offline" });
    } else {
      const { delay_ms, skippable } = next;
      this.#retryAlarm.set(delay_ms);
      this.#become({ phase: "waiting", until_ms: this.#clock.now() + delay_ms, skippable, code });
    }
    if (failedTheRoom) this.#countAttempt();
  }

  /** Comes back no more: nothing that waits will be sent. @param {number | string} code @param {string} reason */
  #stop(code, reason) {
    this.#become({ phase: "stopped", code, reason });
    this.#pump();
  }

  /** Lets go of the socket, which is not heard again, and of all that waits for it. @param {number} [code] */
  #hangUp(code) {
    for (const alarm of [this.#retryAlarm, this.#welcomeAlarm, this.#pingAlarm, this.#pongAlarm, this.#sendAlarm]) {
      alarm.clear();
    }
    this.#isInFlight = false;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  /** @param {unknown} text  One WebSocket frame. */
  #receive(text) {
    this.#pongAlarm.clear();
    if (this.#state.phase === "live") this.#pingAlarm.set(PING_EVERY_MS);
    const frame = parseFrame(text);
    const socket = this.#socket;
    for (const one of frame?.type === "batch" ? frame.frames : [frame]) {
      if (socket !== this.#socket) return; // a listener hung up: the rest comes again with `after`
      if (one) this.#take(/** @type {Frame} */ (one));
    }
  }

  /** @param {Frame} frame */
  #take(frame) {
    if (frame.type === "welcome") return this.#welcomed(frame);
    if (frame.type === "error") return this.#refused(frame);
    if (this.#state.phase !== "live" || !FORWARDED.has(frame.type)) return;
    if (frame.type === "renamed" && frame.member.id === this.#welcome?.you.id) this.#name = frame.member.name;
    this.#on.frame?.(frame);
    if (frame.type === "message") this.#acknowledge(frame.id);
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    this.#welcome = welcome;
    this.#name = welcome.you.name;
    this.#live_since_ms = this.#clock.now();
    this.#welcomeAlarm.clear();
    this.#pingAlarm.set(PING_EVERY_MS);
    this.#become({ phase: "live" });
    this.#on.frame?.(welcome);
    for (const message of welcome.messages) this.#acknowledge(message.id);
    this.#pump();
  }

  /** @param {ErrorFrame} error */
  #refused(error) {
    if (error.id !== undefined) return this.#sendRefused(error);
    this.#on.error?.(error);
    if (this.#state.phase === "connecting" && !error.temporary) {
      this.#hangUp(1000);
      this.#stop(error.code, error.message); // the same join again would be refused again
    } else if (this.#state.phase === "live" && error.code === "not_joined") {
      this.#lose(LINK_LOST, "the room forgot us");
    }
  }

  /** @param {ErrorFrame} error */
  #sendRefused(error) {
    if (!this.#isInFlight || this.#outbox.head?.id !== error.id) return; // answered before
    this.#isInFlight = false;
    this.#sendAlarm.clear();
    if (!error.temporary) return this.#giveUp(error);
    if (error.code !== "rate_limited" && !this.#countAttempt()) return;
    this.#sendAlarm.set(error.retry_after_ms ?? TEMPORARY_WAIT_MS);
  }

  /** Sends the outbox's head, unless it is on its way or told to wait. */
  #pump() {
    const send = this.#outbox.head;
    if (send && this.#state.phase === "stopped") return this.#giveUp({ code: "disconnected", message: "Not connected." });
    if (!send || this.#isInFlight || this.#sendAlarm.isSet || this.#state.phase !== "live") return;
    const text = JSON.stringify({ type: "send", ...send });
    if (new TextEncoder().encode(text).length > (this.#welcome?.limits.frame_bytes_max ?? Infinity)) {
      return this.#giveUp({ code: "text_too_long", message: "The message is too long." });
    }
    this.#isInFlight = true;
    this.#sendAlarm.set(ECHO_MS_MAX);
    this.#socket?.send(text);
  }

  /** The wait is over: for an answer, or for leave to send again. */
  #sendDue() {
    const wasUnanswered = this.#isInFlight;
    this.#isInFlight = false;
    if (wasUnanswered && !this.#countAttempt()) return;
    this.#pump();
  }

  /** @param {string} id */
  #acknowledge(id) {
    const wasHead = this.#outbox.head?.id === id;
    if (!this.#outbox.remove(id)) return;
    if (wasHead) {
      this.#isInFlight = false;
      this.#sendAlarm.clear();
    }
    this.#on.acknowledged?.(id);
    this.#pump();
  }

  /** Counts a vain try of the head; returns false where that was the last. */
  #countAttempt() {
    if (this.#outbox.mayRetryHead()) return true;
    this.#giveUp({ code: "no_answer", message: "The room did not answer." });
    return false;
  }

  /** @param {Refusal} why */
  #giveUp({ code, message }) {
    const send = this.#outbox.head;
    if (!send) return;
    this.#outbox.remove(send.id);
    this.#on.failed?.(send, { code, message });
    this.#pump();
  }

  #ping() {
    this.#socket?.send(PING);
    this.#pingAlarm.set(PING_EVERY_MS);
    if (!this.#pongAlarm.isSet) this.#pongAlarm.set(PONG_MS_MAX);
  }

  /** @param {object} frame */
  #transmit(frame) {
    if (this.#state.phase !== "live") return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  /** @param {State} state */
  #become(state) {
    this.#state = state;
    this.#on.state?.(state);
  }
}

/** @param {string} server @param {string} room */
function roomUrl(server, room) {
  const url = new URL(`/${encodeURIComponent(room)}`, server);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

/** Returns the frame, or undefined for what is none. @param {unknown} text */
function parseFrame(text) {
  if (typeof text !== "string") return undefined;
  try {
    const value = JSON.parse(text);
    if (typeof value?.type !== "string") return undefined;
    if (value.type === "batch" && !Array.isArray(value.frames)) return undefined;
    return /** @type {import("./protocol.js").WireFrame} */ (value);
  } catch {
    return undefined;
  }
}
