// @ts-check
// The list of lines: makes the elements of what is to be shown the same as that, and touches no other.
// A line keeps its element while it is shown: one that gets stored is neither moved nor drawn anew.

import * as explain from "../explain.js";
import { words } from "../words.js";
import { View, make } from "./dom.js";
import { fitLine, fitOf, makeLine, settleLine } from "./line.js";

/** @typedef {import("../timeline.js").Timeline} Timeline */
/** @typedef {import("../asides.js").Entry} Entry */
/** @typedef {import("../../client/parlor.js").Message} Message */
/** @typedef {import("./line.js").Line} Line */
/** @typedef {{ item: HTMLLIElement, line?: Line, version: readonly unknown[], fit: string }} Row  Drawn again where the version is another. */

/**
 * @typedef {object} Context  What the lines are seen with.
 * @property {Timeline} timeline
 * @property {Pick<import("../../client/parlor.js").Room, "you" | "name" | "limits">} room
 * @property {Iterable<string>} names  Of those who may be mentioned.
 * @property {number | undefined} unread  The first seq that was not read.
 * @property {number} now_ms
 */

export class MessageList extends View {
  #scroller = this.byId("scroller", HTMLElement);
  #list = this.byId("lines", HTMLOListElement);
  /** In order. @type {Map<string, Row>} */
  #rows = new Map();

  /**
   * @param {import("./dom.js").Root} root
   * @param {{ reply: (seq: number) => void, more: (seq: number, opener: HTMLElement) => void, retry: (id: string) => void, discard: (id: string) => void, end: () => void, write: () => void }} on
   *   `end`: the newest line is wanted; `write`: one wants to write.
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
    this.#scroller.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const seq = event.target instanceof HTMLLIElement ? event.target.dataset.seq : undefined;
      if (event.key === "ArrowUp" || event.key === "ArrowDown") return this.#step(event, on.write);
      if (event.key === "Home" && seq) return this.#focus(event, this.#lines[0]);
      if (event.key === "End") on.end();
      else if (event.key === "Escape") on.write();
      else if (event.key.toLowerCase() === "r" && seq) on.reply(Number(seq));
      else if (seq && (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))) on.more(Number(seq), /** @type {HTMLElement} */ (event.target));
      else return;
      event.preventDefault(); // or the letter lands in the composer
    });
  }

  /** @param {Entry[]} entries @param {Context} context */
  draw(entries, context) {
    const rows = new Map(entries.map((entry) => [entry.key, this.#row(entry, context)]));
    const items = new Set([...rows.values()].map(({ item }) => item));
    const focused = this.root.activeElement?.closest("li");
    for (const { item } of this.#rows.values()) if (!items.has(item)) item.remove();
    this.#rows = rows;
    this.#place(context);
    if (focused && !focused.isConnected) this.#scroller.focus({ preventScroll: true }); // its line is gone
  }

  /** The line with this seq, if it is shown. @param {number} seq */
  lineAt(seq) {
    return this.#rows.get(`message ${seq}`)?.item;
  }

  /** Moves the focus to the last line. */
  focusLast() {
    this.#lines.at(-1)?.focus();
  }

  /** The row that there is for an entry, brought up to date, or a new one. @param {Entry} entry @param {Context} context @returns {Row} */
  #row(entry, context) {
    if ("comings" in entry) return this.#noteRow(entry.key, String(entry.comings));
    const line = "message" in entry ? messageLine(entry.message, context) : sendLine(entry.send, context);
    const known = this.#rows.get(entry.key) ?? (line.isOwn ? this.#rows.get(`send ${line.id}`) : undefined);
    const isStill = known?.line?.from.id === line.from.id && known.line.isOwn === line.isOwn && known.line.from.name === line.from.name;
    const version = [line.text, line.isDeleted, line.quote?.name, line.quote?.text];
    if (!known || !isStill || isOther(known.version, version)) {
      return { line, version, fit: "", item: makeLine(line, { names: context.names, you: context.room.name }) };
    }
    if (known.line?.seq !== line.seq || known.line?.failure !== line.failure) settleLine(known.item, line);
    known.line = line;
    return known;
  }

  /** @param {string} key @param {string} text @returns {Row} */
  #noteRow(key, text) {
    const row = this.#rows.get(key) ?? { item: make("li", "note"), version: [], fit: "" };
    if (row.item.textContent !== text) row.item.textContent = text;
    return row;
  }

  /** Puts the rows where they belong, each fitted to the one before. @param {Context} context */
  #place({ unread, now_ms }) {
    let cursor = this.#list.firstElementChild;
    let isApart = false;
    /** @type {Line | undefined} */
    let previous;
    for (const row of this.#rows.values()) {
      if (row.line) {
        const fit = fitOf(row.line, previous, { isApart, isUnread: unread !== undefined && row.line.seq === unread, now_ms });
        const version = JSON.stringify(fit);
        if (row.fit !== version) fitLine(row.item, row.line, fit);
        row.fit = version;
        previous = row.line;
      }
      isApart = !row.line;
      if (row.item === cursor) cursor = cursor.nextElementSibling;
      else this.#list.insertBefore(row.item, cursor);
    }
  }

  get #lines() {
    return /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll(".line")]);
  }

  /** Moves the focus a line up or down, and from the last one to where one writes. @param {KeyboardEvent} event @param {() => void} write */
  #step(event, write) {
    const lines = this.#lines;
    const at = lines.findIndex((line) => line.contains(this.root.activeElement));
    const to = at < 0 ? lines.length - 1 : at + (event.key === "ArrowUp" ? -1 : 1);
    if (at >= 0 && to === lines.length) write();
    else return this.#focus(event, lines[to]);
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event @param {HTMLElement | undefined} line */
  #focus(event, line) {
    event.preventDefault();
    line?.focus();
  }
}

/** @param {readonly unknown[]} a @param {readonly unknown[]} b */
const isOther = (a, b) => a.some((value, i) => value !== b[i]);

/** @param {Message} message @param {Context} context @returns {Line} */
function messageLine({ id, seq, from, text, sent_at, reply_to, deleted }, { timeline, room }) {
  return { id, seq, from, text, isDeleted: deleted, isOwn: from.id === (room.you ?? timeline.you)?.id, at_ms: sent_at, quote: quoteOf(reply_to, timeline) };
}

/** @param {import("../../client/parlor.js").Send} send @param {Context} context @returns {Line} */
function sendLine({ id, text, said_at, replyTo, failure }, { timeline, room: { you, name, limits } }) {
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
