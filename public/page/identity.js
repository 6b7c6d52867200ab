// @ts-check
// Remembers what one is called: the name in use per room in the tab (so a reload is the same person at
// once), and the one last used anywhere. Which member one is, the client keeps per room and name (so the
// same name in another tab is the same member).

import { read, write } from "./storage.js";

const LAST_NAME = "parlor.name";

/** The name this tab uses in the room, if it is in it. @param {string} room */
export function nameInTab(room) {
  return read(() => sessionStorage, tabKey(room));
}

/** The name last used anywhere, to offer again. */
export function lastName() {
  return read(() => localStorage, LAST_NAME);
}

/** Enters under this name: a reload of the tab comes back with it. @param {string} room @param {string} name */
export function useName(room, name) {
  write(() => sessionStorage, tabKey(room), name);
  write(() => localStorage, LAST_NAME, name);
}

/** Leaves the room in this tab. @param {string} room */
export function forgetName(room) {
  write(() => sessionStorage, tabKey(room), undefined);
}

/** @param {string} room */
const tabKey = (room) => `parlor.name:${room}`;
