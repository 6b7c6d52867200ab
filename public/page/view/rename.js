// @ts-check
// Changing one's name in place.

import { words } from "../words.js";
import { byId, tell } from "./dom.js";

export class Rename {
  #form = byId("rename", HTMLFormElement);
  #input = byId("rename-name", HTMLInputElement);
  #error = byId("rename-error", HTMLElement);
  #opener = byId("rename-open", HTMLButtonElement);

  /** @param {{ name: () => string, rename: (name: string) => void }} on  `rename` ends in `done` or `refuse`. */
  constructor(on) {
    this.#opener.addEventListener("click", () => {
      this.#input.value = on.name();
      this.#show(true);
      this.#input.select();
    });
    byId("rename-cancel", HTMLButtonElement).addEventListener("click", () => this.#show(false));
    this.#form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // closes the form, not the panel around it
      this.#show(false);
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.#input.value.trim();
      if (name === on.name()) this.#show(false);
      else if (!name) this.refuse(words.nameMissing);
      else on.rename(name);
    });
  }

  get isOpen() {
    return !this.#form.hidden;
  }

  /** The name was changed. */
  done() {
    if (this.isOpen) this.#show(false);
  }

  /** @param {string} why */
  refuse(why) {
    tell(this.#error, why);
    this.#input.focus();
  }

  /** @param {boolean} isOpen */
  #show(isOpen) {
    this.#form.hidden = !isOpen;
    this.#opener.hidden = isOpen;
    tell(this.#error, undefined);
    (isOpen ? this.#input : this.#opener).focus();
  }
}
