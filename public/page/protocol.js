// @ts-check
// The frames of parlor.v1 as types, so that `tsc` checks every use of them. docs/PROTOCOL.md is the
// source; this file holds no behaviour and no limit (limits come with `welcome`).

export const SUBPROTOCOL = "parlor.v1";

/** @typedef {{ id: number, name: string, color: string }} Member */
/** @typedef {{ epoch: string, seq: number }} Position  What a client has seen: `join.after`. */

/**
 * @typedef {object} Message  One stored line.
 * @property {number} seq
 * @property {string} id  Drawn by its sender, the same on every retry.
 * @property {Member} from
 * @property {string} text
 * @property {number} sent_at  Unix time in milliseconds, the server's clock.
 * @property {number} [reply_to]  The seq it answers.
 */

/**
 * @typedef {object} Limits  What the server takes; never typed again in JavaScript.
 * @property {number} text_chars_max
 * @property {number} name_chars_max
 * @property {number} rate_burst
 * @property {number} rate_per_second
 * @property {number} history_limit_max
 * @property {number} frame_bytes_max
 */

/**
 * @typedef {object} Welcome
 * @property {"welcome"} type
 * @property {1} protocol
 * @property {string} room
 * @property {string} epoch
 * @property {number} head  The last seq, 0 if there is none.
 * @property {Member} you
 * @property {string} session
 * @property {Member[]} members  At most 200 of them.
 * @property {number} member_count
 * @property {Limits} limits
 * @property {boolean} recovered  True: `messages` are exactly those missed since `join.after`.
 * @property {Message[]} messages
 * @property {boolean} more  Older ones exist.
 */

/** @typedef {Message & { type: "message" }} MessageFrame */
/** @typedef {{ type: "joined" | "renamed", member: Member, member_count: number }} MemberFrame */
/** @typedef {{ type: "left", member: { id: number }, member_count: number }} LeftFrame */
/** @typedef {{ type: "typing", member: { id: number }, on: boolean }} TypingFrame */
/** @typedef {{ type: "history", messages: Message[], more: boolean }} HistoryFrame */
/** @typedef {{ type: "pong" }} PongFrame */

/**
 * @typedef {object} ErrorFrame
 * @property {"error"} type
 * @property {string} code
 * @property {string} message  For people.
 * @property {boolean} temporary  A retry may work.
 * @property {number} [retry_after_ms]
 * @property {string} [id]  The `send` it answers.
 */

/** @typedef {Welcome | MessageFrame | MemberFrame | LeftFrame | TypingFrame | HistoryFrame | ErrorFrame | PongFrame} Frame */
/** @typedef {Frame | { type: "batch", frames: Frame[] }} WireFrame */

/** @typedef {{ id: string, text: string, reply_to?: number }} Send  A line on its way out. */
