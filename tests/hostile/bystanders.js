// @ts-check
/**
 * Two members of a room who chat while somebody else attacks it: one talks, one listens. What the listener gets
 * is compared, frame by frame, with what the talker said and with what the attack is known to lead to.
 */
import assert from "node:assert/strict";
import { Client } from "../harness.js";

/** @typedef {import("../client.js").Frame} Frame */

/** What of a frame two people can agree on beforehand. @param {Frame} frame */
function gist(frame) {
  if (frame.type === "message") return `${frame.from.name}: ${frame.text}`;
  if (frame.type === "typing") return `typing ${frame.on}`;
  return `${frame.type} ${frame.member?.name ?? ""}`.trim();
}

export class Bystanders {
  /** Lines that the talker has begun to say, and that the listener was found to have heard. */
  #said = 0;
  #heard = 0;
  #seen = 0;
  #isTalking = false;

  /** @param {Client} talker @param {Client} listener */
  constructor(talker, listener) {
    this.talker = talker;
    this.listener = listener;
  }

  /** @param {import("../harness.js").Server} server @param {string} room @param {import("../client.js").ConnectOptions} [options] */
  static async join(server, room, options) {
    const talker = await Client.join(server, room, "Ada", options);
    const listener = await Client.join(server, room, "Bo", options);
    const both = new Bystanders(talker, listener);
    await talker.next("joined");
    both.#seen = listener.frames.length;
    return both;
  }

  /** Does something while the talker says one line after another, each once the one before is stored. @param {() => Promise<void>} act */
  async meanwhile(act) {
    this.#isTalking = true;
    const talk = async () => {
      while (this.#isTalking) await this.#say();
    };
    const talking = talk();
    talking.catch(() => {}); // it is awaited below
    try {
      await act();
    } finally {
      this.#isTalking = false;
      await talking;
    }
  }

  async #say() {
    this.#said += 1;
    await this.talker.say(`line ${this.#said}`);
  }

  /** Asserts what else there was to hear, in order, and that the talker was heard. @param {...string} others */
  async notice(...others) {
    const heard = await this.hear();
    assert.deepEqual(heard.map(gist), others);
  }

  /**
   * What the listener heard since the last time, until a line that was begun after this call. What the talker said
   * is left out: it must be there, once, in order.
   */
  async hear() {
    const text = `line ${this.#said + 1}`;
    const saying = this.#say();
    const { frames } = this.listener;
    const isLast = (/** @type {Frame} */ frame) => this.#isOwn(frame) && frame.text === text;
    await Promise.all([saying, this.listener.until(() => frames.some(isLast))]);
    const heard = frames.slice(this.#seen, frames.findIndex(isLast) + 1);
    this.#seen += heard.length;
    const own = heard.filter((frame) => this.#isOwn(frame));
    const lines = own.map((_, index) => `line ${this.#heard + 1 + index}`);
    this.#heard += own.length;
    assert.deepEqual(own.map((frame) => frame.text), lines, "the talker's messages arrive once, in order");
    assert.ok(this.talker.isOpen && this.listener.isOpen);
    return heard.filter((frame) => !this.#isOwn(frame));
  }

  /** @param {Frame} frame */
  #isOwn(frame) {
    return frame.type === "message" && frame.from.id === this.talker.you.id;
  }

  /** Asserts that all that was heard from the first moment on has no gap. */
  assertWhole() {
    const seqs = this.listener.log.map((message) => message.seq);
    assert.deepEqual(seqs, seqs.map((_, index) => (seqs[0] ?? 1) + index));
  }
}
