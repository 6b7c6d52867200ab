// @ts-check
// Time as an argument: whatever waits takes a `Clock`, so that tests turn the hands themselves.

/** @typedef {import("./parlor.js").Clock} Clock */

/** @type {Clock} */
export const systemClock = {
  now: () => Date.now(),
  setTimeout: (ring, delay_ms) => setTimeout(ring, delay_ms),
  clearTimeout: (handle) => clearTimeout(handle),
};

/** A timer that is set for at most one moment at a time. */
export class Alarm {
  #clock;
  #ring;
  /** @type {unknown} */
  #handle = undefined;

  /** @param {Clock} clock @param {() => void} ring */
  constructor(clock, ring) {
    this.#clock = clock;
    this.#ring = ring;
  }

  get isSet() {
    return this.#handle !== undefined;
  }

  /** Rings after `delay_ms`, and no longer when it was to. @param {number} delay_ms */
  set(delay_ms) {
    this.clear();
    this.#handle = this.#clock.setTimeout(() => {
      this.#handle = undefined;
      this.#ring();
    }, delay_ms);
  }

  clear() {
    if (this.#handle !== undefined) this.#clock.clearTimeout(this.#handle);
    this.#handle = undefined;
  }
}
