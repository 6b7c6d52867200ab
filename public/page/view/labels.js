// @ts-check
// Puts the words into markup that names them: `data-word="join"` for a text, and for attributes
// `data-word-label` (aria-label), `data-word-placeholder`, `data-word-title`.

import { words } from "../words.js";

const ATTRIBUTES = /** @type {const} */ ([["wordLabel", "aria-label"], ["wordPlaceholder", "placeholder"], ["wordTitle", "title"]]);
const NAMED = "[data-word], [data-word-label], [data-word-placeholder], [data-word-title]";

/** @param {ParentNode} root */
export function label(root) {
  for (const element of root.querySelectorAll(NAMED)) {
    const { dataset } = /** @type {HTMLElement | SVGElement} */ (element);
    if (dataset["word"]) element.textContent = wordOf(dataset["word"]);
    for (const [key, attribute] of ATTRIBUTES) {
      const name = dataset[key];
      if (name) element.setAttribute(attribute, wordOf(name));
    }
  }
}

/** @param {string} name */
function wordOf(name) {
  const word = /** @type {Record<string, unknown>} */ (words)[name];
  if (typeof word !== "string") throw new Error(`no word is named "${name}"`);
  return word;
}
