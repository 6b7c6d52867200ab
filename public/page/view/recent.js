// @ts-check
// The rooms one was in, on the front page: a dot where something was said since, and a way to be forgotten.

import { forgetRoom, recentRooms, withNews } from "../recent-rooms.js";
import { isPrivate } from "../room-name.js";
import { words } from "../words.js";
import { byId, icon, make } from "./dom.js";

/** @typedef {import("../recent-rooms.js").RecentRoom} RecentRoom */

const NAME_SHOWN = 6; // characters of a private room's name: enough to tell two apart

const list = byId(document, "recent-list", HTMLUListElement);

/** @param {(room: string) => void} enter */
export function showRecent(enter) {
  const rooms = recentRooms();
  draw(rooms, enter);
  withNews(rooms).then((known) => draw(known, enter));
}

/** @param {RecentRoom[]} rooms @param {(room: string) => void} enter */
function draw(rooms, enter) {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["room"] : undefined;
  byId(document, "recent", HTMLElement).hidden = rooms.length === 0;
  list.replaceChildren(...rooms.map((recent) => makeItem(recent, enter)));
  const again = focused === undefined ? null : list.querySelector(`[data-room="${CSS.escape(focused)}"]`);
  if (again instanceof HTMLElement) again.focus(); // who is in the list with the keyboard stays there
}

/** @param {RecentRoom} recent @param {(room: string) => void} enter */
function makeItem({ room, isUnread }, enter) {
  const title = isPrivate(room) ? `${words.privateRoom} ${room.slice(1, 1 + NAME_SHOWN)}…` : room;
  const link = make("a", "listed-room", make("bdi", "listed-name", title));
  link.href = `/${encodeURIComponent(room)}`;
  link.dataset["room"] = room;
  if (isPrivate(room)) link.prepend(icon("lock"));
  if (isUnread) link.append(make("span", "unread-dot", make("span", "unseen", words.unread)));
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab
    event.preventDefault();
    enter(room);
  });
  const forget = make("button", "button quiet listed-forget", icon("close"), make("span", "unseen", words.forget(title)));
  forget.type = "button";
  forget.title = words.forget(title);
  const item = make("li", "listed-row", link, forget);
  forget.addEventListener("click", () => {
    forgetRoom(room);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    const target = next?.querySelector("a") ?? byId(document, "entry-name", HTMLElement);
    target.focus();
    byId(document, "recent", HTMLElement).hidden = list.children.length === 0;
  });
  return item;
}
