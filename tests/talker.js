// @ts-check
/**
 * One person with much to say, who behaves as a good client does: resumes after each end of the
 * connection, and repeats with the same id what was not acknowledged.
 */
import assert from "node:assert/strict";
import { Client } from "./client.js";

/** @typedef {import("./client.js").Frame} Frame */

/** What one person means to say: sends all of it in time, and again after a crash what was not acknowledged. */
export class Talker {
  /** @type {Client | undefined} */ client;
  /** Texts by id. @type {Map<string, string>} */ unacknowledged = new Map();
  /** Every message of the room as seen across reconnects. @type {Frame[]} */ log = [];

  /** @param {import("./harness.js").Server} server @param {string} room @param {string} name */
  constructor(server, room, name) {
    this.server = server;
    this.room = room;
    this.name = name;
  }

  /** Joins, or resumes after the last message seen. */
  async join() {
    const before = this.client?.welcome;
    const resume = before && { session: before.session, after: { epoch: before.epoch, seq: this.log.at(-1)?.seq ?? 0 } };
    const client = await Client.join(this.server, this.room, this.name, resume);
    assert.equal(client.welcome.recovered, before !== undefined);
    for (const message of client.welcome.messages) this.#see(message);
    this.client = client;
    this.sayAgain();
  }

  /** @param {string} text */
  say(text) {
    this.unacknowledged.set(/** @type {Client} */ (this.client).send(text), text);
  }

  /** Sends all that is not acknowledged once more, as a client does that has waited too long for an echo. */
  sayAgain() {
    for (const [id, text] of this.unacknowledged) this.client?.send(text, { id });
  }

  /** Waits until everything said is acknowledged; comes back as often as it takes. */
  async allAcknowledged() {
    const client = /** @type {Client} */ (this.client);
    await client.until(() => (this.collect(), this.unacknowledged.size === 0 || !client.isOpen));
    if (this.unacknowledged.size === 0) return;
    await this.join();
    await this.allAcknowledged();
  }

  /** Takes over what arrived on the connection; one's own echo acknowledges. */
  collect() {
    const { frames } = /** @type {Client} */ (this.client);
    for (const frame of frames.splice(0)) if (frame.type === "message") this.#see(frame);
  }

  /** @param {Frame} message */
  #see(message) {
    this.unacknowledged.delete(message.id);
    if (message.seq > (this.log.at(-1)?.seq ?? 0)) this.log.push(message);
    else assert.equal(message.from.name, this.name, "only the answer to one's own repeat is older than the last");
  }
}
