// @ts-check
// Tells whoever listens what comes in: each new line once, also where it is not on the page because one
// reads elsewhere. History never comes here, and what was told goes away, so that nobody reads it twice.

import { View, make } from "./dom.js";

const TOLD_MS = 10_000;
const LINES_MAX = 20; // who listens to a busy room hears the newest

export class Announcer extends View {
  #log = this.byId("news", HTMLElement);

  /** @param {string[]} parts  Each in its own direction. */
  tell(...parts) {
    const line = make("p", "", ...parts.flatMap((part) => [make("bdi", "", part), " "]));
    this.#log.append(line);
    if (this.#log.childElementCount > LINES_MAX) this.#log.firstElementChild?.remove();
    setTimeout(() => line.remove(), TOLD_MS);
  }
}
