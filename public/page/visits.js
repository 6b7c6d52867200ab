// @ts-check
// How far one has read in each room, kept across visits: for the divider above the first unread line,
// and for the dots of recent rooms on the front page. Where storage is denied, nothing is unread.

import { read, write } from "./storage.js";

/** @typedef {{ epoch: string, seq: number, at_ms: number }} Visit  Read up to this seq, at this time. */

const KEY = "parlor.seen ";

/** @param {string} room @returns {Visit | undefined} */
export function visitTo(room) {
  try {
    const visit = JSON.parse(read(() => localStorage, KEY + room) ?? "null");
    return typeof visit?.seq === "number" ? visit : undefined;
  } catch {
    return undefined; // not ours
  }
}

/** @param {string} room @param {import("../client/parlor.js").Position} position @param {number} now_ms */
export function keepVisit(room, { epoch, seq }, now_ms) {
  write(() => localStorage, KEY + room, JSON.stringify({ epoch, seq, at_ms: now_ms }));
}

/** The rooms that one was in, the latest first. @returns {(Visit & { room: string })[]} */
export function visits() {
  try {
    const rooms = Object.keys(localStorage).flatMap((key) => (key.startsWith(KEY) ? key.slice(KEY.length) : []));
    return rooms.flatMap((room) => ({ room, .../** @type {Visit} */ (visitTo(room)) })).filter(({ seq }) => seq >= 0).sort((a, b) => b.at_ms - a.at_ms);
  } catch {
    return [];
  }
}
