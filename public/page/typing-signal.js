// @ts-check
// Decides when to tell the room that one is typing: at most every 3 s, and once when one stops.
// No DOM: the composer says what happened, `tell` passes it on.

import { Alarm } from "../client/clock.js";

const REPEAT_MS = 3_000;
const IDLE_MS = 5_000;

export class TypingSignal {
  #clock;
  #tell;
  #told_ms = -Infinity;
  #isOn = false;
  #due;
  #idle;

  /** @param {import("../client/clock.js").Clock} clock @param {(on: boolean) => void} tell */
  constructor(clock, tell) {
    this.#clock = clock;
    this.#tell = tell;
    this.#due = new Alarm(clock, () => this.#tellOn());
    this.#idle = new Alarm(clock, () => this.stopped());
  }

  /** A key was struck. */
  typed() {
    this.#idle.set(IDLE_MS);
    const wait_ms = this.#told_ms + REPEAT_MS - this.#clock.now();
    if (wait_ms <= 0) this.#tellOn();
    else if (!this.#due.isSet) this.#due.set(wait_ms);
  }

  /** The line was emptied, sent or left alone. */
  stopped() {
    this.#due.clear();
    this.#idle.clear();
    if (this.#isOn) this.#tell(false);
    this.#isOn = false;
  }

  #tellOn() {
    this.#due.clear();
    this.#told_ms = this.#clock.now();
    this.#isOn = true;
    this.#tell(true);
  }
}
