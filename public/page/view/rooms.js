// @ts-check
// The rooms that one can walk into from the front page, with how many are in each.

import { listRooms } from "../listed-rooms.js";
import { words } from "../words.js";
import { byId } from "./dom.js";

const list = byId(document, "rooms-list", HTMLUListElement);
const note = byId(document, "rooms-note", HTMLElement);

/** Shows the rooms, and again whenever the page comes to the front. @param {(room: string) => void} choose */
export function showRooms(choose) {
  const look = listRooms((state) => render(state, choose));
  window.addEventListener("focus", look);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  look();
}

/** @param {import("../listed-rooms.js").RoomList} state @param {(room: string) => void} choose */
function render(state, choose) {
  const rooms = state.phase === "known" ? state.rooms : [];
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["room"] : undefined;
  list.hidden = rooms.length === 0;
  note.hidden = rooms.length > 0;
  note.textContent = state.phase === "known" ? words.noRooms : state.phase === "failed" ? words.roomsUnknown : words.loading;
  list.replaceChildren(...rooms.map((room) => item(room, choose)));
  const again = focused === undefined ? null : list.querySelector(`[data-room="${CSS.escape(focused)}"]`);
  if (again instanceof HTMLElement) again.focus(); // who is in the list with the keyboard stays there
}

/** @param {import("../listed-rooms.js").ListedRoom} room @param {(room: string) => void} choose */
function item({ name, connections }, choose) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "listed-room";
  button.dataset["room"] = name;
  const label = document.createElement("bdi");
  label.className = "listed-name";
  label.textContent = name;
  const count = document.createElement("span");
  count.className = "listed-count";
  count.textContent = words.peopleIn(connections);
  button.append(label, count);
  button.addEventListener("click", () => choose(name));
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}
