// @ts-check
// The way to a room: dials, joins, pings, and comes back by the protocol's table of close codes. It
// knows frames only as far as they tell how the connection is; what they say is for others.
//
// Invariants: one socket at a time, and one that was given up is not heard again; after `close()`
// there is no socket and no timer; a token stands in no URL, status or error.

import { Alarm } from "./clock.js";
import { afterClose, TOKEN_REFUSED } from "./reconnect.js";

/** @typedef {import("./parlor.js").Frame} Frame */
/** @typedef {import("./parlor.js").ClientFrame} ClientFrame */
/** @typedef {import("./parlor.js").Status} Status */

/**
 * @typedef {object} Options
 * @property {import("./parlor.js").Clock} clock
 * @property {() => number} random  In [0, 1).
 * @property {new (url: string, protocols: string[]) => WebSocket} WebSocket
 * @property {import("./parlor.js").Options["token"]} token
 * @property {() => ClientFrame} join  The first frame on each connection.
 * @property {object} on
 * @property {(status: Status) => void} on.status
 * @property {(frame: Frame) => void} on.frame  Batches opened; but for errors none before `welcome`.
 * @property {(code: number) => void} on.cut  A connection was let go of.
 * @property {(code: string, message: string) => void} on.ended  There will be no other.
 */

const SUBPROTOCOL = "parlor.v1";
const BEARER = "bearer."; // the token goes as a second subprotocol: a browser lets a page set no header
const TOKEN = /^[\w.-]+$/; // base64url and dots; nothing else may be a subprotocol
const WELCOME_MS_MAX = 10_000; // from dialling to `welcome`
const PING_EVERY_MS = 25_000; // of silence: proxies cut idle links after 30 s and more
const PONG_MS_MAX = 10_000;
const STEADY_MS = 10_000; // a connection that lasted this long was no failure
const CLOSED = 1000;
const LOST = 1006;
const PING = '{"type":"ping"}'; // this exact text is answered without waking the room

export class Link {
  #url;
  #options;
  #clock;
  #on;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {Status} */
  #status = { phase: "connecting", retry: false };
  #failures = 0; // connections in a row that didn't last
  #dials = 0;
  #live_since_ms = 0;
  #isOffline = false;
  #retryAlarm;
  #welcomeAlarm;
  #pingAlarm;
  #pongAlarm;

  /** @param {string} url @param {Options} options */
  constructor(url, options) {
    this.#url = withRefusals(url);
    this.#options = options;
    this.#clock = options.clock;
    this.#on = options.on;
    this.#retryAlarm = new Alarm(this.#clock, () => this.#open());
    this.#welcomeAlarm = new Alarm(this.#clock, () => this.#lose(LOST, "no welcome"));
    this.#pingAlarm = new Alarm(this.#clock, () => this.#ping());
    this.#pongAlarm = new Alarm(this.#clock, () => this.#lose(LOST, "no pong"));
    this.#dial();
  }

  get status() {
    return this.#status;
  }

  /** Sends a frame; returns false without a connection. @param {ClientFrame} frame */
  transmit(frame) {
    if (this.#status.phase !== "live") return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  /** Skips what is left of a wait. */
  retryNow() {
    const mayRetry = this.#status.phase === "offline" || (this.#status.phase === "waiting" && this.#status.skippable);
    if (mayRetry) this.#open();
  }

  /** Joins anew: for who found something missing. @param {string} why */
  resync(why) {
    if (this.#status.phase === "live") this.#lose(LOST, why);
  }

  /** Makes sure of the connection at once. */
  check() {
    if (this.#status.phase === "live") this.#ping();
    else this.retryNow();
  }

  /** The machine has a network again. */
  online() {
    this.#isOffline = false;
    this.#failures = 0;
    this.check();
  }

  /** The machine has no network: waits for `online()` or `retryNow()`. */
  offline() {
    this.#isOffline = true;
    if (!this.#isOver) this.#lose(LOST, "offline");
  }

  /** Ends the connection; it stays ended. */
  close() {
    if (this.#status.phase === "closed") return;
    this.#hangUp(CLOSED);
    this.#become({ phase: "closed" });
    this.#on.ended("closed", "The connection was closed.");
  }

  get #isOver() {
    return this.#status.phase === "stopped" || this.#status.phase === "closed";
  }

  #open() {
    this.#dial();
    this.#become({ phase: "connecting", retry: true });
  }

  #dial() {
    this.#hangUp();
    this.#welcomeAlarm.set(WELCOME_MS_MAX);
    const { token } = this.#options;
    if (!token) this.#connect();
    else if (typeof token === "string" && TOKEN.test(token)) this.#connect(token);
    else this.#askForToken(typeof token === "function" ? token : () => token);
  }

  /** Dials with a token that somebody has to get first. @param {() => string | undefined | Promise<string | undefined>} token */
  #askForToken(token) {
    const dial = (this.#dials += 1);
    const isAwaited = () => dial === this.#dials;
    new Promise((resolve) => resolve(token())).then(
      (got) => isAwaited() && this.#connect(got),
      () => isAwaited() && this.#lose(LOST, "no token"),
    );
  }

  /** @param {string} [token] */
  #connect(token) {
    if (token && !TOKEN.test(token)) {
      this.#hangUp();
      return this.#stop(TOKEN_REFUSED, "the token is malformed");
    }
    const socket = new this.#options.WebSocket(this.#url, token ? [SUBPROTOCOL, BEARER + token] : [SUBPROTOCOL]);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.#options.join()));
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#lose(event.code, event.reason);
    socket.onerror = () => {}; // `close` follows and says more
  }

  /** Ends this connection and decides what follows. @param {number} code @param {string} reason */
  #lose(code, reason) {
    const wasLive = this.#status.phase === "live";
    this.#hangUp(undefined, code);
    if (wasLive && this.#clock.now() - this.#live_since_ms >= STEADY_MS) this.#failures = 0;

    // A token that ran out, where another can be had, is a cut like any other.
    const isRenewable = code === TOKEN_REFUSED && wasLive && typeof this.#options.token === "function";
    const next = afterClose(isRenewable ? LOST : code, this.#failures, this.#options.random);
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
  }

  /** Comes back no more. @param {number | string} code @param {string} reason */
  #stop(code, reason) {
    this.#become({ phase: "stopped", code, reason });
    this.#on.ended("disconnected", "Not connected.");
  }

  /** Lets go of the socket, which is not heard again, and of all that waits for it. @param {number} [code] @param {number} [lostBy] */
  #hangUp(code, lostBy = LOST) {
    for (const alarm of [this.#retryAlarm, this.#welcomeAlarm, this.#pingAlarm, this.#pongAlarm]) alarm.clear();
    this.#dials += 1; // a token that comes now comes too late
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
    this.#on.cut(lostBy);
  }

  /** @param {unknown} text  One WebSocket frame. */
  #receive(text) {
    this.#pongAlarm.clear();
    if (this.#status.phase === "live") this.#pingAlarm.set(PING_EVERY_MS);
    const frame = parseFrame(text);
    const socket = this.#socket;
    for (const one of frame?.type === "batch" ? frame.frames : [frame]) {
      if (socket !== this.#socket) return; // a listener hung up: the rest comes again with `after`
      if (one) this.#take(/** @type {Frame} */ (one));
    }
  }

  /** @param {Frame} frame */
  #take(frame) {
    if (frame.type === "error") return this.#refused(frame);
    if (frame.type === "welcome") this.#welcomed();
    if (this.#status.phase === "live") this.#on.frame(frame);
  }

  #welcomed() {
    this.#live_since_ms = this.#clock.now();
    this.#welcomeAlarm.clear();
    this.#pingAlarm.set(PING_EVERY_MS);
    this.#become({ phase: "live" });
  }

  /** @param {import("./parlor.js").ErrorFrame} error */
  #refused(error) {
    const socket = this.#socket;
    this.#on.frame(error);
    if (socket !== this.#socket || error.id !== undefined) return;
    if (this.#status.phase === "connecting" && !error.temporary) {
      this.#hangUp(CLOSED);
      this.#stop(error.code, error.message); // the same join again would be refused again
    } else if (this.#status.phase === "live" && error.code === "not_joined") {
      this.#lose(LOST, "the room forgot us");
    }
  }

  #ping() {
    this.#socket?.send(PING);
    this.#pingAlarm.set(PING_EVERY_MS);
    if (!this.#pongAlarm.isSet) this.#pongAlarm.set(PONG_MS_MAX);
  }

  /** @param {Status} status */
  #become(status) {
    this.#status = status;
    this.#on.status(status);
  }
}

/** Asks to be told why one is not let in: a page can't see the status of an upgrade. @param {string} url */
function withRefusals(url) {
  const address = new URL(url);
  address.searchParams.set("refusals", "close");
  return address.href;
}

/** Returns the frame, or undefined for what is none. @param {unknown} text */
function parseFrame(text) {
  if (typeof text !== "string") return undefined;
  try {
    const value = JSON.parse(text);
    if (typeof value?.type !== "string") return undefined;
    if (value.type === "batch" && !Array.isArray(value.frames)) return undefined;
    return /** @type {import("./parlor.js").ServerFrame} */ (value);
  } catch {
    return undefined;
  }
}
