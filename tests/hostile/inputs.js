// @ts-check
/**
 * Reads the hostile inputs that lie beside it as data. A text may be spelled `{"repeat": text, "times": n}`, or
 * `{"join": [texts]}`, so that a long one needs no long file.
 */
import { readFileSync } from "node:fs";

/** @typedef {string | { repeat: string, times: number } | { join: Spelled[] } | { hex: string }} Spelled */
/** @typedef {{ what: string, [field: string]: any }} Input what is sent, and the one right answer */

/** @param {string} name of a file @returns {Input[]} */
export function inputs(name) {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8")).inputs;
}

/** @param {Spelled} spelled @returns {string} */
export function spell(spelled) {
  if (typeof spelled === "string") return spelled;
  if ("repeat" in spelled) return spelled.repeat.repeat(spelled.times);
  if ("join" in spelled) return spelled.join.map(spell).join("");
  throw new Error("bytes are no text");
}

/** What goes out: bytes where the input names bytes. @param {Spelled} spelled @returns {string | Buffer} */
export function bytes(spelled) {
  return typeof spelled === "object" && "hex" in spelled ? Buffer.from(spelled.hex, "hex") : spell(spelled);
}

/** The frame of an input. @param {Input} input @returns {string | Buffer} */
export function frame({ send, binary }) {
  return binary === undefined ? spell(send) : Buffer.from(binary, "hex");
}
