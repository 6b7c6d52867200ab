// @ts-check
// What can be done with a line or a person beyond reading: copy, report, and for moderators delete, mute,
// remove, ban. Shown only to those who may; the room decides. Loaded when a menu is opened first.

import * as explain from "../explain.js";
import { words } from "../dialog-words.js";
import { ask, field, select, told } from "./dialog.js";
import { make } from "./dom.js";
import { openMenu } from "./menu.js";

/** @typedef {import("../../client/parlor.js").Room} Room */
/** @typedef {import("../../client/parlor.js").Member} Member */
/** @typedef {import("../../client/parlor.js").Message} Message */
/** @typedef {import("../../client/parlor.js").Order} Order */
/** @typedef {import("./dom.js").Root} Root */
/** @typedef {import("./menu.js").Item} Item */
/** @typedef {{ root: Root, room: Room }} Place */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FOR_GOOD = 0;

/** Whether one may keep order in this room. @param {Pick<Room, "role">} room */
export function mayModerate({ role }) {
  return role === "moderator" || role === "owner";
}

/** Opens the menu of a line. @param {Place} place @param {HTMLElement} opener @param {Message} message @param {() => void} reply */
export function openLineMenu(place, opener, message, reply) {
  const { root, room } = place;
  const { from, seq, text } = message;
  const isOwn = from.id === room.you?.id;
  /** @type {Item[]} */
  const items = [{ text: words.reply, choose: reply }];
  if (!message.deleted) {
    items.push({ text: words.copyText, choose: () => copy(root, text) });
    if (!isOwn) items.push({ text: words.report, choose: () => report(place, message) });
    if (mayModerate(room)) items.push({ text: words.deleteMessage, isDangerous: true, choose: () => deleteMessage(place, seq, text) });
  }
  if (!isOwn && mayModerate(room)) items.push(...memberItems(place, from));
  openMenu(root, opener, words.more, items);
}

/** Opens the menu of a person, for moderators. @param {Place} place @param {HTMLElement} opener @param {Member} member */
export function openMemberMenu(place, opener, member) {
  openMenu(place.root, opener, words.more, memberItems(place, member));
}

/** Asks before it deletes. @param {Place} place @param {number} seq @param {string} text */
export async function deleteMessage({ root, room }, seq, text) {
  const body = [quote(text), make("p", "", words.deleteSure)];
  const answer = await ask(root, { title: words.deleteTitle, body, act: words.deleteIt, isDangerous: true });
  if (answer) await settle(root, room.moderate({ type: "delete", seq }), words.deletedTold);
}

/** Tells what came of an order. Returns whether it was done. @param {Root} root @param {Promise<unknown>} order @param {string} done */
export async function settle(root, order, done) {
  try {
    await order;
    told(root, done);
    return true;
  } catch (error) {
    told(root, explain.refusal(/** @type {import("../../client/parlor.js").Refusal} */ (error)));
    return false;
  }
}

/** @param {Place} place @param {Member} member @returns {Item[]} */
function memberItems(place, member) {
  const { root, room } = place;
  const { id, name } = member;
  /** @param {"remove" | "ban" | "mute"} type @param {string} text @param {string} title @param {string} done @returns {Item} */
  const item = (type, text, title, done) => ({
    text,
    isDangerous: true,
    choose: async () => {
      const isTimed = type !== "remove";
      const body = [make("p", "", words.sure[type]), ...(isTimed ? [field(words.forHowLong, select(terms()), "for_ms")] : [])];
      const answer = await ask(root, { title, body, act: words.acts[type], isDangerous: true });
      if (!answer) return;
      const for_ms = Number(answer.get("for_ms"));
      const term = isTimed && for_ms !== FOR_GOOD ? { for_ms } : {};
      await settle(root, room.moderate(/** @type {Order} */ ({ type, member: id, ...term })), done);
    },
  });
  return [
    item("mute", words.mute(name), words.muteTitle(name), words.mutedTold(name)),
    { text: words.unmute(name), choose: () => void settle(root, room.moderate({ type: "unmute", member: id }), words.unmutedTold(name)) },
    item("remove", words.remove(name), words.removeTitle(name), words.removedTold(name)),
    item("ban", words.ban(name), words.banTitle(name), words.bannedTold(name)),
  ];
}

/** @returns {[number, string][]} */
function terms() {
  return [
    [10 * MINUTE_MS, words.minutes(10)],
    [HOUR_MS, words.hours(1)],
    [DAY_MS, words.days(1)],
    [7 * DAY_MS, words.days(7)],
    [FOR_GOOD, words.forGood],
  ];
}

/** @param {Place} place @param {Message} message */
async function report({ root, room }, { seq, text }) {
  const reason = make("textarea", "");
  reason.rows = 3;
  reason.dir = "auto";
  const body = [quote(text), field(words.reportReason, reason, "reason")];
  const answer = await ask(root, { title: words.reportTitle, body, act: words.reportIt });
  if (answer) await settle(root, room.report(seq, String(answer.get("reason")).trim()), words.reportedTold);
}

/** @param {Root} root @param {string} text */
async function copy(root, text) {
  await navigator.clipboard.writeText(text).then(
    () => told(root, words.copied),
    () => told(root, words.copyDenied),
  );
}

/** @param {string} text */
function quote(text) {
  const said = make("p", "dialog-quote", text);
  said.dir = "auto";
  return said;
}
