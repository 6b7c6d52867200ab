// @ts-check
// One's own lines until they are known to be stored, in the order they were said; kept across reloads.
//
// One send is in flight at a time. So a line refused for its rate never lets a later one overtake it,
// and an impatient sender never piles up refusals until the server hangs up (4429).
//
// The server knows a send again by member and id, for a day at least. So a send that was tried goes out
// again by itself only as the same member and within that day; otherwise it might be said twice, and is
// offered as failed instead.

import { Alarm } from "./clock.js";
import { randomId } from "./random-id.js";
import { promised, Refused } from "./refused.js";

/** @typedef {import("./parlor.js").Send} Send */
/** @typedef {import("./parlor.js").Message} Message */
/** @typedef {import("./parlor.js").Refusal} Refusal */
/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {{ epoch: string, member: number, frame_bytes_max: number }} Joined  As whom, into what. */

/**
 * @typedef {object} Options
 * @property {import("./parlor.js").Clock} clock
 * @property {import("./store.js").Keeper} keeper
 * @property {(frame: import("./parlor.js").SendFrame) => void} transmit
 * @property {object} on
 * @property {(send: Send) => void} on.pending
 * @property {(send: Send, message: Message) => void} on.sent
 * @property {(send: Send, why: Refusal) => void} on.failed
 */

const ECHO_MS_MAX = 10_000; // from `send` to its own `message`
const TEMPORARY_WAIT_MS = 1_000; // where a temporary error names no wait
const WAIT_MS_MAX = 60_000; // whom the room makes wait longer is told, and sends it again if it still matters
/** Temporary for the room, but a matter of people: trying again by itself would be no use, and rude. */
const FOR_PEOPLE = new Set(["muted", "room_locked"]);
const AGE_MS_MAX = 24 * 3_600_000; // for so long at least the server knows an id again
/** A line that the room failed on this often is given up: it may be the line that fails the room. */
const ATTEMPTS_MAX = 5;
const ROOM_FAULT = 1011;

const EXPIRED = { code: "expired", message: "It waited for more than a day." };
const MAYBE_SENT = { code: "maybe_sent", message: "It may have been sent before." };
const TOO_LONG = { code: "text_too_long", message: "The message is too long." };
const NO_ANSWER = { code: "no_answer", message: "The room did not answer." };

/** @implements {Send} @implements {Entry} */
class Line {
  /** @type {Send["status"]} */
  status = "pending";
  /** @type {Refusal | undefined} */
  failure;
  /** @type {Entry["triedAs"]} */
  triedAs;
  attempts = 0; // in a row that came to nothing
  /** @type {PromiseWithResolvers<Message>} */
  #ends = promised();

  /** @param {Entry} entry @param {boolean} isOurs  Said in this run, not left by an earlier one or by another tab. */
  constructor({ id, text, replyTo, said_at, order, triedAs, failure }, isOurs) {
    this.id = id;
    this.text = text;
    if (replyTo !== undefined) this.replyTo = replyTo;
    this.said_at = said_at;
    this.order = order;
    this.triedAs = triedAs;
    this.isOurs = isOurs;
    if (failure) this.fail(failure);
  }

  get stored() {
    return this.#ends.promise;
  }

  /** @param {Refusal} why */
  fail(why) {
    this.status = "failed";
    this.failure = why;
    this.abandon(why);
  }

  /** Nobody will tell what becomes of it. @param {Refusal} why */
  abandon(why) {
    this.#ends.reject(new Refused(why));
  }

  /** @param {Message} message */
  succeed(message) {
    this.status = "sent";
    this.failure = undefined;
    this.#ends.resolve(message);
  }

  /** Is said anew. @param {number} now_ms @param {number} order */
  revive(now_ms, order) {
    if (this.failure?.code === MAYBE_SENT.code) this.triedAs = undefined; // who asks for it knows
    this.status = "pending";
    this.failure = undefined;
    this.isOurs = true;
    this.attempts = 0;
    this.said_at = now_ms;
    this.order = order;
    this.#ends = promised();
  }

  toFrame() {
    const { id, text, replyTo } = this;
    return { type: /** @type {const} */ ("send"), id, text, ...(replyTo === undefined ? {} : { reply_to: replyTo }) };
  }
}

export class Outbox {
  #clock;
  #keeper;
  #transmit;
  #on;
  /** @type {Line[]} */
  #lines;
  /** Set while there is a connection. @type {Joined | undefined} */
  #joined;
  /** Set once there will be none. @type {Refusal | undefined} */
  #end;
  #isInFlight = false; // the head was sent on this connection and not answered
  #alarm;

  /** @param {Options} options */
  constructor({ clock, keeper, transmit, on }) {
    this.#clock = clock;
    this.#keeper = keeper;
    this.#transmit = transmit;
    this.#on = on;
    this.#alarm = new Alarm(clock, () => this.#due());
    this.#lines = keeper.load().map((entry) => new Line(entry, false));
    for (const line of this.#lines) if (line.status === "pending" && this.#isTooOld(line)) line.fail(EXPIRED);
  }

  /** What is pending or failed, in the order it was said. @returns {readonly Send[]} */
  get sends() {
    return this.#lines;
  }

  /** @param {string} text @param {{ replyTo?: number, id?: string }} options @returns {Send} */
  send(text, { replyTo, id = randomId() }) {
    const known = this.#find(id);
    if (known) return known;
    const line = new Line({ id, text, replyTo, said_at: this.#clock.now(), order: this.#nextOrder() }, true);
    return this.#add(line);
  }

  /** Sends what failed once more, behind all others. @param {string} id @returns {Send | undefined} */
  retry(id) {
    const line = this.#find(id);
    if (line?.status !== "failed") return undefined;
    this.#take(line);
    line.revive(this.#clock.now(), this.#nextOrder());
    return this.#add(line);
  }

  /** @param {string} id */
  discard(id) {
    const line = this.#find(id);
    if (!line) return;
    this.#remove(line);
    line.abandon({ code: "discarded", message: "The message was discarded." });
    this.#pump();
  }

  /** There is a connection, as this member. @param {Joined} joined */
  open(joined) {
    this.#joined = joined;
    for (const line of this.#pending) {
      if (line.triedAs && !isSame(line.triedAs, joined)) this.#fail(line, MAYBE_SENT);
    }
    this.#pump();
  }

  /** The connection is gone. @param {number} code */
  cut(code) {
    const failedTheRoom = code === ROOM_FAULT && this.#isInFlight;
    this.#joined = undefined;
    this.#settle();
    if (failedTheRoom) this.#countAttempt();
  }

  /** There will be no connection: after `close()` what is pending stays so, for the next run. @param {Refusal} why */
  end(why) {
    this.#end = why;
    for (const line of this.#pending) {
      if (why.code === "closed") line.abandon(why);
      else this.#fail(line, why);
    }
  }

  /** Sees a stored message: it may be one of these. @param {Message} message @param {number} [you] */
  acknowledge(message, you) {
    const line = this.#find(message.id);
    const isOwn = line && (message.from.id === you || message.from.id === line.triedAs?.member);
    if (!isOwn) return;
    this.#remove(line);
    line.succeed(message);
    this.#on.sent(line, message);
    this.#pump();
  }

  /** The room refused a send. @param {string} id @param {import("./parlor.js").ErrorFrame} error */
  refused(id, error) {
    const head = this.#head;
    if (!head || !this.#isInFlight || head.id !== id) return; // answered before
    this.#settle();
    const why = { code: error.code, message: error.message };
    const isLong = (error.retry_after_ms ?? 0) > WAIT_MS_MAX;
    if (!error.temporary || isLong || FOR_PEOPLE.has(error.code)) {
      this.#fail(head, why);
    } else if (error.code === "rate_limited" || this.#countAttempt(why)) {
      this.#alarm.set(error.retry_after_ms ?? TEMPORARY_WAIT_MS);
      return;
    }
    this.#pump();
  }

  get #pending() {
    return this.#lines.filter(({ status }) => status === "pending");
  }

  /** The line whose turn it is. */
  get #head() {
    return this.#lines.find(({ status }) => status === "pending");
  }

  /** Sends the head, unless it is on its way or told to wait. */
  #pump() {
    const joined = this.#joined;
    for (let head = this.#head; head && joined && !this.#isInFlight && !this.#alarm.isSet; head = this.#head) {
      const problem = this.#problemOf(head, joined);
      if (problem) this.#fail(head, problem);
      else this.#dispatch(head, joined);
      if (joined !== this.#joined) return; // a listener hung up
    }
  }

  /** Says why the line must not go out now, if so. @param {Line} line @param {Joined} joined @returns {Refusal | undefined} */
  #problemOf(line, joined) {
    if (this.#isTooOld(line)) return EXPIRED;
    const bytes = new TextEncoder().encode(JSON.stringify(line.toFrame())).length;
    if (bytes > joined.frame_bytes_max) return TOO_LONG; // would end the connection
    if (line.triedAs || line.isOurs) return undefined;
    const kept = this.#keeper.read(line.id); // another tab may have come before us
    line.triedAs = kept?.triedAs;
    return !kept || (kept.triedAs && !isSame(kept.triedAs, joined)) ? MAYBE_SENT : undefined;
  }

  /** @param {Line} line @param {Joined} joined */
  #dispatch(line, { epoch, member }) {
    if (!line.triedAs) {
      line.triedAs = { epoch, member };
      this.#keeper.save(line);
    }
    this.#isInFlight = true;
    this.#alarm.set(ECHO_MS_MAX);
    this.#transmit(line.toFrame());
  }

  /** The wait is over: for an answer, or for leave to send again. */
  #due() {
    if (this.#isInFlight) this.#countAttempt();
    this.#isInFlight = false;
    this.#pump();
  }

  /** Counts a vain try of the head; returns false where that was the last. @param {Refusal} [why] */
  #countAttempt(why = NO_ANSWER) {
    const head = this.#head;
    if (!head) return false;
    head.attempts += 1;
    if (head.attempts < ATTEMPTS_MAX) return true;
    this.#fail(head, why);
    return false;
  }

  /** @param {Line} line */
  #add(line) {
    this.#lines.push(line);
    this.#keeper.save(line);
    this.#on.pending(line);
    if (this.#end) this.#fail(line, this.#end);
    else this.#pump();
    return line;
  }

  /** @param {Line} line @param {Refusal} why */
  #fail(line, why) {
    if (line === this.#head) this.#settle();
    line.fail(why);
    this.#keeper.save(line);
    this.#on.failed(line, why);
  }

  /** @param {Line} line */
  #remove(line) {
    this.#take(line);
    this.#keeper.remove(line.id);
  }

  /** @param {Line} line */
  #take(line) {
    if (line === this.#head) this.#settle();
    this.#lines = this.#lines.filter((other) => other !== line);
  }

  /** Nothing is in flight. */
  #settle() {
    this.#isInFlight = false;
    this.#alarm.clear();
  }

  /** @param {string} id */
  #find(id) {
    return this.#lines.find((line) => line.id === id);
  }

  #nextOrder() {
    return (this.#lines.at(-1)?.order ?? 0) + 1; // lines stand in order
  }

  /** A clock that is wrong by a day is no proof of freshness. @param {Line} line */
  #isTooOld({ said_at }) {
    return Math.abs(this.#clock.now() - said_at) > AGE_MS_MAX;
  }
}

/** @param {{ epoch: string, member: number }} a @param {{ epoch: string, member: number }} b */
function isSame(a, b) {
  return a.epoch === b.epoch && a.member === b.member;
}
