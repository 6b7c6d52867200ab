// @ts-check
// What stands between the messages without being one: lines of one's own that were refused, each where
// it was when that happened, and notes of who came and went. Pure.
//
// Invariant: places never fall, so the order of what was shown never changes.

/** @typedef {import("../client/parlor.js").Send} Send */
/** @typedef {import("../client/parlor.js").Message} Message */
/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {import("./comings.js").Comings} Comings */
/** @typedef {{ place: number, key: string, send: Send } | { place: number, key: string, comings: Comings }} Aside  `place`: behind this seq. */
/** @typedef {{ key: string, message: Message } | { key: string, send: Send } | { key: string, comings: Comings }} Entry  What the list shows. */

const ASIDES_MAX = 200; // the oldest notes go

export class Asides {
  /** @type {Aside[]} */
  #asides = [];
  /** @type {readonly Send[]} */
  #pending = [];
  #count = 0;

  /** Nothing shown before still holds. */
  reset() {
    this.#asides = [];
  }

  /** Takes in how one's unsent lines stand. @param {readonly Send[]} unsent @param {number} head */
  settle(unsent, head) {
    this.#pending = unsent.filter(({ status }) => status === "pending");
    const failed = new Set(unsent.filter(({ status }) => status === "failed"));
    this.#asides = this.#asides.filter((aside) => !("send" in aside) || failed.delete(aside.send));
    for (const send of failed) this.#asides.push({ place: head, key: `send ${send.id}`, send });
  }

  /** The note that may still grow: the last one, if no message came since. @param {number} head @param {new () => Comings} Comings */
  comings(head, Comings) {
    const last = this.#asides.at(-1);
    const place = Math.max(head, last?.place ?? 0);
    if (last && "comings" in last && last.place === place) return last.comings;
    const comings = new Comings();
    this.#asides.push({ place, key: `note ${(this.#count += 1)}`, comings });
    if (this.#asides.length > ASIDES_MAX) this.#asides.splice(0, 1);
    return comings;
  }

  /**
   * Puts messages and asides in order; what is on its way stands last.
   * @param {Timeline} timeline @param {[number, number]} range  Of its messages. @returns {Entry[]}
   */
  entries(timeline, [from, to]) {
    const isFirst = from === 0;
    const isLast = to === timeline.messages.length;
    const from_seq = timeline.first + from;
    /** @type {Entry[]} */
    const entries = [];
    const asides = this.#asides.filter((aside) => (isFirst || aside.place >= from_seq) && !("comings" in aside && aside.comings.isEmpty));
    let next = 0;
    for (const message of timeline.messages.slice(from, to)) {
      for (; (asides[next]?.place ?? Infinity) < message.seq; next += 1) entries.push(/** @type {Aside} */ (asides[next]));
      entries.push({ key: `message ${message.seq}`, message });
    }
    if (isLast) entries.push(...asides.slice(next), ...this.#pending.map((send) => ({ key: `send ${send.id}`, send })));
    return entries;
  }
}
