// @ts-check
// A clock whose hands a test turns: what the client and the page's modules take in place of the real one.

/** @typedef {{ at_ms: number, ring: () => void }} Timer */

export class FakeClock {
  #now_ms = 1_700_000_000_000;
  /** @type {Set<Timer>} */
  #timers = new Set();

  now = () => this.#now_ms;

  /** @param {() => void} ring @param {number} delay_ms */
  setTimeout = (ring, delay_ms) => {
    const timer = { at_ms: this.#now_ms + delay_ms, ring };
    this.#timers.add(timer);
    return timer;
  };

  /** @param {Timer} timer */
  clearTimeout = (timer) => {
    this.#timers.delete(timer);
  };

  /** How many timers are set. */
  get timers() {
    return this.#timers.size;
  }

  /** How long until the next timer rings, if one is set. */
  get next_ms() {
    const next = this.#next();
    return next && next.at_ms - this.#now_ms;
  }

  /** Lets time pass; what falls due on the way rings in order. @param {number} ms */
  pass(ms) {
    const end_ms = this.#now_ms + ms;
    for (let next = this.#next(); next && next.at_ms <= end_ms; next = this.#next()) {
      this.#now_ms = next.at_ms;
      this.#timers.delete(next);
      next.ring();
    }
    this.#now_ms = end_ms;
  }

  #next() {
    return [...this.#timers].sort((a, b) => a.at_ms - b.at_ms)[0];
  }
}
