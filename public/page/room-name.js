// @ts-check
// Room names as docs/PROTOCOL.md, "URLs", defines them. The server decides; this only spares the
// person a round trip.

import { randomId } from "../client/random-id.js";

const ROOM_NAME = /^[A-Za-z0-9~][A-Za-z0-9._~-]{0,63}$/;
/** Legal, but their URLs lead elsewhere: to the API, or to the page's own files. */
const RESERVED = new Set(["api", "health", "metrics", "status", "client", "page", "style", "index.html", "favicon.svg", "sw.js"]);

/** Says what keeps `name` from naming a room, if anything. @param {string} name @returns {"wrong" | "reserved" | undefined} */
export function roomNameProblem(name) {
  if (!ROOM_NAME.test(name)) return "wrong";
  return RESERVED.has(name) ? "reserved" : undefined;
}

/** Whether the room is unlisted. @param {string} name */
export function isPrivate(name) {
  return name.startsWith("~");
}

/** Draws a private room's name: whoever has the link is in, nobody guesses it. */
export function newPrivateRoom() {
  return `~${randomId()}`;
}

/** Returns the room that a page's path names, or "" for the front page. @param {string} path */
export function roomFromPath(path) {
  try {
    return decodeURIComponent(path.slice(1));
  } catch {
    return path.slice(1); // a stray `%`: not a room's name, and the server says so
  }
}
