// @ts-check
// Who is here: the list, its count, and on narrow screens the panel that shows it.

import { words } from "../words.js";
import { avatar } from "./avatar.js";
import { View, icon, make, tell } from "./dom.js";

/** @typedef {import("../../client/parlor.js").Room} Room */
/** @typedef {import("../../client/parlor.js").Member} Member */

const SHOWN_MAX = 200;

export class People extends View {
  #list = this.byId("people-list", HTMLUListElement);
  #count = this.byId("people-count", HTMLElement);
  #more = this.byId("people-more", HTMLElement);
  #toggle = this.byId("people-toggle", HTMLButtonElement);
  #toggleCount = this.byId("people-toggle-count", HTMLElement);
  #panel = this.byId("people-panel", HTMLElement);
  #shown = "";
  #onMore;

  /** @param {import("./dom.js").Root} root @param {(member: Member, opener: HTMLElement) => void} onMore  What a moderator can do with a person. */
  constructor(root, onMore) {
    super(root);
    this.#onMore = onMore;
    this.#toggle.addEventListener("click", () => this.#open(!this.#panel.classList.contains("open")));
    this.byId("people-close", HTMLButtonElement).addEventListener("click", () => this.#open(false));
    root.addEventListener("click", ({ target }) => {
      const isOutside = target instanceof Node && !this.#panel.contains(target) && !this.#toggle.contains(target);
      if (isOutside && this.#panel.classList.contains("open")) this.#open(false);
    });
    root.addEventListener("keydown", (event) => {
      if (event instanceof KeyboardEvent && event.key === "Escape" && this.#panel.classList.contains("open")) this.#open(false);
    });
  }

  /** @param {Pick<Room, "you" | "members" | "member_count" | "role">} room */
  draw({ you, members: all, member_count, role }) {
    const members = [...all.values()].sort(byName(you)).slice(0, SHOWN_MAX);
    const shown = JSON.stringify([you?.id, members, member_count, role]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#list.replaceChildren(...members.map((member) => {
      const isYou = member.id === you?.id;
      const more = !isYou && (role === "moderator" || role === "owner") ? (/** @type {HTMLElement} */ opener) => this.#onMore(member, opener) : undefined;
      return makePerson(member, isYou, more);
    }));
    this.#count.textContent = String(member_count);
    this.#toggleCount.textContent = String(member_count);
    const others = member_count - members.length;
    tell(this.#more, others > 0 ? words.othersHere(others) : undefined);
  }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    this.#panel.classList.toggle("open", isOpen);
    this.#toggle.setAttribute("aria-expanded", String(isOpen));
    (isOpen ? this.byId("people-close", HTMLButtonElement) : this.#toggle).focus();
  }
}

/** @param {Member} member @param {boolean} isYou @param {(opener: HTMLElement) => void} [onMore] */
function makePerson(member, isYou, onMore) {
  const name = make("bdi", "person-name", member.name);
  const person = make("li", "person", avatar(member), name);
  if (isYou) person.append(" ", make("span", "person-you", words.you));
  if (onMore) {
    const more = make("button", "button quiet small person-more", icon("more"), make("span", "unseen", words.moreOf(member.name)));
    more.type = "button";
    more.setAttribute("aria-haspopup", "menu");
    more.addEventListener("click", () => onMore(more));
    person.append(more);
  }
  return person;
}

/** Oneself first, then by name. @param {Member | undefined} you @returns {(a: Member, b: Member) => number} */
function byName(you) {
  return (a, b) => Number(b.id === you?.id) - Number(a.id === you?.id) || a.name.localeCompare(b.name) || a.id - b.id;
}
