// @ts-check
// Which words fit what happened: a refusal, the state of the connection, its end. The words are in words/.

import { words } from "./words.js";

/** @typedef {import("../client/parlor.js").Limits} Limits */
/** @typedef {import("../client/parlor.js").Status} Status */

/** Reasons of closes 4401 and 4403 that say no more than the code. */
const USUAL = new Set(["the token has run out", "removed by a moderator"]);

/** What went wrong, for the person. @param {{ code: string, message: string }} error @param {Limits} [limits] */
export function refusal(error, limits) {
  if (error.code === "text_too_long" && limits) return words.textTooLong(limits.text_chars_max);
  if (error.code === "bad_name" && limits) return words.badName(limits.name_chars_max);
  return words.refusals[error.code] || error.message || words.somethingWrong;
}

/** The connection in a word or two; the same through all tries of one outage. @param {Status} state */
export function status(state) {
  switch (state.phase) {
    case "live":
      return words.live;
    case "connecting":
      return state.retry ? words.reconnecting : words.connecting;
    case "waiting":
      return words.reconnecting;
    case "offline":
      return words.offline;
    case "stopped":
      return words.disconnected;
    case "closed":
      return words.left;
  }
}

/** Why the connection ended for good. @param {number | string} code @param {string} reason */
export function stopReason(code, reason) {
  if ((code === 4401 || code === 4403) && reason && !USUAL.has(reason)) return words.notLetIn(reason);
  return words.ended[Number(code)] || words.refusals[code] || reason || words.endedSomehow;
}

/** @param {number} left */
export const charactersLeft = (left) => (left >= 0 ? words.charactersLeft(left) : words.charactersOver(-left));

/** @param {string[]} names */
export function typing([name, other, more]) {
  if (name === undefined) return "";
  if (other === undefined) return words.typingOne(name);
  return more === undefined ? words.typingTwo(name, other) : words.typingMany;
}
