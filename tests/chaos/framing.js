// @ts-check
/**
 * Finds where WebSocket frames begin and end in one direction of a TCP stream, so that the fault
 * proxy can cut before, within or after one. Reads headers only.
 */

/** @typedef {{ start: number, end: number }} Extent of a frame, in bytes from the stream's beginning */

const HEADER_BYTES_MAX = 10; // the length's part of it; a mask follows
const HEAD_END = Buffer.from("\r\n\r\n");

export class Framing {
  /** Where the next frame begins; unknown until the HTTP head has passed. @type {number | undefined} */
  #next;
  #position = 0;
  /** Bytes seen but not understood yet; they end at #position. @type {Buffer} */
  #rest = Buffer.alloc(0);

  /** Takes the stream's next bytes; returns the frames whose length has become known. @param {Buffer} chunk @returns {Extent[]} */
  feed(chunk) {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const offset = this.#position - this.#rest.length;
    this.#position += chunk.length;
    if (this.#next === undefined) {
      const at = bytes.indexOf(HEAD_END);
      this.#rest = at < 0 ? bytes : Buffer.alloc(0);
      if (at < 0) return [];
      this.#next = offset + at + HEAD_END.length;
    }
    const extents = [];
    while (this.#next < this.#position) {
      const header = bytes.subarray(this.#next - offset, this.#next - offset + HEADER_BYTES_MAX);
      const length = lengthOf(header);
      if (length === undefined) {
        this.#rest = Buffer.from(header);
        return extents;
      }
      extents.push({ start: this.#next, end: this.#next + length });
      this.#next += length;
    }
    this.#rest = Buffer.alloc(0);
    return extents;
  }
}

/** The bytes of a whole frame (RFC 6455, 5.2), or nothing if its header is not complete. @param {Buffer} header */
function lengthOf(header) {
  if (header.length < 2) return undefined;
  const second = header.readUInt8(1);
  const mask = second & 0x80 ? 4 : 0;
  const short = second & 0x7f;
  if (short < 126) return 2 + mask + short;
  if (short === 126) return header.length < 4 ? undefined : 4 + mask + header.readUInt16BE(2);
  return header.length < 10 ? undefined : 10 + mask + Number(header.readBigUInt64BE(2));
}
