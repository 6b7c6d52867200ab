// @ts-check
/**
 * A WebSocket made by hand over TCP (RFC 6455): it sends frames that no library would, cut as it likes, and reads
 * what comes back, control frames included. Must not know what texts mean.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

/** @typedef {{ opcode: number, fin: boolean, payload: Buffer }} RawFrame */

export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, CONTINUATION = 0;
/** Generous for a loaded machine; a test that meets its condition never waits it out. */
const DEADLINE_MS = 20_000;
const HEAD_END = Buffer.from("\r\n\r\n");

/** Spells a frame as a client must, masked. @param {number} opcode @param {Buffer | string} payload @param {{ fin?: boolean, reserved?: number, masked?: boolean }} [options] */
export function rawFrame(opcode, payload, { fin = true, reserved = 0, masked = true } = {}) {
  const body = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const head = Buffer.alloc(body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10);
  head.writeUInt8(first, 0);
  if (body.length < 126) head.writeUInt8(mask | body.length, 1);
  else if (body.length < 65_536) head.writeUInt8(mask | 126, 1), head.writeUInt16BE(body.length, 2);
  else head.writeUInt8(mask | 127, 1), head.writeBigUInt64BE(BigInt(body.length), 2);
  // A mask of zeros is a mask, and leaves the bytes as they are.
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), body]);
}

/** A close frame. @param {number} [code] @param {string | Buffer} [reason] */
export function rawClose(code, reason = "") {
  const number = Buffer.alloc(code === undefined ? 0 : 2);
  if (code !== undefined) number.writeUInt16BE(code);
  return rawFrame(CLOSE, Buffer.concat([number, Buffer.from(reason)]));
}

export class RawSocket {
  /** @type {RawFrame[]} */
  frames = [];
  ended = false;
  #rest = Buffer.alloc(0);
  #open = false;
  /** @type {Set<() => void>} */
  #watchers = new Set();

  /** @param {import("node:net").Socket} tcp */
  constructor(tcp) {
    this.tcp = tcp;
    tcp.on("data", (chunk) => this.#take(chunk));
    tcp.on("error", () => {}); // a close follows
    tcp.on("close", () => {
      this.ended = true;
      this.#wake();
    });
  }

  /** Upgrades. @param {number} port @param {string} path @param {Record<string, string>} [headers] */
  static async connect(port, path, headers = {}) {
    const tcp = connect({ host: "127.0.0.1", port, noDelay: true });
    const socket = new RawSocket(tcp);
    await once(tcp, "connect");
    const key = Buffer.from(randomUUID().slice(0, 16)).toString("base64");
    const all = { Host: `127.0.0.1:${port}`, Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    tcp.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    await socket.until(() => socket.#open || socket.ended, "the upgrade");
    return socket;
  }

  /** @param {Buffer} bytes */
  write(bytes) {
    this.tcp.write(bytes);
  }

  /** Writes a few bytes at a time, each in a TCP segment of its own. @param {Buffer} bytes @param {number} size */
  async trickle(bytes, size) {
    for (let at = 0; at < bytes.length; at += size) {
      this.tcp.write(bytes.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The texts so far. */
  get texts() {
    return this.frames.filter(({ opcode }) => opcode === TEXT).map(({ payload }) => payload.toString());
  }

  /** With which code the server closed; 1005 without one, 1006 where the TCP connection ended without a close. */
  async closeCode() {
    const close = () => this.frames.find(({ opcode }) => opcode === CLOSE);
    await this.until(() => this.ended || close() !== undefined, "the close");
    const payload = close()?.payload;
    return payload === undefined ? 1006 : payload.length < 2 ? 1005 : payload.readUInt16BE();
  }

  /** @param {() => boolean} condition @param {string} what */
  async until(condition, what) {
    const { promise, resolve, reject } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
    const look = () => condition() && resolve();
    const timer = setTimeout(() => reject(new Error(`no ${what} within ${DEADLINE_MS} ms; got ${JSON.stringify(this.texts.slice(-3))}`)), DEADLINE_MS);
    this.#watchers.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  /** @param {Buffer} chunk */
  #take(chunk) {
    let bytes = Buffer.concat([this.#rest, chunk]);
    if (!this.#open) {
      const end = bytes.indexOf(HEAD_END);
      if (end >= 0 && bytes.toString("latin1", 0, 12) === "HTTP/1.1 101") this.#open = true;
      if (this.#open) bytes = bytes.subarray(end + HEAD_END.length);
      else if (end >= 0) this.tcp.destroy(); // refused: there is nothing to keep it open for
    }
    while (this.#open && bytes.length >= 2) {
      const short = bytes.readUInt8(1) & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < head) break;
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < head + length) break;
      const first = bytes.readUInt8(0);
      this.frames.push({ opcode: first & 0xf, fin: first >= 0x80, payload: bytes.subarray(head, head + length) });
      bytes = bytes.subarray(head + length);
    }
    this.#rest = Buffer.from(bytes);
    this.#wake();
  }

  #wake() {
    for (const watcher of this.#watchers) watcher();
  }
}
