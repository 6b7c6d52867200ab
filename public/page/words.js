// @ts-check
// The sentences that the page composes, in one place. What never changes stands in index.html.

import { isPrivate } from "./room-name.js";

/** @typedef {import("../client/parlor.js").Limits} Limits */
/** @typedef {import("../client/parlor.js").Status} Status */

/** What went wrong, for the person. @param {{ code: string, message: string }} error @param {Limits} [limits] */
export function refusal(error, limits) {
  switch (error.code) {
    case "rate_limited":
      return "Not so fast: this room takes a breath between messages.";
    case "text_too_long":
      return limits ? `Too long: ${limits.text_chars_max} characters at most.` : "Too long.";
    case "empty_text":
      return "There is nothing in it to send.";
    case "bad_name":
      return limits
        ? `A name has 1 to ${limits.name_chars_max} characters, none of them invisible.`
        : "This name won’t do: too long, or with invisible characters.";
    case "disconnected":
      return "You are not connected.";
    case "no_answer":
      return "The room did not answer.";
    case "expired":
      return "It has waited for more than a day.";
    case "maybe_sent":
      return "It may have been sent already: look before you try again.";
    default:
      return error.message || "Something went wrong.";
  }
}

/** The connection in a word or two; the same through all tries of one outage. @param {Status} state */
export function status(state) {
  switch (state.phase) {
    case "live":
      return "Live";
    case "connecting":
      return state.retry ? "Reconnecting" : "Connecting";
    case "waiting":
      return "Reconnecting";
    case "offline":
      return "Offline";
    case "stopped":
      return "Disconnected";
    case "closed":
      return "Left";
  }
}

/** @param {number | string} code @param {string} reason */
export function stopReason(code, reason) {
  switch (code) {
    case 4401:
      return "Your access to this room has ended.";
    case 4403:
      return "A moderator removed you from this room.";
    case 1003:
    case 1009:
    case 4400:
      return "The server could not read what this page sent. Reload the page to go on.";
    default:
      return reason || "The server closed the connection.";
  }
}

/** @param {number} seconds */
export const retryIn = (seconds) => `No connection. Trying again in ${seconds} s`;
export const retryingNow = "No connection. Trying again …";
export const flooded = (/** @type {number} */ seconds) => `Too many messages at once. Back in ${seconds} s`;
export const offline = "You are offline. What you write is sent when you are back.";

/** @param {string[]} names */
export function typing(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
  return "Several people are typing…";
}

/** @param {number} count */
export const newLines = (count) => (count === 1 ? "1 new" : `${count} new`);
/** @param {number} count */
export const othersHere = (count) => (count === 1 ? "and 1 more" : `and ${count} more`);
/** @param {string} room */
export const beginning = (room) => `This is where ${isPrivate(room) ? "a private room" : room} begins. Say hello, or copy the link to bring somebody in.`;
/** @param {number} left */
export const charactersLeft = (left) => (left >= 0 ? `${left} left` : `${-left} too many`);
/** @param {string} room */
export const enterTitle = (room) => `Join ${room}`;

export const you = "you";
export const privateRoom = "Private room";
export const earlier = "Earlier messages";
export const loading = "Loading…";
export const sending = "Sending…";
export const notSent = "Not sent.";
export const retry = "Retry";
export const discard = "Discard";
export const reply = "Reply";
export const earlierLine = "an earlier message";
export const deletedLine = "This message was deleted.";
export const copied = "Copied";
export const copyLink = "Copy link";
export const nameMissing = "Tell the others what to call you.";
export const roomWrong = "Use 1 to 64 letters, digits or . _ ~ - and begin with a letter, a digit or ~";
export const roomReserved = "The server keeps this name for itself. Choose another.";
export const today = "Today";
export const yesterday = "Yesterday";
export const enterLead = "What should the others call you?";
export const enterPrivate = "Join a private room";
export const newest = "Newest";
export const noRooms = "Nobody is in an open room now. Name one above and be the first.";
export const roomsUnknown = "The list of rooms did not come. You can still name a room above.";
/** @param {number} count */
export const peopleIn = (count) => (count === 1 ? "1 here" : `${count} here`);
export const copyDenied = "Copy it from the address bar";
