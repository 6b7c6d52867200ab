// @ts-check
// The frame around a conversation: the room's name, the typing line, the link to share, the way out.

import { isPrivate } from "../room-name.js";
import * as explain from "../explain.js";
import { words } from "../words.js";
import { byId } from "./dom.js";

const COPIED_MS = 2_000;

/** @param {import("./dom.js").Root} root @param {string} room @param {{ leave: () => void, moderate: () => void }} on */
export function showRoom(root, room, on) {
  const title = isPrivate(room) ? words.privateRoom : room;
  byId(root, "room", HTMLElement).hidden = false;
  byId(root, "room-name", HTMLElement).textContent = title;
  byId(root, "room-lock", SVGElement).toggleAttribute("hidden", !isPrivate(room));
  document.title = `${title} · Parlor`;
  byId(root, "leave", HTMLButtonElement).onclick = on.leave;
  byId(root, "moderate", HTMLButtonElement).onclick = on.moderate;
  byId(root, "copy-link", HTMLButtonElement).onclick = () => copyLink(root);
}

/** Shows the way to moderation to those who may. @param {import("./dom.js").Root} root @param {Pick<import("../../client/parlor.js").Room, "role">} room */
export function showModeration(root, { role }) {
  byId(root, "moderate", HTMLButtonElement).hidden = role !== "moderator" && role !== "owner";
}

/** @param {import("./dom.js").Root} root @param {string[]} names */
export function showTyping(root, names) {
  const line = byId(root, "typing", HTMLElement);
  const text = explain.typing(names);
  if (line.textContent !== text) line.textContent = text;
}

/** @param {import("./dom.js").Root} root */
async function copyLink(root) {
  const label = byId(root, "copy-link-text", HTMLElement);
  try {
    await navigator.clipboard.writeText(location.href);
    label.textContent = words.copied;
  } catch {
    label.textContent = words.copyDenied;
  }
  setTimeout(() => (label.textContent = words.copyLink), COPIED_MS);
}
