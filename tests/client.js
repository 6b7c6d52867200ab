// @ts-check
/**
 * One person's connection in a test: speaks parlor.v1 over a raw WebSocket, keeps every frame in
 * the order of its arrival, and waits for frames with a deadline instead of sleeping.
 *
 *     const alice = await Client.join(server, "kitchen", "Alice");
 *     const message = await alice.say("hello");
 *     const left = await alice.next("left");
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import WebSocket from "ws";
import { readAnswer } from "./http.js";

/** Generous for a loaded machine; a test that meets its condition never waits it out. */
const DEADLINE_MS = 20_000;

/** @typedef {import("./harness.js").Server} Server */
/** @typedef {{ type: string, [field: string]: any }} Frame a decoded frame: tests check its fields */
/** @typedef {string | ((frame: Frame) => boolean)} Match a frame's type, or what must hold for it */
/**
 * @typedef {object} ConnectOptions
 * @property {string} [dialect] goes into `?dialect=`
 * @property {string[]} [protocols] offered as subprotocols
 * @property {Record<string, string>} [headers]
 * @property {Record<string, string>} [query]
 */
/**
 * @typedef {object} JoinOptions
 * @property {string} [session]
 * @property {{ epoch: string, seq: number }} [after]
 */

/** The server answered a request to upgrade with something else than 101. */
export class UpgradeRefused extends Error {
  /** @param {import("./http.js").HttpAnswer} answer */
  constructor(answer) {
    super(`upgrade refused: ${answer.status} ${answer.text}`);
    this.answer = answer;
  }
}

export class Client {
  /** Every frame received, in order, those in a `batch` one by one. @type {Frame[]} */
  frames = [];
  /** The answer to `join`. @type {Frame} */
  welcome = { type: "none" };
  #read = 0;
  /** @type {import("node:net").Socket | undefined} */
  #tcp;
  /** Called after each frame and at the end. @type {Set<() => void>} */
  #watchers = new Set();
  /** @type {{ code: number, reason: string } | undefined} */
  #end;

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.on("upgrade", (response) => (this.#tcp = response.socket));
    socket.on("message", (data) => {
      this.#take(JSON.parse(data.toString()));
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.#end = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on("error", () => {}); // a close follows
  }

  /** Opens a connection. @param {Server} server @param {string} room @param {ConnectOptions} [options] @throws {UpgradeRefused} */
  static async connect(server, room, { dialect, protocols = [], headers = {}, query = {} } = {}) {
    const search = new URLSearchParams({ ...query, ...(dialect === undefined ? {} : { dialect }) });
    const url = `ws://127.0.0.1:${server.port}/${room}${search.size > 0 ? `?${search}` : ""}`;
    const socket = new WebSocket(url, protocols, { headers, perMessageDeflate: false });
    const client = new Client(socket);
    const refused = once(socket, "unexpected-response");
    const first = await Promise.race([once(socket, "open"), refused]);
    if (first.length > 0) throw new UpgradeRefused(await readAnswer(first[1]));
    return client;
  }

  /** Opens a connection and joins. @param {Server} server @param {string} room @param {string} name @param {ConnectOptions & JoinOptions} [options] */
  static async join(server, room, name, options = {}) {
    const client = await Client.connect(server, room, options);
    await client.join(name, options);
    return client;
  }

  /** Becomes a member. @param {string} name @param {JoinOptions} [options] @returns {Promise<Frame>} the `welcome` */
  async join(name, { session, after } = {}) {
    this.write({ type: "join", name, session, after });
    this.welcome = await this.next((frame) => frame.type === "welcome" || frame.type === "error");
    assert.equal(this.welcome.type, "welcome", JSON.stringify(this.welcome));
    return this.welcome;
  }

  /** @returns {{ id: number, name: string, color: string }} */
  get you() {
    return this.welcome.you;
  }

  /** What a reconnecting client would join with. */
  get resume() {
    const { session, epoch } = this.welcome;
    const seqs = this.log.map((message) => message.seq);
    return { session, after: { epoch, seq: Math.max(0, ...seqs) } };
  }

  /** The room's messages as this person saw them: those of the `welcome`, then the live ones. */
  get log() {
    const live = this.frames.filter((frame) => frame.type === "message");
    return /** @type {Frame[]} */ ([...(this.welcome.messages ?? []), ...live]);
  }

  /** Sends a frame. @param {object} frame */
  write(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  /** Sends text as it is. @param {string | Buffer} data */
  writeRaw(data) {
    this.socket.send(data);
  }

  /** Sends a message without waiting. @param {string} text @param {{ id?: string, reply_to?: number }} [options] @returns {string} its id */
  send(text, { id = randomUUID(), reply_to } = {}) {
    this.write({ type: "send", id, text, reply_to });
    return id;
  }

  /** Sends a message and waits for its echo, the acknowledgement. @param {string} text @param {{ id?: string, reply_to?: number }} [options] */
  async say(text, options = {}) {
    return this.acknowledged(this.send(text, options));
  }

  /** Waits for the echo of the message that was sent with this id. @param {string} id */
  async acknowledged(id) {
    const isOwn = (/** @type {Frame} */ frame) => frame.type === "error" || frame.from?.id === this.you.id;
    const frame = await this.next((frame) => frame.id === id && isOwn(frame));
    assert.equal(frame.type, "message", JSON.stringify(frame));
    return frame;
  }

  /**
   * Waits for the next frame that matches; those before it are passed over (they stay in `frames`).
   * @param {Match} match @param {number} [deadlineMs] @returns {Promise<Frame>}
   */
  async next(match, deadlineMs = DEADLINE_MS) {
    const matches = typeof match === "string" ? (/** @type {Frame} */ frame) => frame.type === match : match;
    const sought = () => {
      const at = this.frames.findIndex((frame, index) => index >= this.#read && matches(frame));
      if (at < 0) return undefined;
      this.#read = at + 1;
      return this.frames[at];
    };
    return this.#until(sought, deadlineMs, `a frame that matches ${match}`);
  }

  /** Waits for this connection's end. @param {number} [deadlineMs] @returns {Promise<{ code: number, reason: string }>} */
  async closed(deadlineMs = DEADLINE_MS) {
    return this.#until(() => this.#end, deadlineMs, "the close", false);
  }

  /** Waits until something holds for what has arrived. @param {() => boolean} condition @param {number} [deadlineMs] */
  async until(condition, deadlineMs = DEADLINE_MS) {
    await this.#until(() => (condition() ? true : undefined), deadlineMs, String(condition));
  }

  /** Closes as a browser tab would, and waits for the end. @param {number} [code] @param {string} [reason] */
  async close(code, reason) {
    this.socket.close(code, reason);
    return this.closed();
  }

  /** Vanishes without a word, as a pulled cable or a killed process does. */
  vanish() {
    this.socket.terminate();
  }

  /** The TCP connection beneath, for tests that misuse it. */
  get tcp() {
    if (this.#tcp === undefined) throw new Error("not connected");
    return this.#tcp;
  }

  get isOpen() {
    return this.#end === undefined;
  }

  /** @param {Frame} frame */
  #take(frame) {
    if (frame.type === "batch") for (const inner of frame.frames) this.#take(inner);
    else this.frames.push(frame);
  }

  #wake() {
    for (const watcher of this.#watchers) watcher();
  }

  /**
   * @template T
   * @param {() => T | undefined} sought @param {number} deadlineMs @param {string} what
   * @param {boolean} [open] give up when the connection ends
   * @returns {Promise<T>}
   */
  async #until(sought, deadlineMs, what, open = true) {
    const { promise, resolve, reject } = /** @type {PromiseWithResolvers<T>} */ (Promise.withResolvers());
    const fail = (/** @type {string} */ why) => {
      const latest = this.frames.slice(-5).map((frame) => JSON.stringify(frame).slice(0, 300));
      reject(new Error(`${why} while waiting for ${what}; latest frames:\n${latest.join("\n")}`));
    };
    const look = () => {
      const found = sought();
      if (found !== undefined) {
        this.#watchers.delete(look); // one search takes one frame
        resolve(found);
      }
      if (found === undefined && open && this.#end) fail(`closed with ${this.#end.code} ${this.#end.reason}`);
    };
    const timer = setTimeout(() => fail(`nothing within ${deadlineMs} ms`), deadlineMs);
    this.#watchers.add(look);
    try {
      look();
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }
}

/**
 * Has one member say something and waits until all of them have seen it. What was broadcast before
 * has then arrived, so what is not there was not sent.
 * @param {Client} speaker @param {Client[]} watchers
 */
export async function fence(speaker, ...watchers) {
  const id = speaker.send("fence");
  const own = (/** @type {Frame} */ frame) => frame.id === id && frame.from?.id === speaker.you.id;
  await Promise.all([speaker, ...watchers].map((client) => client.until(() => client.frames.some(own))));
}
