// @ts-check
// Asks something in a dialog, and tells in a line what came of it. Loaded when it is needed first.

import { words } from "../dialog-words.js";
import { byId, loadStyle, make } from "./dom.js";

/** @typedef {import("./dom.js").Root} Root */

const TOLD_MS = 8_000;
let opened = 0; // one may open another
/** How long what was told stays, by the element that shows it. @type {WeakMap<HTMLElement, ReturnType<typeof setTimeout>>} */
const timers = new WeakMap();

/**
 * Shows a dialog that is closed by its button or given up by another, Escape or the room's end.
 * @param {Root} root
 * @param {object} question
 * @param {string} question.title
 * @param {(Node | string)[]} [question.body]
 * @param {HTMLButtonElement[]} [question.buttons]  Beside those that close it.
 * @param {string} [question.act]  What its button says; without it the dialog only shows something.
 * @param {boolean} [question.isDangerous]
 * @returns {Promise<FormData | undefined>} the fields of the body, unless it was given up
 */
export async function ask(root, { title, body = [], buttons: others = [], act, isDangerous = false }) {
  await loadStyle(root, "dialog.css");
  const heading = make("h2", "dialog-title", title);
  heading.id = `dialog-${(opened += 1)}`;
  const cancel = button("button", act === undefined ? words.close : words.cancel);
  const buttons = make("div", "dialog-buttons", ...others, cancel);
  if (act !== undefined) buttons.append(button(isDangerous ? "button danger" : "button primary", act, "submit"));
  const form = make("form", "dialog-form", heading, ...body, buttons);
  const dialog = make("dialog", "dialog", form);
  dialog.setAttribute("aria-labelledby", heading.id);
  byId(root, "room", HTMLElement).append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    /** @type {FormData | undefined} */
    let answer;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer = new FormData(form);
      dialog.close();
    });
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (!root.activeElement || root.activeElement === document.body) byId(root, "scroller", HTMLElement).focus({ preventScroll: true });
      resolve(answer);
    });
  });
}

/** Says for some seconds what came of something, also to assistive technology. @param {Root} root @param {string} text */
export function told(root, text) {
  const line = byId(root, "told", HTMLElement);
  line.textContent = text;
  clearTimeout(timers.get(line));
  timers.set(line, setTimeout(() => (line.textContent = ""), TOLD_MS));
}

/** @param {string} className @param {string} text @param {"button" | "submit"} [type] */
export function button(className, text, type = "button") {
  const element = make("button", className, text);
  element.type = type;
  return element;
}

/** A field under its label. @param {string} label @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} input @param {string} name */
export function field(label, input, name) {
  input.name = name;
  return make("label", "dialog-field", make("span", "", label), input);
}

/** @param {[value: number, text: string][]} options @param {number} [chosen] */
export function select(options, chosen) {
  const element = make("select", "");
  for (const [value, text] of options) {
    const option = make("option", "", text);
    option.value = String(value);
    option.selected = value === chosen;
    element.append(option);
  }
  return element;
}
