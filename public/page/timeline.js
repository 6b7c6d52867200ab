// @ts-check
// The messages that the page holds of a room: the newest, and as many older ones as were asked for.
// Pure state: no DOM, no socket, no clock. The client sees to order and gaps.
//
// Invariant: `messages` ascend by seq without a gap.

/** @typedef {import("../client/parlor.js").Message} Message */
/** @typedef {import("../client/parlor.js").Page} Page */

const MESSAGES_KEPT = 10_000; // by `trim`: some megabytes

export class Timeline {
  /** Whether older messages exist than those here. */
  more = false;
  /** @type {Message[]} */
  messages = [];
  /** Who one was, where they are from an earlier visit. @type {import("../client/parlor.js").Member | undefined} */
  you;

  /** The oldest seq here; where there is none, the one that comes. */
  get first() {
    return this.messages[0]?.seq ?? 1;
  }

  /** The newest seq here, or the one before all. */
  get head() {
    return this.first + this.messages.length - 1;
  }

  /** Begins anew from the newest messages. @param {Page} newest */
  reset({ messages, more }) {
    this.more = more;
    this.messages = [...messages];
  }

  /** Takes the next message. @param {Message} message */
  append(message) {
    this.messages.push(message);
  }

  /** Takes a page of older messages, unless it is not the one before ours. @param {Page} page */
  prepend({ messages, more }) {
    const first = this.messages[0]?.seq ?? Infinity;
    const older = messages.filter((message) => message.seq < first);
    const last = older.at(-1);
    if (last && this.messages.length > 0 && last.seq !== first - 1) return;
    if (messages.length > 0 && !last) return; // a page seen before
    this.messages = [...older, ...this.messages];
    this.more = more;
  }

  /** Forgets what deleted messages said. @param {number[]} seqs */
  redact(seqs) {
    for (const seq of seqs) {
      const message = this.messageAt(seq);
      if (message) this.messages[seq - this.first] = { ...message, text: "", deleted: true };
    }
  }

  /** Returns the message with this seq, if it is here. @param {number} seq */
  messageAt(seq) {
    return this.messages[seq - this.first]; // without gaps a seq is an index
  }

  /** Lets go of the oldest messages; a page of history brings them back. */
  trim() {
    if (this.messages.length <= MESSAGES_KEPT) return;
    this.messages = this.messages.slice(-MESSAGES_KEPT);
    this.more = true;
  }
}
