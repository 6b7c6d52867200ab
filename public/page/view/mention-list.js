// @ts-check
// Completes a name behind an @: a list over the composer, by arrow keys, Enter or Tab, or by hand.
// Loaded with the first @.

import { beginning, completions } from "../completions.js";
import { words } from "../dialog-words.js";
import { avatar } from "./avatar.js";
import { View, make } from "./dom.js";

/** @typedef {import("../../client/parlor.js").Member} Member */

const SHOWN_MAX = 6;

export class MentionList extends View {
  #text = this.byId("composer-text", HTMLTextAreaElement);
  #list = this.byId("mentions", HTMLUListElement);
  #told = this.byId("mentions-told", HTMLElement);
  #members;
  /** Who is offered. @type {Member[]} */
  #offered = [];
  #chosen = 0;

  /** @param {import("./dom.js").Root} root @param {() => Member[]} members  Who may be mentioned. */
  constructor(root, members) {
    super(root);
    this.#members = members;
    this.#text.addEventListener("input", () => this.#look());
    this.#text.addEventListener("click", () => this.#look());
    this.#text.addEventListener("blur", () => this.#offer([]));
    this.#text.addEventListener("keydown", (event) => this.#key(event), { capture: true }); // before the composer sends
    this.#list.addEventListener("pointerdown", (event) => {
      const option = event.target instanceof Element ? event.target.closest("li") : null;
      event.preventDefault(); // the text keeps the focus
      if (option) this.#take([...this.#list.children].indexOf(option));
    });
    this.#look();
  }

  get #start() {
    const { value, selectionStart, selectionEnd } = this.#text;
    return selectionStart === selectionEnd ? beginning(value.slice(0, selectionStart)) : undefined;
  }

  #look() {
    const start = this.#start;
    const found = start === undefined ? [] : completions(start, this.#members());
    this.#offer(found.slice(0, SHOWN_MAX));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const count = this.#offered.length;
    if (count === 0 || event.isComposing) return;
    if (event.key === "ArrowDown") this.#choose((this.#chosen + 1) % count);
    else if (event.key === "ArrowUp") this.#choose((this.#chosen + count - 1) % count);
    else if (event.key === "Escape") this.#offer([]);
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) this.#take(this.#chosen);
    else return;
    event.preventDefault();
    event.stopPropagation(); // neither the composer nor the room takes it too
  }

  /** @param {number} index */
  #take(index) {
    const member = this.#offered[index];
    const { selectionStart } = this.#text;
    const from = selectionStart - (this.#start?.length ?? 0);
    this.#offer([]);
    if (!member) return;
    this.#text.setRangeText(`${member.name} `, from, selectionStart, "end");
    this.#text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {Member[]} members */
  #offer(members) {
    if (members.length === 0 && this.#offered.length === 0) return;
    const isNew = members.length !== this.#offered.length;
    this.#offered = members;
    this.#list.hidden = members.length === 0;
    this.#list.replaceChildren(...members.map(makeOption));
    if (isNew) this.#told.textContent = members.length === 0 ? "" : words.suggestions(members.length);
    this.#choose(0);
  }

  /** @param {number} index */
  #choose(index) {
    this.#chosen = index;
    for (const [i, option] of [...this.#list.children].entries()) option.setAttribute("aria-selected", String(i === index));
    if (this.#offered.length > 0) this.#text.setAttribute("aria-activedescendant", `mention-${index}`);
    else this.#text.removeAttribute("aria-activedescendant");
  }
}

/** @param {Member} member @param {number} index */
function makeOption(member, index) {
  const option = make("li", "mention-option", avatar(member), make("bdi", "", member.name));
  option.id = `mention-${index}`;
  option.role = "option";
  return option;
}
