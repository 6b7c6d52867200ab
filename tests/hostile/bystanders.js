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
  #said = 0;
  #seen = 0;

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

  /** Has the talker say something, and the listener hear all until then: this and nothing else. @param {...string} others what else there is to hear, in order */
  async notice(...others) {
    const heard = await this.hear();
    assert.deepEqual(heard.map(gist), others);
  }

  /** What the listener heard since the last time, but for what the talker said: that must be there, once, in order. */
  async hear() {
    this.#said += 1;
    const text = `line ${this.#said}`;
    const { seq } = await this.talker.say(text);
    await this.listener.until(() => this.listener.frames.some((frame) => frame.type === "message" && frame.seq === seq));
    const frames = this.listener.frames.slice(this.#seen);
    this.#seen = this.listener.frames.length;
    const own = frames.filter((frame) => frame.from?.id === this.talker.you.id);
    assert.deepEqual(own.map((frame) => frame.text), [text], "the talker's messages arrive once, in order");
    assert.ok(this.talker.isOpen && this.listener.isOpen);
    return frames.filter((frame) => !own.includes(frame));
  }

  /** Asserts that all that was heard from the first moment on has no gap. */
  assertWhole() {
    const seqs = this.listener.log.map((message) => message.seq);
    assert.deepEqual(seqs, seqs.map((_, index) => (seqs[0] ?? 1) + index));
  }
}
