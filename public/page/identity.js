// @ts-check
// Remembers who one is: a session per room and name in the browser (so the same name in another tab is
// the same member), the name in use per room in the tab (so a reload is the same person at once).
// Where storage is denied the page works all the same, and forgets.

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

/** Leaves the room in this tab; the session stays, for a return under the same name. @param {string} room */
export function forgetName(room) {
  write(() => sessionStorage, tabKey(room), undefined);
}

/** @param {string} room @param {string} name */
export function sessionOf(room, name) {
  return read(() => localStorage, sessionKey(room, name));
}

/** @param {string} room @param {string} name @param {string} session */
export function keepSession(room, name, session) {
  write(() => localStorage, sessionKey(room, name), session);
}

/** The member has another name: its session goes along. @param {string} room @param {string} from @param {string} to */
export function renameSession(room, from, to) {
  const session = sessionOf(room, from);
  if (session === undefined || from === to) return;
  keepSession(room, to, session);
  write(() => localStorage, sessionKey(room, from), undefined);
}

/** @param {string} room */
const tabKey = (room) => `parlor.name:${room}`;

/** Room names hold no colon, so the two parts can't run together. @param {string} room @param {string} name */
const sessionKey = (room, name) => `parlor.session:${room}:${name}`;

/** @param {() => Storage} storage @param {string} key */
function read(storage, key) {
  try {
    return storage().getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {() => Storage} storage @param {string} key @param {string | undefined} value */
function write(storage, key, value) {
  try {
    if (value === undefined) storage().removeItem(key);
    else storage().setItem(key, value);
  } catch {
    // denied or full: forgotten
  }
}
