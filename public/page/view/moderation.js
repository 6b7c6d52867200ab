// @ts-check
// What keeps a room in order, for its moderators: lock, slow mode, reports, who is muted or banned, what
// was done. Loaded when it is opened first.

import * as explain from "../explain.js";
import { fullTimeOf } from "../dates.js";
import { words } from "../dialog-words.js";
import { deleteMessage, settle } from "./actions.js";
import { ask, button, field, select } from "./dialog.js";
import { make } from "./dom.js";

/** @typedef {import("../../client/parlor.js").RecordFrame} Record */
/** @typedef {import("../../client/parlor.js").Sentence} Sentence */
/** @typedef {import("./actions.js").Place} Place */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const RECORDS_SHOWN = 50;

/** @param {Place} place @param {(seq: number) => string | undefined} textOf  What a message says, if the page has it. */
export async function openModeration(place, textOf) {
  const { root, room } = place;
  const kept = make("div", "kept", make("p", "field-hint", words.loading));
  /** @type {HTMLElement[]} */
  const body = [lockField(place), slowField(place), kept];
  if (room.role === "owner") body.push(clearButton(place));
  const look = () => drawKept(place, kept, textOf);
  const off = room.on("record", look);
  look();
  await ask(root, { title: words.moderation, body });
  off();
}

/** @param {Place} place */
function lockField({ root, room }) {
  const box = make("input", "");
  box.type = "checkbox";
  box.checked = room.rules?.locked ?? false;
  box.addEventListener("change", async () => {
    const isDone = await settle(root, room.moderate({ type: "lock", on: box.checked }), box.checked ? words.lockedTold : words.unlockedTold);
    if (!isDone) box.checked = !box.checked;
  });
  return make("label", "dialog-check", box, make("span", "", words.lock));
}

/** @param {Place} place */
function slowField({ root, room }) {
  /** @type {[number, string][]} */
  const options = [
    [0, words.off],
    [5 * SECOND_MS, words.seconds(5)],
    [10 * SECOND_MS, words.seconds(10)],
    [30 * SECOND_MS, words.seconds(30)],
    [MINUTE_MS, words.minutes(1)],
    [5 * MINUTE_MS, words.minutes(5)],
    [15 * MINUTE_MS, words.minutes(15)],
  ];
  const now_ms = room.rules?.slow_mode_ms ?? 0;
  if (!options.some(([value]) => value === now_ms)) options.push([now_ms, words.seconds(now_ms / SECOND_MS)]); // set elsewhere
  const choice = select(options, now_ms);
  choice.addEventListener("change", () => {
    const interval_ms = Number(choice.value);
    settle(root, room.moderate({ type: "slow_mode", interval_ms }), interval_ms > 0 ? words.slowTold : words.fastTold);
  });
  return field(words.slowMode, choice, "slow_mode");
}

/** @param {Place} place */
function clearButton({ root, room }) {
  const clear = button("button danger", words.clear);
  clear.addEventListener("click", async () => {
    const answer = await ask(root, { title: words.clearTitle, body: [make("p", "", words.clearSure)], act: words.clearIt, isDangerous: true });
    if (answer) await settle(root, room.moderate({ type: "clear" }), words.clearedTold);
  });
  return clear;
}

/** @param {Place} place @param {HTMLElement} kept @param {(seq: number) => string | undefined} textOf */
async function drawKept(place, kept, textOf) {
  try {
    const { rules, records } = await place.room.records({ limit: RECORDS_SHOWN });
    const all = records.map(({ record }) => record);
    const isNew = all.filter(({ action, seq }) => action === "report" && !(seq && rules.deleted.includes(seq)));
    kept.replaceChildren(
      ...part(words.reports, isNew.map((record) => reportItem(place, record, textOf)), words.noReports),
      ...part(words.mutedList, rules.mutes.filter(holds).map((mute) => sentenceItem(place, mute, "unmute", () => drawKept(place, kept, textOf)))),
      ...part(words.bannedList, rules.bans.filter(holds).map((ban) => sentenceItem(place, ban, "unban", () => drawKept(place, kept, textOf)))),
      ...part(words.done, all.filter(({ action }) => action !== "report").map(recordItem)),
    );
  } catch (error) {
    kept.replaceChildren(make("p", "field-error", explain.refusal(/** @type {import("../../client/parlor.js").Refusal} */ (error))));
  }
}

/** @param {string} title @param {HTMLElement[]} items @param {string} [empty] */
function part(title, items, empty) {
  if (items.length === 0) return empty ? [make("h3", "kept-title", title), make("p", "field-hint", empty)] : [];
  const list = make("ul", "kept-list", ...items);
  list.setAttribute("aria-label", title);
  return [make("h3", "kept-title", title), list];
}

/** @param {Place} place @param {Record} record @param {(seq: number) => string | undefined} textOf */
function reportItem(place, { by, seq = 0, reason, at }, textOf) {
  const text = textOf(seq);
  const item = make("li", "kept-item", make("p", "", words.reportedBy(by.name, fullTimeOf(at))));
  if (text) item.append(quote(text));
  if (reason) item.append(quote(reason));
  const remove = button("button small danger", words.deleteMessage);
  remove.addEventListener("click", () => deleteMessage(place, seq, text ?? words.earlierLine));
  item.append(remove);
  return item;
}

/** @param {Place} place @param {Sentence} sentence @param {"unmute" | "unban"} type @param {() => void} then */
function sentenceItem({ root, room }, { member, name = words.somebody, until }, type, then) {
  const lift = button("button small", words.lift);
  lift.addEventListener("click", async () => {
    const isDone = await settle(root, room.moderate(/** @type {import("../../client/parlor.js").Order} */ ({ type, member })), type === "unmute" ? words.unmutedTold(name) : words.unbannedTold(name));
    if (isDone) then();
  });
  return make("li", "kept-item", make("p", "", until ? words.until(name, fullTimeOf(until)) : name), lift);
}

/** @param {Record} record */
function recordItem({ action, by, member, at }) {
  const what = words.actions[action] ?? action;
  const text = member ? words.didTo(by.name, what, member.name ?? words.somebody) : words.did(by.name, what);
  return make("li", "kept-item", make("p", "", text), make("time", "field-hint", fullTimeOf(at)));
}

/** @param {Sentence} sentence */
const holds = ({ until }) => until === undefined || until > Date.now();

/** @param {string} text */
function quote(text) {
  const said = make("p", "dialog-quote", text);
  said.dir = "auto";
  return said;
}
