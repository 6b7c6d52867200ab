// @ts-check
// Who is in the room, and who of the others is typing. No socket; its clock is an argument.

import { Alarm } from "./clock.js";

/** @typedef {import("./parlor.js").Member} Member */

const TYPING_MS_MAX = 6_000; // a typist repeats itself every 3 s: one lost frame is forgiven

export class Presence {
  /** @type {Member | undefined} */
  you = undefined;
  /** Those that the server named. @type {Map<number, Member>} */
  members = new Map();
  member_count = 0;
  /** Member id to the time at which they count as stopped, in the order they began. @type {Map<number, number>} */
  #typing = new Map();
  #clock;
  #onTyping;
  #alarm;

  /** @param {import("./parlor.js").Clock} clock @param {() => void} onTyping  Other people are typing than before. */
  constructor(clock, onTyping) {
    this.#clock = clock;
    this.#onTyping = onTyping;
    this.#alarm = new Alarm(clock, () => this.#expire());
  }

  /** The others who are typing, those who began first in front. */
  get typists() {
    return [...this.#typing.keys()].flatMap((id) => this.members.get(id) ?? []);
  }

  /** @param {import("./parlor.js").Welcome} welcome */
  welcome({ you, members, member_count }) {
    this.you = you;
    this.members = new Map(members.map((member) => [member.id, member]));
    this.members.set(you.id, you);
    this.member_count = member_count;
    this.#typing.clear();
    this.#alarm.clear();
  }

  /** @param {import("./parlor.js").JoinedFrame | import("./parlor.js").RenamedFrame | import("./parlor.js").LeftFrame} frame */
  take(frame) {
    this.member_count = frame.member_count;
    if (frame.type === "left") {
      if (frame.member.id === this.you?.id) return; // of a connection before this one
      this.members.delete(frame.member.id);
      this.#stops(frame.member.id);
    } else {
      this.members.set(frame.member.id, frame.member);
      if (frame.member.id === this.you?.id) this.you = frame.member;
    }
  }

  /** How many are there, of a crowd; and who, once it is none any more. @param {import("./parlor.js").PresenceFrame} frame */
  count({ member_count, members }) {
    this.member_count = member_count;
    if (members) this.members = new Map([...members, ...(this.you ? [this.you] : [])].map((member) => [member.id, member]));
  }

  /** @param {import("./parlor.js").TypingFrame} frame */
  typing({ member: { id }, on }) {
    if (!on) return this.#stops(id);
    if (id === this.you?.id) return; // told back by the room
    const isNew = !this.#typing.has(id);
    this.#typing.set(id, this.#clock.now() + TYPING_MS_MAX);
    if (!this.#alarm.isSet) this.#alarm.set(TYPING_MS_MAX);
    if (isNew) this.#onTyping();
  }

  /** Who has said something types no more. @param {number} id */
  spoke(id) {
    this.#stops(id);
  }

  close() {
    this.#alarm.clear();
  }

  /** @param {number} id */
  #stops(id) {
    if (this.#typing.delete(id)) this.#onTyping();
  }

  #expire() {
    const now_ms = this.#clock.now();
    const count = this.#typing.size;
    for (const [id, until_ms] of this.#typing) if (until_ms <= now_ms) this.#typing.delete(id);
    if (this.#typing.size > 0) this.#alarm.set(Math.min(...this.#typing.values()) - now_ms);
    if (this.#typing.size < count) this.#onTyping();
  }
}
