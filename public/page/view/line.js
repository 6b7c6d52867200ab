// @ts-check
// One line of the conversation as a list item: who, when, what, and how its sending goes.
// Its text is built once and never touched again, so that a screen reader reads it once.

import { fullTimeOf, dayOf, isSameDay, timeOf } from "../dates.js";
import { findLinks } from "../links.js";
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
 * @property {string} [failure]  Why it was not sent.
 */

const RUN_MS_MAX = 5 * 60_000; // a pause this long begins a new run of the same author

/** @param {Line} line */
export function makeLine(line) {
  const item = make("li", line.isOwn ? "line own" : "line");
  item.tabIndex = -1;
  paint(item, line.from.color);
  const author = make("bdi", "author", line.from.name);
  const head = make("p", "line-head", author, " ", make("time", "line-time"));
  const bubble = make("div", "bubble");
  if (line.quote) bubble.append(makeQuote(line.quote));
  bubble.append(makeText(line.text));
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
  time.dateTime = new Date(line.at_ms).toISOString();
  time.title = fullTimeOf(line.at_ms);
  time.textContent = timeOf(line.at_ms);
  /** @type {HTMLElement} */ (item.querySelector(".bubble")).title = time.title; // only a run's first line shows its time
  const foot = /** @type {HTMLElement} */ (item.querySelector(".line-foot"));
  foot.replaceChildren(...makeFoot(item.dataset.state, line.failure));
}

/**
 * Fits the line behind the one before it: begins a run of one author, or a day, or neither.
 * @param {HTMLLIElement} item @param {Line} line @param {Line | undefined} previous @param {number} now_ms
 */
export function fitLine(item, line, previous, now_ms) {
  const startsDay = !previous || !isSameDay(previous.at_ms, line.at_ms);
  const startsRun = startsDay || previous.from.id !== line.from.id || previous.from.name !== line.from.name || line.at_ms - previous.at_ms > RUN_MS_MAX;
  item.classList.toggle("starts-run", startsRun);
  item.querySelector(".day")?.remove();
  if (startsDay) {
    const day = make("time", "", dayOf(line.at_ms, now_ms));
    day.dateTime = new Date(line.at_ms).toLocaleDateString("sv"); // year-month-day of the reader's zone
    item.prepend(make("p", "day", day));
  }
}

/** @param {string} text */
function makeText(text) {
  const paragraph = make("p", "text");
  paragraph.dir = "auto";
  for (const part of findLinks(text)) {
    paragraph.append(part.href ? makeLink(part.text, part.href) : part.text);
  }
  return paragraph;
}

/** @param {string} text @param {string} href */
function makeLink(text, href) {
  const link = make("a", "", text);
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
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
