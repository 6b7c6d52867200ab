// @ts-check
// The list of lines: draws what changed in a timeline since the last time, and nothing else.
// A pending line that gets stored keeps its element, so nothing flickers and nothing is read twice.

import * as explain from "../explain.js";
import { words } from "../words.js";
import { View } from "./dom.js";
import { fitLine, makeLine, settleLine } from "./line.js";

/** @typedef {import("../timeline.js").Timeline} Timeline */
/** @typedef {import("../../client/parlor.js").Message} Message */
/** @typedef {import("./line.js").Line} Line */
/** @typedef {Pick<import("../../client/parlor.js").Room, "you" | "name" | "limits" | "unsent">} Self  Oneself, and what one said. */
/** @typedef {{ line: Line, item: HTMLLIElement }} Row */

export class MessageList extends View {
  #log = this.byId("log", HTMLElement);
  #list = this.byId("lines", HTMLOListElement);
  /** Stored messages, by seq. @type {Row[]} */
  #rows = [];
  /** Lines on their way, by id, in the order they were said. @type {Map<string, Row>} */
  #pending = new Map();
  #generation = 0;

  /**
   * @param {import("./dom.js").Root} root
   * @param {{ reply: (seq: number) => void, more: (seq: number, opener: HTMLElement) => void, retry: (id: string) => void, discard: (id: string) => void }} on
   */
  constructor(root, on) {
    super(root);
    this.#list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      const { id = "", seq } = button?.closest("li")?.dataset ?? {};
      if (button?.dataset.act === "retry") on.retry(id);
      if (button?.dataset.act === "discard") on.discard(id);
      if (button?.dataset.act === "reply" && seq) on.reply(Number(seq));
      if (button?.dataset.act === "more" && seq) on.more(Number(seq), button);
    });
    this.byId("scroller", HTMLElement).addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "ArrowUp" || event.key === "ArrowDown") this.#step(event);
      const seq = event.target instanceof HTMLLIElement ? event.target.dataset.seq : undefined;
      if (event.key.toLowerCase() === "r" && seq) {
        event.preventDefault(); // or the letter lands in the composer
        on.reply(Number(seq));
      }
      if (seq && (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))) {
        event.preventDefault();
        on.more(Number(seq), /** @type {HTMLElement} */ (event.target));
      }
    });
  }

  /** What stays where it is when older lines come in above it: a text, since its day and head may go. */
  get first() {
    return this.#rows[0]?.item.querySelector(".bubble") ?? undefined;
  }

  /** @param {Timeline} timeline @param {Self} self @param {number} now_ms @returns {number} how many lines of others are new at the end */
  draw(timeline, self, now_ms) {
    const isReset = this.#generation !== timeline.generation;
    if (isReset) this.#clear(timeline.generation);
    const first = this.#rows[0]?.line.seq ?? Infinity;
    const older = isReset ? timeline.messages : timeline.messages.filter((message) => message.seq < first);
    if (older.length > 0) this.#prepend(older, timeline, self, now_ms);
    this.#dropBefore(timeline.messages[0]?.seq ?? Infinity, now_ms);
    const arrived = this.#append(timeline, self, now_ms);
    this.#drawUnsent(timeline, self, now_ms);
    return isReset ? 0 : arrived;
  }

  /** @param {number} generation */
  #clear(generation) {
    this.#generation = generation;
    for (const { item } of this.#rows) item.remove();
    this.#rows = [];
  }

  /** Old lines are no news: the log is busy while they come in. @param {Message[]} older @param {Timeline} timeline @param {Self} self @param {number} now_ms */
  #prepend(older, timeline, self, now_ms) {
    this.#log.setAttribute("aria-busy", "true");
    const rows = older.map((message) => this.#adopt(messageLine(message, timeline, self)));
    const next = this.#rows[0];
    rows.forEach((row, i) => fitLine(row.item, row.line, rows[i - 1]?.line, now_ms));
    if (next) fitLine(next.item, next.line, rows.at(-1)?.line, now_ms);
    this.#list.prepend(...rows.map((row) => row.item));
    this.#rows.unshift(...rows);
    requestAnimationFrame(() => this.#log.removeAttribute("aria-busy"));
  }

  /** @param {Timeline} timeline @param {Self} self @param {number} now_ms */
  #append(timeline, self, now_ms) {
    const last = this.#rows.at(-1)?.line.seq ?? 0;
    const from = timeline.messages.findLastIndex((message) => message.seq <= last) + 1;
    let arrived = 0;
    for (const message of timeline.messages.slice(from)) {
      const row = this.#adopt(messageLine(message, timeline, self));
      const previous = this.#rows.at(-1);
      fitLine(row.item, row.line, previous?.line, now_ms);
      const follower = previous ? previous.item.nextSibling : this.#list.firstChild;
      if (follower !== row.item) this.#list.insertBefore(row.item, follower);
      this.#rows.push(row);
      if (!row.line.isOwn) arrived += 1;
    }
    return arrived;
  }

  /** Lets go of the lines that the timeline let go of. @param {number} seq @param {number} now_ms */
  #dropBefore(seq, now_ms) {
    const kept = this.#rows.findIndex(({ line }) => (line.seq ?? 0) >= seq);
    if (kept <= 0) return;
    for (const { item } of this.#rows.splice(0, kept)) item.remove();
    const first = this.#rows[0];
    if (first) fitLine(first.item, first.line, undefined, now_ms);
  }

  /** @param {Timeline} timeline @param {Self} self @param {number} now_ms */
  #drawUnsent(timeline, self, now_ms) {
    const ids = new Set(self.unsent.map(({ id }) => id));
    for (const [id, { item }] of this.#pending) {
      if (ids.has(id)) continue;
      item.remove();
      this.#pending.delete(id);
    }
    let previous = this.#rows.at(-1);
    for (const send of self.unsent) {
      const row = this.#fit(sendLine(send, timeline, self));
      const follower = previous ? previous.item.nextSibling : this.#list.firstChild;
      if (follower !== row.item) this.#list.insertBefore(row.item, follower);
      fitLine(row.item, row.line, previous?.line, now_ms);
      this.#pending.set(send.id, row);
      previous = row;
    }
  }

  /** Shows an unsent line in the element it has, or makes one. @param {Line} line @returns {Row} */
  #fit(line) {
    const known = this.#pending.get(line.id);
    if (known && known.line.from.id === line.from.id) {
      if (known.line.failure !== line.failure) settleLine(known.item, line);
      return { line, item: known.item };
    }
    known?.item.remove(); // drawn before it was known who one is
    return { line, item: makeLine(line) };
  }

  /** Takes a line's element over from when it was pending, or makes one. @param {Line} line @returns {Row} */
  #adopt(line) {
    if (!line.isOwn) return { line, item: makeLine(line) };
    const { item } = this.#fit(line);
    this.#pending.delete(line.id);
    settleLine(item, line);
    return { line, item };
  }

  /** Moves the focus a line up or down. @param {KeyboardEvent} event */
  #step(event) {
    const items = [...this.#list.querySelectorAll("li")];
    const at = items.findIndex((item) => item.contains(this.root.activeElement));
    const to = at < 0 ? items.length - 1 : at + (event.key === "ArrowUp" ? -1 : 1);
    if (!items[to]) return;
    event.preventDefault();
    items[to].focus();
  }
}

/** @param {Message} message @param {Timeline} timeline @param {Self} self @returns {Line} */
function messageLine({ id, seq, from, text, sent_at, reply_to, deleted }, timeline, { you }) {
  return { id, seq, from, text: deleted ? words.deletedLine : text, isOwn: from.id === (you ?? timeline.you)?.id, at_ms: sent_at, quote: quoteOf(reply_to, timeline) };
}

/** @param {import("../../client/parlor.js").Send} send @param {Timeline} timeline @param {Self} self @returns {Line} */
function sendLine({ id, text, said_at, replyTo, failure }, timeline, { you, name, limits }) {
  const from = you ?? { id: 0, name, color: "" };
  const why = failure && explain.refusal(failure, limits);
  return { id, from, text, isOwn: true, at_ms: said_at, quote: quoteOf(replyTo, timeline), failure: why };
}

/** @param {number | undefined} seq @param {Timeline} timeline */
function quoteOf(seq, timeline) {
  if (seq === undefined) return undefined;
  const message = timeline.messageAt(seq);
  return message ? { name: message.from.name, text: message.deleted ? words.deletedLine : message.text } : { name: "", text: "" };
}
