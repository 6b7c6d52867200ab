// @ts-check
// One line of the conversation as a list item: who, when, what, and how its sending goes.
// Its text is built once and never touched again.

import { fullTimeOf, dayOf, isSameDay, longTimeOf, timeOf } from "../dates.js";
import { findLinks } from "../links.js";
import { findMentions } from "../mentions.js";
import { words } from "../words.js";
import { avatar, paint } from "./avatar.js";
import { icon, make } from "./dom.js";

/**
 * @typedef {object} Line  What is shown, whether stored already or on its way.
 * @property {string} id
 * @property {number} [seq]  Absent until stored.
 * @property {import("../../client/parlor.js").Member} from
 * @property {boolean} isOwn
 * @property {string} text
 * @property {number} at_ms
 * @property {{ name: string, text: string } | undefined} quote  What it answers, "" where not known here.
 * @property {boolean} [isDeleted]
 * @property {string} [failure]  Why it was not sent.
 */

/** @typedef {{ names: Iterable<string>, you: string }} Known  Who may be mentioned; oneself among them. */

const RUN_MS_MAX = 5 * 60_000; // a pause this long begins a new run of the same author
const ONLY_EMOJI = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;

/** @param {Line} line @param {Known} known */
export function makeLine(line, known) {
  const item = make("li", line.isOwn ? "line own" : "line");
  item.tabIndex = -1;
  paint(item, line.from.color);
  const author = make("bdi", "author", line.from.name);
  const head = make("p", "line-head", author, " ", make("time", "line-time"));
  const bubble = make("div", "bubble");
  if (line.quote) bubble.append(makeQuote(line.quote));
  bubble.append(line.isDeleted ? make("p", "text deleted", words.deletedLine) : makeText(line.text, known));
  bubble.classList.toggle("emoji", !line.quote && ONLY_EMOJI.test(line.text.trim()));
  item.classList.toggle("to-me", !line.isOwn && bubble.querySelector(".to-me") !== null);
  const reply = makeTool("reply", words.reply);
  const more = makeTool("more", words.more);
  more.setAttribute("aria-haspopup", "menu");
  item.append(avatar(line.from), head, make("div", "line-body", bubble, reply, more), make("p", "line-foot"));
  settleLine(item, line);
  return item;
}

/** @param {"reply" | "more"} act @param {string} word */
function makeTool(act, word) {
  const tool = make("button", "line-reply", icon(act), make("span", "unseen", word));
  tool.type = "button";
  tool.tabIndex = -1; // the arrow keys reach the line, R answers it, the menu key opens its menu
  tool.dataset.act = act;
  tool.title = word;
  return tool;
}

/** Shows how the line's sending goes. @param {HTMLLIElement} item @param {Line} line */
export function settleLine(item, line) {
  item.dataset.state = line.failure !== undefined ? "failed" : line.seq === undefined ? "pending" : "sent";
  if (line.seq !== undefined) item.dataset.seq = String(line.seq);
  item.dataset.id = line.id;
  const time = /** @type {HTMLTimeElement} */ (item.querySelector(".line-time"));
  const short = make("span", "", timeOf(line.at_ms));
  short.setAttribute("aria-hidden", "true");
  time.replaceChildren(short, make("span", "unseen", longTimeOf(line.at_ms)));
  time.dateTime = new Date(line.at_ms).toISOString();
  time.title = fullTimeOf(line.at_ms);
  /** @type {HTMLElement} */ (item.querySelector(".bubble")).title = time.title; // only a run's first line shows its time
  const foot = /** @type {HTMLElement} */ (item.querySelector(".line-foot"));
  foot.replaceChildren(...makeFoot(item.dataset.state, line.failure));
}

/**
 * Says how a line stands behind the one before it.
 * @param {Line} line @param {Line | undefined} previous @param {{ isApart: boolean, isUnread: boolean, now_ms: number }} place
 *   `isApart`: a note stands between; `isUnread`: the first that was not read.
 */
export function fitOf(line, previous, { isApart, isUnread, now_ms }) {
  const day = !previous || !isSameDay(previous.at_ms, line.at_ms) ? dayOf(line.at_ms, now_ms) : "";
  const isOther = previous?.from.id !== line.from.id || previous.from.name !== line.from.name;
  const startsRun = day !== "" || isApart || isUnread || isOther || line.at_ms - (previous?.at_ms ?? 0) > RUN_MS_MAX;
  return { day, startsRun, isUnread };
}

/** Shows how it stands: begins a run of one author, a day, what is unread, or none of it. @param {HTMLLIElement} item @param {Line} line @param {ReturnType<typeof fitOf>} fit */
export function fitLine(item, line, { day, startsRun, isUnread }) {
  item.classList.toggle("starts-run", startsRun);
  item.querySelector(".breaks")?.remove();
  if (!day && !isUnread) return;
  const breaks = make("div", "breaks");
  if (day) {
    const time = make("time", "", day);
    time.dateTime = new Date(line.at_ms).toLocaleDateString("sv"); // year-month-day of the reader's zone
    breaks.append(make("p", "day", time));
  }
  if (isUnread) breaks.append(make("p", "day unread", words.unreadHere));
  item.prepend(breaks);
}

/** @param {string} text @param {Known} known */
function makeText(text, { names, you }) {
  const paragraph = make("p", "text");
  paragraph.dir = "auto";
  for (const part of findLinks(text)) {
    if (part.href) paragraph.append(makeLink(part.text, part.href));
    else for (const { text, name } of findMentions(part.text, names)) paragraph.append(name ? makeMention(text, name === you) : text);
  }
  return paragraph;
}

/** @param {string} text @param {boolean} isToMe */
const makeMention = (text, isToMe) => (isToMe ? make("mark", "mention to-me", text) : make("span", "mention", text));

/** @param {string} text @param {string} href */
function makeLink(text, href) {
  const link = make("a", "", text);
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.title = href; // as it is, however it was spelled
  return link;
}

/** @param {{ name: string, text: string }} quote */
function makeQuote({ name, text }) {
  const said = make("span", "quote-text", text || words.earlierLine);
  said.dir = "auto";
  return make("p", "quote", ...(name ? [make("bdi", "quote-name", name), " "] : []), said);
}

/** @param {string} state @param {string | undefined} failure */
function makeFoot(state, failure) {
  if (state === "pending") return [make("span", "line-sending", words.sending)];
  if (state !== "failed") return [];
  const buttons = /** @type {const} */ (["retry", "discard"]).map((act) => {
    const button = make("button", "line-act", words[act]);
    button.type = "button";
    button.dataset.act = act;
    return button;
  });
  return [make("span", "line-failure", `${words.notSent} ${failure} `), ...buttons];
}
