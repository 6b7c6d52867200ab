// @ts-check
// Where one writes. It keeps the text until it may be sent, and says how much is left of the limit.

import * as explain from "../explain.js";
import { View, tell } from "./dom.js";

/** @typedef {{ seq: number, name: string, text: string }} ReplyTarget */

const COUNTER_FROM = 0.9; // of the limit: before that nobody needs to count
const COMPOSING_KEY = 229; // Safari ends a composition before it tells of the Enter that did it
const hasTouchKeyboard = matchMedia("(hover: none) and (pointer: coarse)");

export class Composer extends View {
  #form = this.byId("composer", HTMLFormElement);
  #text = this.byId("composer-text", HTMLTextAreaElement);
  #left = this.byId("composer-left", HTMLElement);
  #notice = this.byId("notice", HTMLElement);
  #replying = this.byId("replying", HTMLElement);
  /** @type {ReplyTarget | undefined} */
  #target;
  /** @type {import("../../client/parlor.js").Limits | undefined} */
  #limits;
  #on;

  /**
   * @param {import("./dom.js").Root} root
   * @param {{ send: (text: string, reply_to?: number) => void, typed: (text: string) => void, up: () => void }} on
   *   `up`: one wants to go to the lines.
   */
  constructor(root, on) {
    super(root);
    this.#on = on;
    this.#text.addEventListener("input", () => {
      this.notice(undefined);
      this.#changed();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.isComposing || event.keyCode === COMPOSING_KEY) return;
      if (event.key === "Escape" && this.#target) this.replyTo(undefined);
      const isLeaving = event.key === "ArrowUp" && this.#text.value === "";
      const isSending = event.key === "Enter" && !event.shiftKey && !hasTouchKeyboard.matches;
      if (!isSending && !isLeaving) return;
      event.preventDefault();
      if (isLeaving) on.up();
      else this.#form.requestSubmit();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.byId("replying-cancel", HTMLButtonElement).addEventListener("click", () => this.replyTo(undefined));
  }

  focus() {
    this.#text.focus();
  }

  /** Goes on with what one began to write. @param {string} text */
  restore(text) {
    this.#text.value = text;
    this.#measure();
  }

  /** @param {import("../../client/parlor.js").Limits} limits */
  limit(limits) {
    this.#limits = limits;
    this.#measure();
  }

  /** Whether one may write: not where the connection has ended for good. @param {boolean} isOpen */
  open(isOpen) {
    for (const element of this.#form.querySelectorAll("textarea, button")) element.toggleAttribute("disabled", !isOpen);
  }

  /** Says what went wrong, until one writes on. @param {string | undefined} text */
  notice(text) {
    tell(this.#notice, text);
  }

  /** @param {ReplyTarget | undefined} target */
  replyTo(target) {
    this.#target = target;
    this.#replying.hidden = !target;
    this.byId("replying-name", HTMLElement).textContent = target?.name ?? "";
    this.byId("replying-text", HTMLElement).textContent = target?.text ?? "";
    this.focus();
  }

  #submit() {
    const text = this.#text.value.trim();
    this.focus(); // the soft keyboard stays
    if (text === "") return;
    if (this.#over > 0) return this.notice(explain.refusal({ code: "text_too_long", message: "" }, this.#limits));
    const reply_to = this.#target?.seq;
    this.#text.value = "";
    this.#changed();
    if (this.#target) this.replyTo(undefined);
    this.#on.send(text, reply_to);
  }

  #changed() {
    this.#measure();
    this.#on.typed(this.#text.value);
  }

  /** How many characters there are too many. */
  get #over() {
    return charactersIn(this.#text.value) - (this.#limits?.text_chars_max ?? Infinity);
  }

  #measure() {
    const over = this.#over;
    const near = (this.#limits?.text_chars_max ?? 0) * (1 - COUNTER_FROM);
    tell(this.#left, over > -near ? explain.charactersLeft(-over) : undefined);
    this.#form.classList.toggle("over", over > 0);
    this.#text.setAttribute("aria-invalid", String(over > 0));
    if (CSS.supports("field-sizing", "content")) return;
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}

/** Counts as the server does: Unicode scalar values after NFC and trimming. @param {string} text */
function charactersIn(text) {
  return [...text.normalize("NFC").trim()].length;
}
