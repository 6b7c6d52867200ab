// @ts-check
// Finds `@name` in a text, where it is the name of somebody who is known. Pure.

const WORD = /[\p{L}\p{N}_]/u;

/**
 * Cuts a text into plain parts and mentions; joined, the parts are the text. The longest name counts.
 * @param {string} text @param {Iterable<string>} names @returns {{ text: string, name?: string }[]}
 */
export function findMentions(text, names) {
  if (!text.includes("@")) return [{ text }];
  const known = [...names].filter(Boolean).sort((a, b) => b.length - a.length);
  /** @type {{ text: string, name?: string }[]} */
  const parts = [];
  let end = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (at < end || isWord(text[at - 1])) continue; // inside a mention, or an address
    const name = known.find((name) => isSame(text.slice(at + 1, at + 1 + name.length), name) && !isWord(text[at + 1 + name.length]));
    if (!name) continue;
    if (at > end) parts.push({ text: text.slice(end, at) });
    end = at + 1 + name.length;
    parts.push({ text: text.slice(at, end), name });
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** @param {string} text @param {string} name */
export const isMentioned = (text, name) => findMentions(text, [name]).some((part) => part.name);

/** @param {string | undefined} character */
const isWord = (character) => character !== undefined && WORD.test(character);

/** @param {string} a @param {string} b */
const isSame = (a, b) => fold(a) === fold(b);

/** Without case and accents. @param {string} text */
export const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
