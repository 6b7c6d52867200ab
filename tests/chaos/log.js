// @ts-check
/** What one client has seen of a room: each message once, in order, without a gap, or a complaint. */

/**
 * @typedef {object} Message
 * @property {number} seq
 * @property {string} id
 * @property {{ id: number, name: string, color: string }} from
 * @property {string} text
 * @property {number} sent_at
 * @property {number} [reply_to]
 */

/** All that must be the same wherever a message shows. @param {Message} message */
export function lineOf({ seq, id, from, text, sent_at, reply_to }) {
  return JSON.stringify([seq, id, from.id, from.name, from.color, text, sent_at, reply_to]);
}

export class Log {
  /** Of all messages after `base`, in order. @type {string[]} */ lines = [];
  /** The seq before the first one seen. */
  base = 0;

  /** @param {number} base */
  begin(base) {
    this.base = base;
  }

  /** The last seq seen. */
  get head() {
    return this.base + this.lines.length;
  }

  /** Takes a message; says what is wrong with it, if anything. @param {Message} message @returns {string | undefined} */
  take(message) {
    const line = lineOf(message);
    if (message.seq === this.head + 1) {
      this.lines.push(line);
      return undefined;
    }
    if (message.seq > this.head) return `gap: ${line} came after ${this.head}`;
    const before = this.lines[message.seq - this.base - 1]; // a repeat's answer, or told in the welcome already
    return message.seq > this.base && line !== before ? `${line} came where ${before} had been` : undefined;
  }
}
