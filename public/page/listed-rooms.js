// @ts-check
// Which rooms others are in, for the front page. No DOM.

import { authorization } from "./token.js";

/** @typedef {{ name: string, connections: number }} ListedRoom */
/** @typedef {{ phase: "loading" } | { phase: "failed" } | { phase: "known", rooms: ListedRoom[] }} RoomList */

const LIST = "/api/rooms?limit=30";
/** The front page asks no more often than this, however often it comes to the front. */
const GAP_MS = 10_000;

/**
 * Returns a function that brings the list up to date, at most every ten seconds. What is known is kept
 * when a later look fails.
 * @param {(list: RoomList) => void} show
 */
export function listRooms(show) {
  let lookedAt_ms = -Infinity;
  let isKnown = false;
  show({ phase: "loading" });
  return async () => {
    const now_ms = performance.now();
    if (now_ms - lookedAt_ms < GAP_MS) return;
    lookedAt_ms = now_ms;
    try {
      const answer = await fetch(LIST, { headers: authorization("") });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const rooms = read(await answer.json());
      isKnown = true;
      show({ phase: "known", rooms });
    } catch {
      if (!isKnown) show({ phase: "failed" });
    }
  };
}

/** @param {unknown} list @returns {ListedRoom[]} the rooms that somebody is in */
function read(list) {
  if (!Array.isArray(list)) throw new TypeError("no list of rooms");
  return list.filter((room) => typeof room?.name === "string" && room.connections > 0);
}
