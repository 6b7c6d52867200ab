// @ts-check
// What is known of a room: a fold over the frames of its connection. Pure state: no DOM, no socket,
// no clock (time is an argument).
//
// Invariants: `messages` ascend by seq without a gap and end at `head`; a seq is shown once; a line of
// one's own is either pending or a message, never both. A frame that would break the first is not
// taken: `fold` answers `gap`, and the caller rejoins from `position`.

/** @typedef {import("./protocol.js").Frame} Frame */
/** @typedef {import("./protocol.js").Member} Member */
/** @typedef {import("./protocol.js").Message} Message */
/** @typedef {import("./protocol.js").Welcome} Welcome */
/** @typedef {import("./connection.js").Refusal} Refusal */

/**
 * @typedef {object} Pending  A line of one's own on its way.
 * @property {string} id
 * @property {string} text
 * @property {number} [reply_to]
 * @property {number} said_at  Unix time in milliseconds, this machine's clock.
 * @property {Refusal} [failure]  Set: it was refused, and stays until retried or discarded.
 */

const TYPING_MS_MAX = 6_000; // a typist repeats itself every 3 s: one lost frame is forgiven
const MESSAGES_KEPT = 1_000; // by `trim`

export class Timeline {
  /** Counts the resets: another number means that nothing shown before still holds. */
  generation = 0;
  room = "";
  /** @type {Member | undefined} */
  you = undefined;
  /** @type {import("./protocol.js").Limits | undefined} */
  limits = undefined;
  /** @type {string | undefined} */
  epoch = undefined;
  head = 0;
  /** Whether older messages exist than those here. */
  more = false;
  /** @type {Message[]} */
  messages = [];
  /** @type {Pending[]} */
  pending = [];
  /** Those of the members that the server named. @type {Map<number, Member>} */
  members = new Map();
  member_count = 0;
  /** Member id to the time at which they count as stopped. @type {Map<number, number>} */
  #typing = new Map();

  /** What has been seen, for `join.after`; undefined asks for a fresh snapshot. */
  get position() {
    return this.epoch === undefined ? undefined : { epoch: this.epoch, seq: this.head };
  }

  /**
   * Takes a frame in; one taken twice changes nothing the second time.
   * @param {Frame} frame
   * @param {number} now_ms
   * @returns {{ gap: boolean }} gap: messages are missing before this one, which was not taken
   */
  fold(frame, now_ms) {
    switch (frame.type) {
      case "welcome":
        return { gap: !this.#welcome(frame) };
      case "message":
        this.#typing.delete(frame.from.id);
        return { gap: !this.#append(frame) };
      case "history":
        this.#prepend(frame.messages, frame.more);
        break;
      case "joined":
      case "renamed":
        this.members.set(frame.member.id, frame.member);
        this.member_count = frame.member_count;
        if (frame.member.id === this.you?.id) this.you = frame.member;
        break;
      case "left":
        if (frame.member.id !== this.you?.id) this.members.delete(frame.member.id);
        this.#typing.delete(frame.member.id);
        this.member_count = frame.member_count;
        break;
      case "typing":
        if (frame.on) this.#typing.set(frame.member.id, now_ms + TYPING_MS_MAX);
        else this.#typing.delete(frame.member.id);
        break;
    }
    return { gap: false };
  }

  /** Shows a line of one's own before the room has it. @param {Pending} line */
  say(line) {
    this.pending.push(line);
  }

  /** Marks a line as refused. @param {string} id @param {Refusal} failure */
  fail(id, failure) {
    this.#change(id, (line) => ({ ...line, failure }));
  }

  /** Marks a refused line as on its way again. @param {string} id @returns {Pending | undefined} */
  retry(id) {
    this.#change(id, ({ failure: _, ...line }) => line);
    return this.pending.find((line) => line.id === id);
  }

  /** Forgets a line that never became a message. @param {string} id */
  discard(id) {
    this.pending = this.pending.filter((line) => line.id !== id);
  }

  /** Returns the message with this seq, if it is here. @param {number} seq */
  messageAt(seq) {
    return this.messages[seq - (this.messages[0]?.seq ?? 0)]; // without gaps a seq is an index
  }

  /** Returns the others who are typing, those who began first in front. @param {number} now_ms */
  typists(now_ms) {
    /** @type {Member[]} */
    const typists = [];
    for (const [id, until_ms] of this.#typing) {
      const member = this.members.get(id);
      if (member && id !== this.you?.id && until_ms > now_ms) typists.push(member);
    }
    return typists;
  }

  /** When the next typist counts as stopped, if anybody types. @returns {number | undefined} */
  typingEnds() {
    return this.#typing.size === 0 ? undefined : Math.min(...this.#typing.values());
  }

  /** Forgets the typists whose time is over. @param {number} now_ms */
  expireTyping(now_ms) {
    for (const [id, until_ms] of this.#typing) if (until_ms <= now_ms) this.#typing.delete(id);
  }

  /** Lets go of the oldest messages; a page of history brings them back. */
  trim() {
    if (this.messages.length <= MESSAGES_KEPT) return;
    this.messages = this.messages.slice(-MESSAGES_KEPT);
    this.more = true;
  }

  /** @param {Welcome} welcome @returns {boolean} whether all is there up to the room's head */
  #welcome(welcome) {
    this.room = welcome.room;
    this.you = welcome.you;
    this.limits = welcome.limits;
    this.members = new Map(welcome.members.map((member) => [member.id, member]));
    this.members.set(welcome.you.id, welcome.you);
    this.member_count = welcome.member_count;
    this.#typing.clear();

    if (!welcome.recovered || welcome.epoch !== this.epoch) {
      this.#reset(welcome);
      return true;
    }
    const isWhole = welcome.messages.every((message) => this.#append(message)) && this.head === welcome.head;
    if (!isWhole) this.epoch = undefined; // a resume that isn't one: ask for a snapshot
    return isWhole;
  }

  /** @param {Welcome} snapshot */
  #reset(snapshot) {
    this.generation += 1;
    this.epoch = snapshot.epoch;
    this.head = snapshot.head;
    this.more = snapshot.more;
    this.messages = [...snapshot.messages];
    for (const message of snapshot.messages) this.discard(message.id);
  }

  /** @param {Message} message @returns {boolean} false: messages before this one are missing */
  #append(message) {
    if (message.seq > this.head + 1) return false;
    this.discard(message.id); // stored, even where it is too old to show
    if (message.seq === this.head + 1) {
      this.messages.push(message);
      this.head = message.seq;
    }
    return true;
  }

  /** @param {Message[]} page  Oldest first. @param {boolean} more */
  #prepend(page, more) {
    const first = this.messages[0]?.seq ?? this.head + 1;
    const older = page.filter((message) => message.seq < first);
    const last = older.at(-1);
    if (last && last.seq !== first - 1) return; // not the page before ours
    if (page.length > 0 && !last) return; // a page seen before
    this.messages = [...older, ...this.messages];
    this.more = more;
  }

  /** @param {string} id @param {(line: Pending) => Pending} change */
  #change(id, change) {
    this.pending = this.pending.map((line) => (line.id === id ? change(line) : line));
  }
}
