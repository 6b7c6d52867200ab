// @ts-check
// What one begins to write of a name behind an @, and whose names begin so. Pure.

import { fold } from "./mentions.js";

const NAME_BEFORE_CARET = /(?:^|[\s(])@(\S{0,30})$/u;

/** What of a name stands before the caret behind an @. @param {string} before */
export const beginning = (before) => NAME_BEFORE_CARET.exec(before)?.[1];

/**
 * Those whose name, or a word of it, begins so; the names that do come first.
 * @template {{ name: string }} M @param {string} start @param {M[]} members @returns {M[]}
 */
export function completions(start, members) {
  const wanted = fold(start);
  const whole = members.filter(({ name }) => fold(name).startsWith(wanted));
  const inside = members.filter((member) => !whole.includes(member) && fold(member.name).split(/\s+/).some((word) => word.startsWith(wanted)));
  return [...whole, ...inside];
}
