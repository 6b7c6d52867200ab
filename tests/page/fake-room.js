// @ts-check
// A connection under test with a fake clock and fake sockets: the test plays the room.

import { connect } from "../../public/page/connection.js";
import { FakeClock } from "./fake-clock.js";

/** @typedef {import("../../public/page/connection.js").Options} Options */
/** @typedef {import("../../public/page/protocol.js").Welcome} Welcome */

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

/** @param {Partial<Options>} [options] */
export function openRoom(options = {}) {
  const clock = new FakeClock();
  /** @type {FakeSocket[]} */
  const sockets = [];
  /** @type {any[][]} */
  const events = [];
  /** @param {string} name */
  const record = (name) => (/** @type {any[]} */ ...values) => void events.push([name, ...values]);
  const connection = connect({
    url: "https://parlor.example",
    room: "tea",
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
    on: {
      state: record("state"),
      frame: record("frame"),
      error: record("error"),
      acknowledged: record("acknowledged"),
      failed: record("failed"),
    },
    ...options,
  });

  const room = {
    clock,
    connection,
    sockets,
    /** The newest socket. */
    get socket() {
      return /** @type {FakeSocket} */ (sockets.at(-1));
    },
    /** Frames the client sent on the newest socket, of one type. @param {string} type */
    sent: (type) => room.socket.sent.filter((frame) => frame.type === type),
    /** What the listeners with this name were told, oldest first. @param {string} name */
    events: (name) => events.filter((event) => event[0] === name).map((event) => event.slice(1)),
    /** @param {object} frame */
    say: (frame) => room.socket.onmessage?.({ data: JSON.stringify(frame) }),
    /** @param {number} code */
    drop: (code, reason = "") => room.socket.onclose?.({ code, reason }),
    /** Opens the newest socket and welcomes the client. @param {Partial<Welcome>} [fields] */
    welcome(fields) {
      room.socket.onopen?.({});
      room.say(welcome(fields));
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

/** A stored message. @param {number} seq @param {Partial<import("../../public/page/protocol.js").Message>} [fields] */
export function message(seq, fields = {}) {
  return { type: /** @type {const} */ ("message"), seq, id: `id-${seq}`, from: BO, text: `line ${seq}`, sent_at: 1_700_000_000_000 + seq, ...fields };
}
