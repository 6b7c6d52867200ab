// @ts-check
// What moderators ask for, and reports to them. Answers carry no id but come in the order of the
// questions: a record of one's own, `reported`, or a refusal.

import { Alarm } from "./clock.js";
import { promised, Refused } from "./refused.js";

/** @typedef {import("./parlor.js").Order | import("./parlor.js").ReportFrame} Asked */
/** @typedef {import("./parlor.js").RecordFrame | import("./parlor.js").ReportedFrame} Answer */

const ANSWER_MS_MAX = 10_000;
const DISCONNECTED = { code: "disconnected", message: "Not connected." };
const NO_ANSWER = { code: "no_answer", message: "The room did not answer." };
/** What the room may answer to one of these. */
const REFUSALS = new Set(["forbidden", "unknown_message", "too_many", "bad_frame", "text_too_long", "rate_limited", "no_answer"]);

export class Orders {
  /** Without an answer yet. @type {{ asked: Asked, turn: number, ends: PromiseWithResolvers<any> }[]} */
  #open = [];
  #transmit;
  #turn;
  #alarm;

  /** @param {{ clock: import("./parlor.js").Clock, transmit: (frame: Asked) => boolean, turn: () => number }} options */
  constructor({ clock, transmit, turn }) {
    this.#transmit = transmit;
    this.#turn = turn;
    this.#alarm = new Alarm(clock, () => this.#end(NO_ANSWER));
  }

  /** @param {Asked} asked @returns {Promise<any>} */
  ask(asked) {
    const ends = promised();
    if (this.#transmit(asked)) {
      this.#open.push({ asked, turn: this.#turn(), ends });
      this.#alarm.set(ANSWER_MS_MAX);
    } else ends.reject(new Refused(DISCONNECTED));
    return ends.promise;
  }

  /** The turn at which the first of those without an answer was asked for. */
  get since() {
    return this.#open[0]?.turn ?? Infinity;
  }

  /** @param {Answer} answer @param {number | undefined} self  One's own id. */
  answered(answer, self) {
    const { asked } = this.#open[0] ?? {};
    const isReported = answer.type === "reported" && asked?.type === "report" && asked.seq === answer.seq;
    const isDone = answer.type === "record" && answer.by.id === self && answer.action === asked?.type && asked.type !== "report";
    if (isReported || isDone) this.#next()?.resolve(answer);
  }

  /** Takes a refusal that names no send; returns whether it answers one of these. @param {import("./parlor.js").ErrorFrame} error */
  refused(error) {
    if (this.#open.length === 0 || !REFUSALS.has(error.code)) return false;
    this.#next()?.reject(new Refused(error));
    return true;
  }

  /** The connection is gone: whether the rest was done is not known. */
  cut() {
    this.#end(DISCONNECTED);
  }

  #next() {
    const first = this.#open.shift();
    if (this.#open.length === 0) this.#alarm.clear();
    return first?.ends;
  }

  /** @param {import("./parlor.js").Refusal} why */
  #end(why) {
    this.#alarm.clear();
    for (const { ends } of this.#open.splice(0)) ends.reject(new Refused(why));
  }
}
