// @ts-check
// The rooms that one was in, and whether something was said there since. No DOM.

import { forgetHistory } from "./kept-history.js";
import { authorization } from "./token.js";
import { visits } from "./visits.js";

/** @typedef {{ room: string, seq: number, isUnread: boolean }} RecentRoom */

const SHOWN_MAX = 8; // and asked about: a request each

/** The latest first, as known without asking. @returns {RecentRoom[]} */
export function recentRooms() {
  return visits().slice(0, SHOWN_MAX).map(({ room, seq }) => ({ room, seq, isUnread: false }));
}

/**
 * Asks each room whether it has more than was read. One that doesn't answer, or won't, has no news.
 * @param {RecentRoom[]} rooms
 * @returns {Promise<RecentRoom[]>}
 */
export function withNews(rooms) {
  return Promise.all(
    rooms.map(async (recent) => {
      try {
        const answer = await fetch(`/api/rooms/${encodeURIComponent(recent.room)}`, { headers: authorization(recent.room) });
        const { messages } = answer.ok ? await answer.json() : { messages: 0 };
        // Fewer than were read: its history began anew, and what there is of it is new.
        return { ...recent, isUnread: messages > 0 && messages !== recent.seq };
      } catch {
        return recent;
      }
    }),
  );
}

/** Takes a room off the list, with all that this browser keeps of it. @param {string} room */
export function forgetRoom(room) {
  forgetHistory(room);
  try {
    for (const key of [`parlor.seen ${room}`, `parlor.draft ${room}`]) localStorage.removeItem(key);
  } catch {
    // denied
  }
}
