// @ts-check
// The newest messages of the rooms one was in, kept to be read without a network. They are as old as the
// last visit, and gone when the room is forgotten or closes its doors. Where storage is denied: nothing.

/** @typedef {import("../client/parlor.js").Message} Message */
/** @typedef {import("../client/parlor.js").Member} Member */
/** @typedef {{ at_ms: number, you?: Member, messages: Message[] }} Kept */

const KEY = "parlor.history ";
const MESSAGES_MAX = 50; // some 15 KB, of the 5 MB that a site may keep
const ROOMS_MAX = 12;

/** @param {string} room @returns {Kept | undefined} */
export function historyOf(room) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY + room) ?? "null");
    return Array.isArray(kept?.messages) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the newest of these, and lets go of the rooms that were kept longest ago. @param {string} room @param {Kept} kept */
export function keepHistory(room, { at_ms, you, messages }) {
  try {
    localStorage.setItem(KEY + room, JSON.stringify({ at_ms, you, messages: messages.slice(-MESSAGES_MAX) }));
    const rooms = Object.keys(localStorage).flatMap((key) => (key.startsWith(KEY) ? key.slice(KEY.length) : []));
    if (rooms.length <= ROOMS_MAX) return;
    const byAge = rooms.sort((a, b) => (historyOf(b)?.at_ms ?? 0) - (historyOf(a)?.at_ms ?? 0));
    for (const old of byAge.slice(ROOMS_MAX)) forgetHistory(old);
  } catch {
    // denied or full
  }
}

/** @param {string} room */
export function forgetHistory(room) {
  try {
    localStorage.removeItem(KEY + room);
  } catch {
    // denied
  }
}
