// @ts-check
// What has been seen of a room's messages: the epoch and the last seq. It lets each message through
// once and in order, and knows when one is missing. Pure.

export class Sequence {
  /** @type {string | undefined} */
  #epoch;
  #head = 0;

  /** @param {import("./parlor.js").Position} [position] */
  constructor(position) {
    this.#epoch = position?.epoch;
    this.#head = position?.seq ?? 0;
  }

  /** For `join.after`; undefined asks for the newest. */
  get position() {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, seq: this.#head };
  }

  /**
   * Takes a welcome in.
   * - `resumed`: its messages are what was missed; `take` lets each through.
   * - `reset`: its messages are the newest, and nothing seen before still holds.
   * - `broken`: it claims to resume and leaves a hole. The next join asks for the newest.
   * @param {import("./parlor.js").Welcome} welcome
   * @returns {"resumed" | "reset" | "broken"}
   */
  welcome({ recovered, epoch, head, messages }) {
    if (!recovered || epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#head = head;
      return "reset";
    }
    const missed = messages.filter(({ seq }) => seq > this.#head);
    const isWhole = missed.every(({ seq }, index) => seq === this.#head + 1 + index) && this.#head + missed.length === head;
    if (isWhole) return "resumed";
    this.#epoch = undefined;
    this.#head = 0;
    return "broken";
  }

  /** Nothing seen before still holds: all was deleted. @param {string} epoch */
  clear(epoch) {
    this.#epoch = epoch;
    this.#head = 0;
  }

  /** @param {number} seq @returns {"next" | "seen" | "gap"} gap: messages are missing before this one, which was not taken */
  take(seq) {
    if (seq > this.#head + 1) return "gap";
    if (seq <= this.#head) return "seen";
    this.#head = seq;
    return "next";
  }
}
