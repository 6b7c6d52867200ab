// @ts-check
// The sends nobody has acknowledged yet, in the order they were said. No clock, no socket: it knows
// what to send next, not when.
//
// One send is in flight at a time. So a line refused for its rate never lets a later one overtake it,
// and an impatient sender never piles up refusals until the server hangs up (4429).

/** @typedef {import("./protocol.js").Send} Send */

/** A line that the room failed on this often is given up: it may be the line that fails the room. */
const ATTEMPTS_MAX = 5;

export class Outbox {
  /** @type {{ send: Send, attempts: number }[]} */
  #waiting = [];

  /** The send whose turn it is, if any. */
  get head() {
    return this.#waiting[0]?.send;
  }

  /** Adds a send at the end; one already waiting stays where it is. @param {Send} send */
  add(send) {
    if (!this.#waiting.some((entry) => entry.send.id === send.id)) {
      this.#waiting.push({ send, attempts: 0 });
    }
  }

  /** Takes out the send with this id; returns whether it was there. @param {string} id */
  remove(id) {
    const index = this.#waiting.findIndex((entry) => entry.send.id === id);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  /** Counts a try of the head that came to nothing; returns false when it should be given up. */
  mayRetryHead() {
    const entry = this.#waiting[0];
    if (!entry) return false;
    entry.attempts += 1;
    return entry.attempts < ATTEMPTS_MAX;
  }
}
