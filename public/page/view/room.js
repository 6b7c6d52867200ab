// @ts-check
// The frame around a conversation: the room's name, the typing line, the link to share, the way out.

import { isPrivate } from "../room-name.js";
import * as explain from "../explain.js";
import { words } from "../words.js";
import { byId } from "./dom.js";

const COPIED_MS = 2_000;

/** @param {string} room @param {{ leave: () => void }} on */
export function showRoom(room, on) {
  const title = isPrivate(room) ? words.privateRoom : room;
  byId("room", HTMLElement).hidden = false;
  byId("room-name", HTMLElement).textContent = title;
  byId("room-lock", SVGElement).toggleAttribute("hidden", !isPrivate(room));
  document.title = `${title} · Parlor`;
  byId("leave", HTMLButtonElement).onclick = on.leave;
  byId("copy-link", HTMLButtonElement).onclick = copyLink;
}

/** @param {string[]} names */
export function showTyping(names) {
  const line = byId("typing", HTMLElement);
  const text = explain.typing(names);
  if (line.textContent !== text) line.textContent = text;
}

async function copyLink() {
  const label = byId("copy-link-text", HTMLElement);
  try {
    await navigator.clipboard.writeText(location.href);
    label.textContent = words.copied;
  } catch {
    label.textContent = words.copyDenied;
  }
  setTimeout(() => (label.textContent = words.copyLink), COPIED_MS);
}
