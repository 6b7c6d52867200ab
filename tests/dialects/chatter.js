// @ts-check
/**
 * One person with the client of another chat: a raw WebSocket that keeps every frame as text, in the
 * order of arrival, and waits for frames with a deadline.
 *
 *     const bo = await Chatter.connect(server, "kitchen", "ws-chat");
 *     bo.say({ type: "join", username: "Bo" });
 *     await bo.hears({ type: "system", text: "Bo joined the chat" });
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import WebSocket from "ws";

/** Generous for a loaded machine; a test that meets its condition never waits it out. */
const DEADLINE_MS = 20_000;

/** The dialects of other clients. */
export const DIALECTS = ["scalesocket", "ws-chat", "simple-chat", "text"];

export class Chatter {
  /** Every frame received, as it came. @type {string[]} */
  frames = [];
  /** How the connection ended. @type {{ code: number, reason: string } | undefined} */
  end;
  #read = 0;
  /** @type {Set<() => void>} */
  #watchers = new Set();

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.on("message", (data, isBinary) => {
      assert.equal(isBinary, false);
      this.frames.push(data.toString());
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.end = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on("error", () => {}); // a close follows
  }

  /**
   * Opens a connection. Without a dialect it is the server's default one.
   * @param {import("../harness.js").Server} server @param {string} room
   * @param {string} [dialect] @param {{ protocols?: string[] }} [options]
   */
  static async connect(server, room, dialect, { protocols = [] } = {}) {
    const search = dialect === undefined ? "" : `?dialect=${dialect}`;
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/${room}${search}`, protocols, { perMessageDeflate: false });
    const chatter = new Chatter(socket);
    await once(socket, "open");
    return chatter;
  }

  /** Sends a text as it is, anything else as JSON. @param {string | Buffer | object} data */
  say(data) {
    this.socket.send(typeof data === "string" || Buffer.isBuffer(data) ? data : JSON.stringify(data));
  }

  /** Waits for the next frame, which must be this one, less the fields that differ from time to time. @param {unknown} frame @returns {Promise<any>} the whole frame */
  async hears(frame) {
    await this.until(() => this.frames.length > this.#read, `a frame like ${JSON.stringify(frame)}`);
    const heard = parse(this.frames[this.#read++] ?? "");
    assert.deepEqual(timeless(heard), frame);
    return heard;
  }

  /** Passes over what has arrived. */
  skip() {
    this.#read = this.frames.length;
  }

  /** Waits until a frame has come that is this one, wherever it stands. @param {unknown} frame */
  async getsToHear(frame) {
    await this.until(() => this.heard.some((heard) => isDeepStrictEqual(heard, frame)), JSON.stringify(frame));
  }

  /** All frames so far, less the fields that differ from time to time. @returns {any[]} */
  get heard() {
    return this.frames.map((frame) => timeless(parse(frame)));
  }

  /** Waits until something holds. @param {() => boolean} condition @param {string} what */
  async until(condition, what) {
    const { promise, resolve, reject } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
    const look = () => {
      if (condition()) resolve();
      else if (this.end) reject(new Error(`closed with ${this.end.code} while waiting for ${what}`));
    };
    const seen = () => this.frames.slice(-5).map((frame) => frame.slice(0, 300)).join("\n");
    const timer = setTimeout(() => reject(new Error(`no ${what} within ${DEADLINE_MS} ms; latest frames:\n${seen()}`)), DEADLINE_MS);
    this.#watchers.add(look);
    try {
      look();
      await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  /** Waits for the end of the connection. */
  async ended() {
    if (!this.end) await once(this.socket, "close", { signal: AbortSignal.timeout(DEADLINE_MS) });
    return this.end;
  }

  /** Closes as a browser tab would. */
  async close() {
    this.socket.close();
    await this.ended();
  }

  #wake() {
    for (const watcher of this.#watchers) watcher();
  }
}

/** Reads a frame: most are JSON, those of `text` mostly not. @param {string} frame @returns {any} */
export function parse(frame) {
  try {
    return JSON.parse(frame);
  } catch {
    return frame;
  }
}

/** Checks and takes out when it was. @param {any} frame */
function timeless(frame) {
  if (typeof frame !== "object" || frame === null) return frame;
  const { timestamp, ...rest } = frame;
  if (timestamp !== undefined) assertNow(Date.parse(timestamp));
  const entry = (/** @type {any} */ { time, ...others }) => (assertNow(time), others);
  if (Array.isArray(rest.data)) rest.data = rest.data.map(entry);
  else if (typeof rest.data === "object") rest.data = entry(rest.data);
  return rest;
}

/** @param {number} ms */
function assertNow(ms) {
  assert.ok(Math.abs(Date.now() - ms) < 120_000, `${ms} is a time of this test`);
}
