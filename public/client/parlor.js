// @ts-check
// @ts-self-types="./parlor.d.ts"
// The client of parlor.v1: one member in one room, through cuts, restarts, half-open links and reloads.
// For browsers, Node and Deno, without a build or a dependency. docs/CLIENT.md tells how to use it,
// parlor.d.ts has its types.
//
//   import { connect } from "https://host/client/parlor.js";
//
//   const room = connect("https://host/kitchen", { name: "Ada" });
//   room.on("reset", ({ messages }) => messages.forEach(show));
//   room.on("message", show);
//   const message = await room.send("Hello").stored;
//   room.close();
//
// Invariants: what `reset` and `message` bring has no gap and no double; a send is repeated with its id
// until it is stored or refused for good, also after a reload; sends reach the room in the order in
// which they were made; no listener is called inside `connect`.

import { systemClock } from "./clock.js";
import { Emitter } from "./events.js";
import { Link } from "./link.js";
import { watchNetwork } from "./network.js";
import { Orders } from "./orders.js";
import { Outbox } from "./outbox.js";
import { Presence } from "./presence.js";
import { Refused } from "./refused.js";
import { Requests } from "./requests.js";
import { Sequence } from "./sequence.js";
import { defaultStore, Keeper, tidy } from "./store.js";

export { Refused };

/** @typedef {import("./parlor.js").Room} Room */
/** @typedef {import("./parlor.js").Frame} Frame */
/** @typedef {import("./parlor.js").Welcome} Welcome */
/** @typedef {import("./parlor.js").Message} Message */
/** @typedef {import("./parlor.js").ErrorFrame} ErrorFrame */

/** @type {typeof import("./parlor.js").connect} */
export const connect = (url, options) => new JoinedRoom(url, options);

/** @implements {Room} */
class JoinedRoom {
  #events = new Emitter();
  #address;
  #token;
  #link;
  #outbox;
  #requests;
  #orders;
  #presence;
  #sequence;
  #keeper;
  #name;
  #session;
  #unwatch;
  /** @type {Welcome | undefined} */
  #welcome;
  /** @type {import("./parlor.js").Rules | undefined} */
  #rules;

  /** @param {string | URL} url @param {import("./parlor.js").Options} options */
  constructor(url, options) {
    const clock = options.clock ?? systemClock;
    const address = roomUrl(url);
    this.#address = address;
    this.#token = options.token;
    this.#name = options.name.toWellFormed();
    const store = options.store === undefined ? defaultStore() : options.store;
    this.#keeper = new Keeper(store ?? undefined, address.host + address.pathname, this.#name);
    this.#session = options.session;
    this.#sequence = new Sequence(options.after);
    this.#presence = new Presence(clock, () => this.#events.emit("typing", this.typists));
    this.#outbox = new Outbox({
      clock,
      keeper: this.#keeper,
      transmit: (frame) => this.#link.transmit(frame),
      on: {
        pending: (send) => this.#events.emit("pending", send),
        sent: (send, message) => this.#events.emit("sent", send, message),
        failed: (send, why) => this.#events.emit("failed", send, why),
      },
    });
    let turns = 0;
    const turn = () => (turns += 1);
    this.#requests = new Requests({
      clock,
      turn,
      transmit: (frame) => this.#link.transmit(frame),
      onSilence: () => this.#link.resync("no answer"),
    });
    this.#orders = new Orders({ clock, turn, transmit: (frame) => this.#link.transmit(frame) });
    this.#link = new Link(address.href, {
      clock,
      random: options.random ?? Math.random,
      WebSocket: options.WebSocket ?? WebSocket,
      token: options.token,
      join: () => this.#join(),
      on: {
        status: (status) => this.#events.emit("status", status),
        frame: (frame) => this.#take(frame),
        cut: (code) => {
          this.#outbox.cut(code);
          this.#requests.cut();
          this.#orders.cut();
        },
        ended: (code, message) => {
          this.#outbox.end({ code, message });
          this.#requests.end({ code, message });
        },
      },
    });
    this.#unwatch = watchNetwork(this);
  }

  get status() {
    return this.#link.status;
  }

  get name() {
    return this.#name;
  }

  get you() {
    return this.#presence.you;
  }

  get members() {
    return this.#presence.members;
  }

  get member_count() {
    return this.#presence.member_count;
  }

  get typists() {
    return this.#presence.typists;
  }

  get limits() {
    return this.#welcome?.limits;
  }

  get role() {
    return this.#welcome && (this.#welcome.role ?? "member");
  }

  get rules() {
    return this.#rules;
  }

  get session() {
    return this.#welcome?.session ?? this.#session ?? this.#keeper.session;
  }

  get position() {
    return this.#sequence.position;
  }

  get unsent() {
    return this.#outbox.sends;
  }

  /** @param {string} text @param {{ replyTo?: number, id?: string }} [options] */
  send(text, options = {}) {
    return this.#outbox.send(text.toWellFormed(), options); // half a character would make the frame no JSON to the server
  }

  /** @param {string} id */
  retry(id) {
    return this.#outbox.retry(id);
  }

  /** @param {string} id */
  discard(id) {
    this.#outbox.discard(id);
  }

  /** @param {boolean} on */
  typing(on) {
    return this.#link.transmit({ type: "typing", on });
  }

  /** @param {string} name */
  rename(name) {
    const { you } = this;
    if (you?.name === tidy(name)) return Promise.resolve(you); // the room would not answer
    return this.#requests.rename(name.toWellFormed());
  }

  /** @param {{ before?: number, after?: number, limit?: number }} [page] */
  history(page = {}) {
    return this.#requests.history(page);
  }

  /** @param {import("./parlor.js").Order} order */
  moderate(order) {
    return this.#orders.ask(order);
  }

  /** @param {number} seq @param {string} reason */
  report(seq, reason) {
    return this.#orders.ask({ type: "report", seq, reason: reason.toWellFormed() });
  }

  /** @param {{ before?: number, limit?: number }} [page] */
  async records(page = {}) {
    const { readRecords } = await import("./records.js"); // of the few who keep order
    return readRecords(this.#address, this.#token, page);
  }

  /** @type {Room["on"]} */
  on(event, listener) {
    return this.#events.on(event, listener);
  }

  /** @type {Room["off"]} */
  off(event, listener) {
    this.#events.off(event, listener);
  }

  retryNow() {
    this.#link.retryNow();
  }

  check() {
    this.#link.check();
  }

  online() {
    this.#link.online();
  }

  offline() {
    this.#link.offline();
  }

  close() {
    this.#unwatch();
    this.#presence.close();
    this.#link.close();
  }

  #join() {
    /** @type {import("./parlor.js").JoinFrame} */
    const frame = { type: "join", name: this.#name };
    const { session, position } = this;
    if (session !== undefined) frame.session = session;
    if (position !== undefined) frame.after = position;
    return frame;
  }

  /** @param {Frame} frame */
  #take(frame) {
    switch (frame.type) {
      case "welcome":
        return this.#welcomed(frame);
      case "message":
        return this.#said(frame);
      case "joined":
      case "renamed":
      case "left":
        return this.#moved(frame);
      case "presence":
        this.#presence.count(frame);
        return this.#events.emit("members", frame);
      case "typing":
        return this.#presence.typing(frame);
      case "history":
        return this.#requests.answered(frame);
      case "deleted":
        return this.#events.emit("deleted", [frame.seq]);
      case "cleared":
        this.#sequence.clear(frame.epoch);
        return this.#events.emit("reset", { messages: [], more: false });
      case "rules":
        return this.#ruled(frame);
      case "record":
        this.#orders.answered(frame, this.you?.id);
        return this.#events.emit("record", frame);
      case "reported":
        this.#orders.answered(frame, undefined);
        return this.#events.emit("reported", frame.seq);
      case "error":
        return this.#refused(frame);
    }
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    const start = this.#sequence.welcome(welcome);
    if (start === "broken") return this.#link.resync("a resume with a hole");
    this.#welcome = welcome;
    this.#keeper.keepSession(welcome.session);
    this.#call(welcome.you.name);
    this.#presence.welcome(welcome);
    this.#events.emit("welcome", welcome);
    this.#events.emit("members", welcome);
    this.#events.emit("typing", this.typists);
    this.#ruled(welcome.rules);
    if (start === "reset") {
      this.#events.emit("reset", { messages: welcome.messages, more: welcome.more });
      for (const message of welcome.messages) this.#outbox.acknowledge(message, welcome.you.id);
    }
    for (const message of start === "resumed" ? welcome.messages : []) {
      if (this.#isOn(welcome)) this.#said(message);
    }
    if (start === "resumed" && welcome.deleted) this.#events.emit("deleted", welcome.deleted);
    if (!this.#isOn(welcome)) return; // a listener hung up
    this.#outbox.open({ epoch: welcome.epoch, member: welcome.you.id, frame_bytes_max: welcome.limits.frame_bytes_max });
    this.#requests.open();
  }

  /** @param {Message} message */
  #said(message) {
    const place = this.#sequence.take(message.seq);
    if (place === "gap") return this.#link.resync("a gap");
    if (place === "next") {
      this.#presence.spoke(message.from.id);
      this.#events.emit("message", message);
    }
    this.#outbox.acknowledge(message, this.#welcome?.you.id); // one seen before too: it answers a repeated send
  }

  /** @param {import("./parlor.js").JoinedFrame | import("./parlor.js").RenamedFrame | import("./parlor.js").LeftFrame} frame */
  #moved(frame) {
    this.#presence.take(frame);
    if (frame.type === "renamed" && frame.member.id === this.you?.id) {
      this.#call(frame.member.name);
      this.#requests.renamed(frame.member);
    }
    this.#events.emit("members", frame);
  }

  /** @param {import("./parlor.js").Rules} [rules] */
  #ruled({ locked, slow_mode_ms } = { locked: false, slow_mode_ms: 0 }) {
    this.#rules = { locked, slow_mode_ms };
    this.#events.emit("rules", this.#rules);
  }

  /** @param {ErrorFrame} error */
  #refused(error) {
    // Answers come in the order of the questions.
    const isOfName = () => this.#requests.renamesSince < this.#orders.since && this.#requests.renameRefused(error);
    if (error.id !== undefined) this.#outbox.refused(error.id, error);
    else if (!isOfName() && !this.#orders.refused(error) && !this.#requests.refused(error)) this.#events.emit("error", error);
  }

  /** Goes by this name from now on. @param {string} name */
  #call(name) {
    this.#name = name;
    this.#keeper.rename(name, this.unsent.map(({ id }) => id));
  }

  /** Whether the connection is still the one that this welcome began. @param {Welcome} welcome */
  #isOn(welcome) {
    return this.#welcome === welcome && this.#link.status.phase === "live";
  }
}

/** @param {string | URL} url */
function roomUrl(url) {
  const address = new URL(url, globalThis.location?.href);
  address.protocol = address.protocol.replace("http", "ws");
  address.hash = "";
  return address;
}
