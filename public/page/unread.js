// @ts-check
// What one has not read: how far one has looked, how many lines of others came since, and above which
// of them the divider stands. Pure.

/** @typedef {import("./timeline.js").Timeline} Timeline */

export class Unread {
  /** The seq above which the divider stands. @type {number | undefined} */
  mark = undefined;
  count = 0;
  #seen = 0;

  /**
   * Enters, or begins anew: all before `seen` was read, in another visit perhaps.
   * @param {number | undefined} seen  Undefined: one is here for the first time. @param {Timeline} timeline @param {number} [you]
   */
  enter(seen, timeline, you) {
    this.#seen = seen ?? timeline.head;
    const unknown = Math.max(0, timeline.first - this.#seen - 1); // not loaded yet
    const unread = timeline.messages.filter(({ seq, from }) => seq > this.#seen && from.id !== you);
    this.count = timeline.messages.length === 0 ? 0 : unknown + unread.length;
    this.mark = this.count === 0 ? undefined : unknown > 0 ? this.#seen + 1 : unread[0]?.seq;
  }

  /** A line of somebody else came. @param {number} seq @param {boolean} isLooking */
  arrive(seq, isLooking) {
    if (isLooking) {
      this.#seen = seq;
      return;
    }
    if (this.count === 0) this.mark = seq; // the one before was read
    this.count += 1;
  }

  /** One looks at the newest line. @param {number} head */
  look(head) {
    this.count = 0;
    this.#seen = head;
  }

  /** One has spoken: who does so has read. */
  speak() {
    this.mark = undefined;
  }

  get seen() {
    return this.#seen;
  }
}
