// @ts-check
// Decides when to tell the room that one is typing: at most every 3 s, and once when one stops.
// No DOM: the composer says what happened, `tell` passes it on.

import { Alarm } from "./clock.js";

const REPEAT_MS = 3_000;
const IDLE_MS = 5_000;

export class TypingSignal {
  #clock;
  #tell;
  #told_ms = -Infinity;
  #isOn = false;
  #idle;

  /** @param {import("./clock.js").Clock} clock @param {(on: boolean) => void} tell */
  constructor(clock, tell) {
    this.#clock = clock;
    this.#tell = tell;
    this.#idle = new Alarm(clock, () => this.stopped());
  }

  /** A key was struck. */
  typed() {
    this.#idle.set(IDLE_MS);
    if (this.#clock.now() - this.#told_ms < REPEAT_MS) return;
    this.#told_ms = this.#clock.now();
    this.#isOn = true;
    this.#tell(true);
  }

  /** The line was emptied, sent or left alone. */
  stopped() {
    this.#idle.clear();
    if (this.#isOn) this.#tell(false);
    this.#isOn = false;
  }
}
