// @ts-check
// Which of a timeline's messages are on the page: so few that the page stays fast however many there
// are. Pure: it counts in seqs, the view tells where the eye is.
//
// Invariant: at most SHOWN_MAX at a time, and those in one piece.

/** @typedef {import("./timeline.js").Timeline} Timeline */

const SHOWN_MAX = 300; // some screens in both directions
const STEP = 50; // taken in at a time, and given up at the far end

export class Slice {
  #from = 0; // the first seq shown, or one before all
  #to = Infinity; // the seq after the last one shown; Infinity: whatever comes

  /** Begins anew with what there is. */
  reset() {
    this.#from = 0;
    this.#to = Infinity;
  }

  /** Indexes into the messages: from, and up to without. @param {Timeline} timeline @returns {[number, number]} */
  range({ first, head }) {
    return [Math.max(this.#from, first) - first, Math.min(this.#to, head + 1) - first];
  }

  /** Whether all older messages that are here are shown. @param {Timeline} timeline */
  showsFirst({ first }) {
    return this.#from <= first;
  }

  /** @param {Timeline} timeline */
  showsLast({ head }) {
    return this.#to > head;
  }

  /** Takes in some older ones. @param {Timeline} timeline */
  up(timeline) {
    this.#from = Math.max(this.#from, timeline.first) - STEP;
  }

  /** Takes in some newer ones. */
  down() {
    this.#to += STEP;
  }

  /** Goes to the newest. @param {Timeline} timeline */
  toEnd({ head }) {
    this.#from = Math.max(this.#from, head + 1 - 2 * STEP);
    this.#to = Infinity;
  }

  /** Gives up what is too much, farthest from the eye. @param {Timeline} timeline @param {number} eye  A seq; Infinity at the end. */
  fit(timeline, eye) {
    const { first, head } = timeline;
    const from = Math.max(this.#from, first);
    const to = Math.min(this.#to, head + 1);
    if (to > head) this.#to = Infinity;
    if (to - from <= SHOWN_MAX) return;
    this.#from = Math.min(Math.max(eye - SHOWN_MAX / 2, from), to - SHOWN_MAX);
    const end = this.#from + SHOWN_MAX;
    this.#to = end > head ? Infinity : end;
  }
}
