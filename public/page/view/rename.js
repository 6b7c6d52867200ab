// @ts-check
// Changing one's name in place. Loaded when somebody wants to.

import { words } from "../words.js";
import { View, tell } from "./dom.js";

export class Rename extends View {
  #form = this.byId("rename", HTMLFormElement);
  #input = this.byId("rename-name", HTMLInputElement);
  #error = this.byId("rename-error", HTMLElement);
  #opener = this.byId("rename-open", HTMLButtonElement);

  /** @param {import("./dom.js").Root} root @param {{ name: () => string, rename: (name: string) => void }} on  `rename` ends in `done` or `refuse`. */
  constructor(root, on) {
    super(root);
    this.byId("rename-cancel", HTMLButtonElement).addEventListener("click", () => this.#show(false));
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

  /** @param {string} name  What one is called now. */
  open(name) {
    this.#input.value = name;
    this.#show(true);
    this.#input.select();
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
