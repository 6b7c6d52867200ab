// The client's types, and the only place where JavaScript spells the frames of parlor.v1. The modules
// beside it are checked against them by `tsc`; tests/client/types.test.js checks them against the golden
// frames that the Rust server is tested with, field by field, so that neither side can drift.

/** Who a joined connection is. `id` and `color` stay; a name may change. */
export interface Member {
  id: number;
  name: string;
  /** `#rrggbb`, the server's choice. */
  color: string;
}

/** What has been seen of a room, to go on from: see `Options.after`. */
export interface Position {
  epoch: string;
  seq: number;
}

/** A stored chat line. */
export interface Message {
  type: "message";
  /** 1, 2, 3 … without gaps within an epoch. */
  seq: number;
  /** Drawn by its sender, the same on every retry. */
  id: string;
  from: Member;
  text: string;
  /** Unix time in milliseconds, the server's clock. */
  sent_at: number;
  /** The seq it answers. */
  reply_to?: number;
  /** A moderator has deleted it: its text is gone. */
  deleted?: boolean;
}

/** What holds in a room beside its limits. */
export interface Rules {
  /** Only moderators may write. */
  locked: boolean;
  /** Shortest time between two messages of a member who is no moderator. */
  slow_mode_ms: number;
}

/** What one may do; each may do what the ones before may. */
export type Role = "reader" | "member" | "moderator" | "owner";

/** A page of history, oldest first. */
export interface Page {
  messages: Message[];
  /** Older ones exist; newer ones, where the page was asked for by `after`. */
  more: boolean;
}

/** What the server takes. */
export interface Limits {
  text_chars_max: number;
  name_chars_max: number;
  rate_burst: number;
  rate_per_second: number;
  history_limit_max: number;
  frame_bytes_max: number;
}

// The frames.

export interface Welcome extends Page {
  type: "welcome";
  protocol: 1;
  room: string;
  epoch: string;
  /** The last seq, 0 if there is none. */
  head: number;
  you: Member;
  /** Takes the same member up again: a secret of this client. */
  session: string;
  /** At most 200 of them. */
  members: Member[];
  member_count: number;
  limits: Limits;
  /** `member` if absent. */
  role?: Role;
  /** Unlocked and not slow if absent. */
  rules?: Rules;
  /** Messages deleted of late, where the join asked for what was missed. */
  deleted?: number[];
  /** True: `messages` are exactly those missed since the position that was asked for. */
  recovered: boolean;
}

export interface JoinedFrame {
  type: "joined";
  member: Member;
  member_count: number;
}

export interface RenamedFrame {
  type: "renamed";
  member: Member;
  member_count: number;
}

export interface LeftFrame {
  type: "left";
  member: { id: number };
  member_count: number;
}

/** Of a crowd: how many are there. With `members` it is none any more. */
export interface PresenceFrame {
  type: "presence";
  member_count: number;
  members?: Member[];
}

export interface TypingFrame {
  type: "typing";
  member: { id: number };
  on: boolean;
}

export interface HistoryFrame extends Page {
  type: "history";
}

export interface DeletedFrame {
  type: "deleted";
  seq: number;
}

export interface ClearedFrame {
  type: "cleared";
  epoch: string;
}

export interface RulesFrame extends Rules {
  type: "rules";
}

/** What was done to keep order, or reported. */
export interface RecordFrame {
  type: "record";
  /** Unix time in milliseconds. */
  at: number;
  action: string;
  by: { id: number; name: string; sub?: string };
  member?: { id: number; name?: string };
  seq?: number;
  /** Unix time in milliseconds. */
  until?: number;
  on?: boolean;
  interval_ms?: number;
  reason?: string;
}

export interface ReportedFrame {
  type: "reported";
  seq: number;
}

export interface ErrorFrame {
  type: "error";
  code: string;
  /** For people. */
  message: string;
  /** A retry may work. */
  temporary: boolean;
  retry_after_ms?: number;
  /** The send it answers. */
  id?: string;
}

export interface PongFrame {
  type: "pong";
}

/** A frame of the server that is no `batch`. */
export type Frame =
  | Welcome
  | Message
  | JoinedFrame
  | RenamedFrame
  | LeftFrame
  | PresenceFrame
  | TypingFrame
  | HistoryFrame
  | DeletedFrame
  | ClearedFrame
  | RulesFrame
  | RecordFrame
  | ReportedFrame
  | ErrorFrame
  | PongFrame;

/** Several broadcast frames in one. */
export interface BatchFrame {
  type: "batch";
  frames: Frame[];
}

export type ServerFrame = Frame | BatchFrame;

export interface JoinFrame {
  type: "join";
  name: string;
  session?: string;
  after?: Position;
}

export interface SendFrame {
  type: "send";
  id: string;
  text: string;
  reply_to?: number;
}

/** A ban or a mute. */
export interface Sentence {
  member: number;
  name?: string;
  /** Unix time in milliseconds; for good if absent. */
  until?: number;
}

/** How a room is kept. */
export interface Kept {
  rules: { house: Rules; bans: Sentence[]; mutes: Sentence[]; deleted: number[] };
  /** Newest first. */
  records: { number: number; record: RecordFrame }[];
}

/** Whom a moderator acts on: a member by its number, or by the `sub` of its token. */
export type Whom = { member: number } | { sub: string };

/** For how long; for good if absent. */
export interface Term {
  for_ms?: number;
}

/** What a moderator may ask for. */
export type Order =
  | { type: "delete"; seq: number }
  | ({ type: "remove" } & Whom)
  | ({ type: "ban" } & Whom & Term)
  | ({ type: "unban" } & Whom)
  | ({ type: "mute" } & Whom & Term)
  | ({ type: "unmute" } & Whom)
  | { type: "lock"; on: boolean }
  | { type: "slow_mode"; interval_ms: number }
  | { type: "clear" };

/** Tells the moderators of a message. */
export interface ReportFrame {
  type: "report";
  seq: number;
  reason: string;
}

export type ClientFrame =
  | Order
  | ReportFrame
  | JoinFrame
  | SendFrame
  | { type: "typing"; on: boolean }
  | { type: "rename"; name: string }
  | { type: "history"; before?: number; after?: number; limit?: number }
  | { type: "ping" };

// The client.

/**
 * How the connection is. `stopped`: refused, and coming back by itself would not help. `closed`: by
 * `close()`.
 */
export type Status =
  | { phase: "connecting"; retry: boolean }
  | { phase: "live" }
  | { phase: "waiting"; until_ms: number; skippable: boolean; code: number }
  | { phase: "offline" }
  | { phase: "stopped"; code: number | string; reason: string }
  | { phase: "closed" };

/**
 * Why something failed for good: an error code of the protocol, or one of the client's own.
 * - `disconnected`: the connection ended for good; `closed`: by `close()`.
 * - `no_answer`: the room was asked several times and never answered.
 * - `expired`: a send waited for more than a day; it is not sent without being asked for again.
 * - `maybe_sent`: a send was tried as another member, so the room can't know it again.
 */
export interface Refusal {
  code: string;
  message: string;
}

/** What the promises of the client reject with. */
export class Refused extends Error implements Refusal {
  constructor(why: Refusal);
  readonly code: string;
}

/** A line of one's own that is not known to be stored. The client keeps it up to date. */
export interface Send {
  readonly id: string;
  readonly text: string;
  /** The seq it answers. */
  readonly replyTo?: number;
  /** Unix time in milliseconds, this machine's clock. */
  readonly said_at: number;
  readonly status: "pending" | "sent" | "failed";
  /** Why, while `failed`. */
  readonly failure?: Refusal;
  /** The stored message, once it is; rejects with `Refused` if the send fails. Need not be listened to. */
  readonly stored: Promise<Message>;
}

/** Event names, and what their listeners are called with. */
export interface Events {
  status: [status: Status];
  /** Joined, at first or again. */
  welcome: [welcome: Welcome];
  /** Forget what was shown: these are the room's newest messages. `message` goes on from them. */
  reset: [newest: Page];
  /** The next message: each once, in order, without gaps. */
  message: [message: Message];
  pending: [send: Send];
  sent: [send: Send, message: Message];
  failed: [send: Send, why: Refusal];
  /** `members`, `member_count` or `you` changed, by this frame. */
  members: [change: Welcome | JoinedFrame | RenamedFrame | LeftFrame | PresenceFrame];
  /** These messages were deleted: forget their text. */
  deleted: [seqs: number[]];
  /** The room's rules are these now. */
  rules: [rules: Rules];
  /** For moderators: what was done, or reported. */
  record: [record: RecordFrame];
  /** The moderators have one's report of this message. */
  reported: [seq: number];
  /** Who else is typing now. */
  typing: [typists: Member[]];
  /** A refusal that answers no send and no promise. */
  error: [error: ErrorFrame];
}

/** Turns time; `systemClock` where none is given. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  setTimeout(ring: () => void, delay_ms: number): unknown;
  clearTimeout(handle: any): void;
}

/** What of the Web Storage API is used: `localStorage` and `sessionStorage` have it. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export interface Options {
  name: string;
  /** From an earlier `room.session`: comes back as the same member. Taken from the store if absent. */
  session?: string;
  /**
   * Shows who one is, where the room asks for it: a JSON Web Token, sent as a subprotocol and kept nowhere. A
   * function is asked before each connection, so that it can get a new one when the old has run out; one that
   * throws, or takes over 10 s, is asked again like a link that is down.
   */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** From an earlier `room.position`: asks for the messages since. */
  after?: Position;
  /**
   * Keeps the session and what is not sent yet, for the next run under the same URL and name:
   * `localStorage` in a page, nothing elsewhere. `null`: keep nothing.
   */
  store?: Store | null;
  clock?: Clock;
  /** In [0, 1). */
  random?: () => number;
  WebSocket?: new (url: string, protocols: string[]) => WebSocket;
}

/** A room, and oneself in it. */
export interface Room {
  readonly status: Status;
  readonly name: string;
  readonly you: Member | undefined;
  /** By id; those that the server named, at most some 200. */
  readonly members: ReadonlyMap<number, Member>;
  readonly member_count: number;
  /** Who else is typing now. */
  readonly typists: Member[];
  /** Known once welcomed, like `you`. */
  readonly limits: Limits | undefined;
  /** What one may do here. */
  readonly role: Role | undefined;
  readonly rules: Rules | undefined;
  readonly session: string | undefined;
  /** What has been seen; undefined before the first welcome. */
  readonly position: Position | undefined;
  /** What is pending or failed, in the order it was said; with what an earlier run left in the store. */
  readonly unsent: readonly Send[];

  /**
   * Says something: now, or as soon as there is a connection. It is repeated under the same id until it
   * is stored, which happens once. An id given again is the same send.
   */
  send(text: string, options?: { replyTo?: number; id?: string }): Send;
  /** Sends what failed once more. */
  retry(id: string): Send | undefined;
  /** Forgets a send that failed, or is pending and was not wanted; a pending one may have been stored. */
  discard(id: string): void;
  /** Tells whether one is typing: true at most every 3 s. Returns false where there is nobody to tell. */
  typing(on: boolean): boolean;
  /** Changes one's name; rejects with `Refused`: `bad_name`, `rate_limited`, `forbidden` where one's token names one. */
  rename(name: string): Promise<Member>;
  /**
   * Does what a moderator may do; rejects with `Refused`: `forbidden`, `unknown_message`, `too_many`, `rate_limited`, and
   * where it may be done or not `disconnected`, `no_answer`.
   */
  moderate(order: Order): Promise<RecordFrame>;
  /** Reads how the room is kept, for its moderators; rejects with `Refused`. Pages of other sites can't: it goes over HTTP. */
  records(page?: { before?: number; limit?: number }): Promise<Kept>;
  /** Tells the moderators of a message; rejects with `Refused`. */
  report(seq: number, reason: string): Promise<ReportedFrame>;
  /** Reads a page: the newest, or those before or after a seq. Waits for a connection; rejects with `Refused`. */
  history(page?: { before?: number; after?: number; limit?: number }): Promise<Page>;

  /** Returns what takes the listener off again. No listener is called inside `connect`. */
  on<E extends keyof Events>(event: E, listener: (...values: Events[E]) => void): () => void;
  off<E extends keyof Events>(event: E, listener: (...values: Events[E]) => void): void;

  /** Skips what is left of a wait. */
  retryNow(): void;
  /** Makes sure of the connection at once, for instance when the machine wakes. A page does it by itself. */
  check(): void;
  /** The machine has a network again. A page tells by itself. */
  online(): void;
  /** The machine has no network: waits for `online()` or `retryNow()`. A page tells by itself. */
  offline(): void;
  /** Leaves for good: no timer, listener or socket is left. What is pending stays in the store. */
  close(): void;
}

/**
 * Joins the room that the URL names (http, https, ws or wss; in a page it may be relative) and stays
 * until `close()`, or until the server says not to come back.
 */
export function connect(url: string | URL, options: Options): Room;
