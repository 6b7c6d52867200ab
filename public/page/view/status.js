// @ts-check
// The state of the connection: a word in the header, told to assistive technology once per change,
// and a banner that counts the seconds, which is not.

import * as explain from "../explain.js";
import { words } from "../words.js";
import { View, make, tell } from "./dom.js";

/** @typedef {import("../../client/parlor.js").Status} State */

export class Status extends View {
  #status = this.byId("status", HTMLElement);
  #banner = this.byId("banner", HTMLElement);
  #text = this.byId("banner-text", HTMLElement);
  #now = this.byId("banner-now", HTMLButtonElement);
  #reload = this.byId("banner-reload", HTMLButtonElement);
  /** @type {State | undefined} */
  #state;
  #timer;

  /** @param {import("./dom.js").Root} root @param {() => void} onRetry */
  constructor(root, onRetry) {
    super(root);
    this.#now.addEventListener("click", onRetry);
    this.#reload.addEventListener("click", () => location.reload());
    this.#timer = setInterval(() => this.#count(), 1_000);
  }

  /** @param {State} state */
  show(state) {
    this.#state = state;
    const text = explain.status(state);
    if (this.#status.firstChild?.textContent !== text) this.#status.replaceChildren(text, ...makeReason(state));
    this.#status.dataset.phase = state.phase;
    this.#reload.hidden = state.phase !== "stopped";
    this.#now.hidden = !(state.phase === "offline" || (state.phase === "waiting" && state.skippable));
    if (state.phase !== "waiting") tell(this.#text, bannerText(state));
    this.#count();
    this.#banner.hidden = this.#text.hidden;
  }

  close() {
    clearInterval(this.#timer);
  }

  #count() {
    if (this.#state?.phase !== "waiting") return;
    const seconds = Math.max(0, Math.ceil((this.#state.until_ms - Date.now()) / 1_000));
    tell(this.#text, this.#state.skippable ? words.retryIn(seconds) : words.flooded(seconds));
  }
}

/** The banner shows it; whoever listens gets it with the status. @param {State} state */
function makeReason(state) {
  if (state.phase !== "stopped") return [];
  return [make("span", "unseen", `. ${explain.stopReason(state.code, state.reason)}`)];
}

/** @param {State} state */
function bannerText(state) {
  if (state.phase === "offline") return words.offlineLong;
  if (state.phase === "stopped") return explain.stopReason(state.code, state.reason);
  if (state.phase === "connecting" && state.retry) return words.retryingNow;
  return undefined;
}
