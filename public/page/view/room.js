// @ts-check
// The frame around a conversation: the room's name, the typing line, the link to share, the way out.

import { load } from "../load.js";
import { isPrivate } from "../room-name.js";
import * as explain from "../explain.js";
import { words } from "../words.js";
import { byId, tell } from "./dom.js";

const SECOND_MS = 1_000;

/** @param {import("./dom.js").Root} root @param {string} room @param {{ link: string, leave: () => void, moderate: () => void, isNamed: boolean }} on  Who is named by a token can't choose another name. */
export function showRoom(root, room, on) {
  const title = isPrivate(room) ? words.privateRoom : room;
  byId(root, "room", HTMLElement).hidden = false;
  byId(root, "room-name", HTMLElement).textContent = title;
  byId(root, "room-lock", SVGElement).toggleAttribute("hidden", !isPrivate(room));
  if (root === document) document.title = `${title} · Parlor`;
  byId(root, "rename-open", HTMLButtonElement).hidden = on.isNamed;
  const share = async () => {
    const dialog = await load(() => import("./share.js"));
    dialog.share(root, { url: on.link, title, isPrivate: isPrivate(room) });
  };
  byId(root, "leave", HTMLButtonElement).onclick = on.leave;
  byId(root, "moderate", HTMLButtonElement).onclick = on.moderate;
  byId(root, "share", HTMLButtonElement).onclick = share;
  byId(root, "invite", HTMLButtonElement).onclick = share;
}

/** Shows the way to moderation to those who may. @param {import("./dom.js").Root} root @param {Pick<import("../../client/parlor.js").Room, "role">} room */
export function showModeration(root, { role }) {
  byId(root, "moderate", HTMLButtonElement).hidden = role !== "moderator" && role !== "owner";
}

/** Tells those whom it binds what holds here beside the limits. @param {import("./dom.js").Root} root @param {Pick<import("../../client/parlor.js").Room, "role" | "rules">} room */
export function showRules(root, { role, rules }) {
  let text;
  if (role === "reader") text = words.readOnly;
  if (role === "member" && rules?.slow_mode_ms) text = words.isSlow(Math.ceil(rules.slow_mode_ms / SECOND_MS));
  if (role === "member" && rules?.locked) text = words.isLocked;
  tell(byId(root, "rules", HTMLElement), text);
}

/** @param {import("./dom.js").Root} root @param {string[]} names */
export function showTyping(root, names) {
  const line = byId(root, "typing", HTMLElement);
  const text = explain.typing(names);
  if (line.textContent !== text) line.textContent = text;
}
