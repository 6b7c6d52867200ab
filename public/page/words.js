// @ts-check
// The words of the reader's language: the first of the browser's languages that there are words for, or
// the one that `?lang=` asks for. en.js says how to add a language. No DOM.

import "./words/plurals.js"; // every language needs it: fetched along with this, not after the words

/**
 * What every language must have, from what English has.
 * @template English
 * @typedef {{ [Name in keyof English]: English[Name] extends string ? string : English[Name] }} Like
 */
/** @typedef {Like<typeof import("./words/en.js")>} Words */
/** @typedef {Like<typeof import("./words/en-dialogs.js")>} DialogWords */

/** @type {Record<string, { page: () => Promise<Words>, dialogs: () => Promise<DialogWords> }>} */
const LANGUAGES = {
  en: { page: () => import("./words/en.js"), dialogs: () => import("./words/en-dialogs.js") },
  ar: { page: () => import("./words/ar.js"), dialogs: () => import("./words/ar-dialogs.js") },
};
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

/** What the reader would like, best first. @type {readonly string[]} */
const wanted = globalThis.navigator?.languages ?? [];
const asked = new URLSearchParams(globalThis.location?.search).get("lang");
const known = [asked ?? "", ...wanted].find((tag) => base(tag) in LANGUAGES);

/** Two letters. */
export const language = base(known ?? "en");
export const direction = RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr";
/** For times and numbers: the language as it is spoken where the reader is, such as `ar-EG`. */
export const locale = wanted.find((tag) => base(tag) === language) ?? language;

const chosen = /** @type {{ page: () => Promise<Words>, dialogs: () => Promise<DialogWords> }} */ (LANGUAGES[language]);
export const words = await chosen.page();
/** The words of dialogs and menus: see dialog-words.js. */
export const loadDialogWords = chosen.dialogs;

/** @param {string} tag */
function base(tag) {
  return tag.toLowerCase().split("-", 1)[0] ?? "";
}
