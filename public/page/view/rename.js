// @ts-check
// Changing one's name in place. Loaded when somebody wants to.

import * as explain from "../explain.js";
import { words } from "../words.js";
import { View, tell } from "./dom.js";

export class Rename extends View {
  #form = this.byId("rename", HTMLFormElement);
  #input = this.byId("rename-name", HTMLInputElement);
  #error = this.byId("rename-error", HTMLElement);
  #opener = this.byId("rename-open", HTMLButtonElement);

  #room;

  /** @param {import("./dom.js").Root} root @param {import("../../client/parlor.js").Room} room */
  constructor(root, room) {
    super(root);
    this.#room = room;
    this.byId("rename-cancel", HTMLButtonElement).addEventListener("click", () => this.#show(false));
    this.#form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // closes the form, not the panel around it
      this.#show(false);
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.#input.value.trim();
      if (name === room.name) this.#show(false);
      else if (!name) this.#refuse(words.nameMissing);
      else room.rename(name).then(() => this.done(), (refused) => this.#refuse(explain.refusal(refused, room.limits)));
    });
  }

  open() {
    this.#input.value = this.#room.name;
    this.#show(true);
    this.#input.select();
  }

  /** The name was changed. */
  done() {
    if (!this.#form.hidden) this.#show(false);
  }

  /** @param {string} why */
  #refuse(why) {
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
