// @ts-check
// What is asked of the room and answered: pages of history, one's name. The answers carry no id, so one
// page is asked for at a time, and a question without an answer costs the connection.

import { Alarm } from "./clock.js";
import { promised, Refused } from "./refused.js";

/** @typedef {import("./parlor.js").Page} Page */
/** @typedef {import("./parlor.js").Member} Member */
/** @typedef {import("./parlor.js").Refusal} Refusal */
/** @typedef {{ before?: number, after?: number, limit?: number }} Range */

const ANSWER_MS_MAX = 10_000;
const TRIES_MAX = 3;
const DISCONNECTED = { code: "disconnected", message: "Not connected." };
const NO_ANSWER = { code: "no_answer", message: "The room did not answer." };
/** What the room may answer to `rename`. */
const RENAME_REFUSALS = new Set(["bad_name", "rate_limited", "forbidden"]);

export class Requests {
  /** @type {{ range: Range, tries: number, ends: PromiseWithResolvers<Page> }[]} */
  #pages = [];
  /** @type {{ turn: number, ends: PromiseWithResolvers<Member> } | undefined} */
  #rename;
  #transmit;
  #turn;
  #alarm;
  #isInFlight = false; // the first page was asked for on this connection
  /** @type {Refusal | undefined} */
  #end;

  /** @param {{ clock: import("./parlor.js").Clock, transmit: (frame: import("./parlor.js").ClientFrame) => boolean, turn: () => number, onSilence: () => void }} options */
  constructor({ clock, transmit, turn, onSilence }) {
    this.#transmit = transmit;
    this.#turn = turn;
    this.#alarm = new Alarm(clock, onSilence);
  }

  /** @param {Range} range @returns {Promise<Page>} */
  history(range) {
    /** @type {PromiseWithResolvers<Page>} */
    const ends = promised();
    if (this.#end) ends.reject(new Refused(this.#end));
    else this.#pages.push({ range, tries: 0, ends });
    this.open();
    return ends.promise;
  }

  /** @param {string} name @returns {Promise<Member>} */
  rename(name) {
    this.#rename?.ends.reject(new Refused({ code: "superseded", message: "Another name was asked for." }));
    /** @type {PromiseWithResolvers<Member>} */
    const ends = promised();
    this.#rename = { turn: this.#turn(), ends };
    if (!this.#transmit({ type: "rename", name })) this.#endRename(DISCONNECTED);
    return ends.promise;
  }

  /** The turn at which another name was asked for, if that has no answer. */
  get renamesSince() {
    return this.#rename?.turn ?? Infinity;
  }

  /** There may be a connection: asks what is to be asked. */
  open() {
    const page = this.#pages[0];
    if (!page || this.#isInFlight) return;
    if (!this.#transmit({ type: "history", ...page.range })) return;
    page.tries += 1;
    this.#isInFlight = true;
    this.#alarm.set(ANSWER_MS_MAX);
  }

  /** The connection is gone: pages are asked for again on the next. */
  cut() {
    this.#alarm.clear();
    this.#endRename(DISCONNECTED);
    const isLastTry = this.#isInFlight && this.#pages[0]?.tries === TRIES_MAX;
    this.#isInFlight = false;
    if (isLastTry) this.#pages.shift()?.ends.reject(new Refused(NO_ANSWER));
  }

  /** There will be no connection. @param {Refusal} why */
  end(why) {
    this.#end = why;
    for (const { ends } of this.#pages.splice(0)) ends.reject(new Refused(why));
  }

  /** @param {Page} page */
  answered({ messages, more }) {
    if (this.#isInFlight) this.#next()?.ends.resolve({ messages, more });
    this.open();
  }

  /** One has another name, whoever asked for it. @param {Member} you */
  renamed(you) {
    this.#rename?.ends.resolve(you);
    this.#rename = undefined;
  }

  /** Takes a refusal that names no send; returns whether it answers one of these. @param {import("./parlor.js").ErrorFrame} error */
  refused(error) {
    if (this.renameRefused(error)) return true;
    if (!this.#isInFlight) return false;
    this.#next()?.ends.reject(new Refused(error));
    this.open();
    return true;
  }

  /** The same of one's name alone. @param {import("./parlor.js").ErrorFrame} error */
  renameRefused(error) {
    if (!this.#rename || !RENAME_REFUSALS.has(error.code)) return false;
    this.#endRename(error);
    return true;
  }

  #next() {
    this.#isInFlight = false;
    this.#alarm.clear();
    return this.#pages.shift();
  }

  /** @param {Refusal} why */
  #endRename(why) {
    this.#rename?.ends.reject(new Refused(why));
    this.#rename = undefined;
  }
}
