// @ts-check
// The token that lets one in, where the deployment asks for one. It comes with the page's address, as
// `#token=…` (which no server sees) or `?token=…`, leaves it at once, so that no copied link, screenshot
// or history gives it away, and is kept for the room in this tab alone. One that came with the front page
// is for all rooms.
//
// Invariant: after `takeToken` the address holds no token, and nothing here logs one.

import { read, write } from "./storage.js";

const FRONT_PAGE = "";

/** Takes the token out of the page's address, if there is one, and keeps it for the room ("" on the front page). @param {string} room */
export function takeToken(room) {
  const address = new URL(location.href);
  const token = tokenIn(address.hash) ?? tokenIn(address.search);
  if (token === undefined) return;
  address.search = withoutToken(address.search);
  address.hash = withoutToken(address.hash);
  history.replaceState(history.state, "", address);
  write(() => sessionStorage, keyOf(room), token || undefined);
}

/** A link with another token, followed in a tab that shows the room already, comes in anew with it. @param {string} room */
export function watchForToken(room) {
  addEventListener("hashchange", () => {
    if (tokenIn(location.hash) === undefined) return;
    takeToken(room);
    location.reload();
  });
}

/** The token for the room, if there is one. @param {string} room */
export function tokenFor(room) {
  return read(() => sessionStorage, keyOf(room)) ?? read(() => sessionStorage, keyOf(FRONT_PAGE));
}

/** The headers that show it to the HTTP API. @param {string} room @returns {Record<string, string>} */
export function authorization(room) {
  const token = tokenFor(room);
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/** The name that the token for the room gives. @param {string} room */
export const nameInToken = (room) => nameIn(tokenFor(room));

/** The name that a token gives, which nobody can choose otherwise. @param {unknown} token @returns {string | undefined} */
export function nameIn(token) {
  try {
    const payload = String(token).split(".")[1] ?? "";
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    const { name } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof name === "string" ? name.trim() || undefined : undefined;
  } catch {
    return undefined; // the server says what is wrong with it
  }
}

/** @param {string} part  Of an address, from its `?` or `#` on. */
const tokenIn = (part) => new URLSearchParams(part.slice(1)).get("token") ?? undefined;

/** The same with what else stands in it left as it is. @param {string} part */
function withoutToken(part) {
  const rest = part.slice(1).split("&").filter((pair) => !new URLSearchParams(pair).has("token"));
  return rest.join("&");
}

/** @param {string} room */
const keyOf = (room) => `parlor.token:${room}`;
