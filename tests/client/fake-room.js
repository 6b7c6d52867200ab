// @ts-check
// A client under test with a fake clock, fake sockets and a fake store: the test plays the room.

import { connect } from "../../public/client/parlor.js";
import { FakeClock } from "./fake-clock.js";

/** @typedef {import("../../public/client/parlor.js").Events} Events */
/** @typedef {import("../../public/client/parlor.js").Options} Options */
/** @typedef {import("../../public/client/parlor.js").Welcome} Welcome */

const EVENTS = /** @type {const} */ (["status", "welcome", "reset", "message", "pending", "sent", "failed", "members", "deleted", "rules", "record", "reported", "typing", "error"]);

export const ADA = { id: 1, name: "Ada", color: "#8a5a00" };
export const BO = { id: 2, name: "Bo", color: "#0b6e99" };

/** The client's end of a WebSocket; the test has the other. */
class FakeSocket {
  /** @type {any[]} */
  sent = [];
  isClosed = false;
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;

  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }
}

/** A Web Storage of one's own, for tabs to share. */
export class FakeStore {
  /** @type {Map<string, string>} */
  entries = new Map();

  get length() {
    return this.entries.size;
  }

  /** @param {number} index */
  key(index) {
    return [...this.entries.keys()][index] ?? null;
  }

  /** @param {string} key */
  getItem(key) {
    return this.entries.get(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.entries.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.entries.delete(key);
  }

  /** The texts of the sends that are kept. */
  get texts() {
    return [...this.entries].flatMap(([key, value]) => (key.startsWith("parlor.send ") ? JSON.parse(value).text : []));
  }
}

/** @param {Partial<Options> & { url?: string, clock?: FakeClock }} [options] */
export function openRoom({ url = "https://parlor.example/tea", clock = new FakeClock(), ...options } = {}) {
  /** @type {FakeSocket[]} */
  const sockets = [];
  /** @type {[keyof Events, any[]][]} */
  const events = [];
  const client = connect(url, {
    name: "Ada",
    clock,
    random: () => 0.5,
    WebSocket: /** @type {any} */ (
      class extends FakeSocket {
        /** @param {string} url @param {string[]} protocols */
        constructor(url, protocols) {
          super(url, protocols);
          sockets.push(this);
        }
      }
    ),
    ...options,
  });
  for (const name of EVENTS) client.on(name, (...values) => void events.push([name, values]));

  const room = {
    clock,
    client,
    sockets,
    /** The newest socket. */
    get socket() {
      return /** @type {FakeSocket} */ (sockets.at(-1));
    },
    /** Frames the client sent on the newest socket, of one type. @param {string} type */
    sent: (type) => room.socket.sent.filter((frame) => frame.type === type),
    /** What the listeners of this event were told, oldest first. @template {keyof Events} E @param {E} name @returns {Events[E][]} */
    events: (name) => events.flatMap(([event, values]) => (event === name ? [/** @type {any} */ (values)] : [])),
    /** The names of all events so far. */
    get eventNames() {
      return events.map(([name]) => name);
    },
    /** The seqs of the events `message`. */
    get seqs() {
      return room.events("message").map(([{ seq }]) => seq);
    },
    /** @param {object} frame */
    say: (frame) => room.socket.onmessage?.({ data: JSON.stringify(frame) }),
    /** @param {number} code */
    drop: (code, reason = "") => room.socket.onclose?.({ code, reason }),
    /** Opens the newest socket and welcomes the client. @param {Partial<Welcome>} [fields] */
    welcome(fields) {
      room.socket.onopen?.({});
      room.say(welcome(fields));
    },
    /** Drops the connection, waits for the next one and welcomes the client there. @param {Partial<Welcome>} [fields] */
    reconnect(fields) {
      room.drop(1006);
      clock.pass(clock.next_ms ?? 0);
      room.welcome(fields);
    },
  };
  return room;
}

/** @param {Partial<Welcome>} [fields] @returns {Welcome} */
export function welcome(fields = {}) {
  return {
    type: "welcome",
    protocol: 1,
    room: "tea",
    epoch: "e1",
    head: 0,
    you: ADA,
    session: "session-1",
    members: [ADA],
    member_count: 1,
    limits: { text_chars_max: 2000, name_chars_max: 30, rate_burst: 10, rate_per_second: 2, history_limit_max: 200, frame_bytes_max: 65_536 },
    recovered: false,
    messages: [],
    more: false,
    ...fields,
  };
}

/** A stored message. @param {number} seq @param {Partial<import("../../public/client/parlor.js").Message>} [fields] */
export function message(seq, fields = {}) {
  return { type: /** @type {const} */ ("message"), seq, id: `id-${seq}`, from: BO, text: `line ${seq}`, sent_at: 1_700_000_000_000 + seq, ...fields };
}
