// @ts-check
// Where one writes. It keeps the text until it may be sent, and says how much is left of the limit.

import * as explain from "../explain.js";
import { View, tell } from "./dom.js";

/** @typedef {{ seq: number, name: string, text: string }} ReplyTarget */

const COUNTER_FROM = 0.9; // of the limit: before that nobody needs to count
const hasTouchKeyboard = matchMedia("(hover: none) and (pointer: coarse)");

export class Composer extends View {
  #form = this.byId("composer", HTMLFormElement);
  #text = this.byId("composer-text", HTMLTextAreaElement);
  #left = this.byId("composer-left", HTMLElement);
  #notice = this.byId("notice", HTMLElement);
  #replying = this.byId("replying", HTMLElement);
  /** @type {ReplyTarget | undefined} */
  #target;
  #text_chars_max = Infinity;

  /** @param {import("./dom.js").Root} root @param {{ send: (text: string, reply_to?: number) => void, typed: (isEmpty: boolean) => void }} on */
  constructor(root, on) {
    super(root);
    this.#text.addEventListener("input", () => {
      this.notice(undefined);
      this.#measure();
      on.typed(this.#text.value.trim() === "");
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#target) this.replyTo(undefined);
      const isSending = event.key === "Enter" && !event.shiftKey && !event.isComposing && !hasTouchKeyboard.matches;
      if (!isSending) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(on.send);
    });
    this.byId("replying-cancel", HTMLButtonElement).addEventListener("click", () => this.replyTo(undefined));
  }

  focus() {
    this.#text.focus();
  }

  /** @param {number} text_chars_max */
  limit(text_chars_max) {
    this.#text_chars_max = text_chars_max;
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

  /** @param {(text: string, reply_to?: number) => void} send */
  #submit(send) {
    const text = this.#text.value.trim();
    this.focus(); // the soft keyboard stays
    if (text === "" || charactersIn(text) > this.#text_chars_max) return;
    const reply_to = this.#target?.seq;
    this.#text.value = "";
    this.#measure();
    if (this.#target) this.replyTo(undefined);
    send(text, reply_to);
  }

  #measure() {
    const count = charactersIn(this.#text.value);
    const left = this.#text_chars_max - count;
    const isNear = count > this.#text_chars_max * COUNTER_FROM;
    tell(this.#left, isNear ? explain.charactersLeft(left) : undefined);
    this.#form.classList.toggle("over", left < 0);
    this.#text.setAttribute("aria-invalid", String(left < 0));
    if (CSS.supports("field-sizing", "content")) return;
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}

/** Counts as the server does: Unicode scalar values after NFC and trimming. @param {string} text */
function charactersIn(text) {
  return [...text.normalize("NFC").trim()].length;
}
