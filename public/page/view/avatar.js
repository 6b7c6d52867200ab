// @ts-check
// A member's round mark: initials on their colour.

import { make } from "./dom.js";

const COLOR = /^#[0-9a-f]{6}$/i;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Says nothing to assistive technology: the name stands beside it. @param {import("../../client/parlor.js").Member} member */
export function avatar(member) {
  const element = make("span", "avatar", initials(member.name));
  element.setAttribute("aria-hidden", "true");
  paint(element, member.color);
  return element;
}

/** Lets the style sheet use the member's colour as `--member`. @param {HTMLElement} element @param {string} color */
export function paint(element, color) {
  if (COLOR.test(color)) element.style.setProperty("--member", color);
}

/** "Ada Lovelace" → "AL", "bo" → "B". @param {string} name */
function initials(name) {
  const words = name.trim().split(/\s+/);
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return chosen.map((word) => firstGrapheme(word ?? "")).join("").toLocaleUpperCase();
}

/** @param {string} word */
function firstGrapheme(word) {
  for (const { segment } of graphemes.segment(word)) return segment;
  return "";
}
