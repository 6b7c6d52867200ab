// @ts-check
// Every word that a person reads on the page, in English. The other languages say the same under the same
// names: tests/page/words.test.js holds them to it, and `tsc` to the same arguments.
//
// To add a language, copy this file and en-dialogs.js to its two letters (`de.js`), translate what is in
// quotes, give `plurals` its code and every form that Intl.PluralRules knows of it, and name them in
// `LANGUAGES` in ../words.js. Names and texts of people come in as arguments: they may be of another direction, so leave
// them between ⁨ and ⁩ (U+2068, U+2069), which keep a sentence in order around them.
//
// index.html shows words by name: `data-word`, and `data-word-label`, `-placeholder`, `-title` for attributes.

import { plurals } from "./plurals.js";

const say = plurals("en");

// The front page, and the question for a name.
export const lead = "Rooms to talk in. Pick a name, open a room, share its link.";
export const yourName = "Your name";
export const roomName = "Room";
export const roomHint = "For example tea-time: letters, digits and . _ ~ -";
export const join = "Join";
export const openRooms = "Open rooms";
export const recentRooms = "Your rooms";
export const unread = "something new";
/** @param {string} room */
export const forget = (room) => `Forget ⁨${room}⁩`;
export const aboutTitle = "What this is";
export const aboutName = "A room is a link. No account, nothing to install: a name is enough.";
export const aboutKept = "Nothing is lost: what you say arrives once and in order, also over a bad connection.";
export const aboutPrivate = "A private room is a link that nobody can guess.";
export const newPrivateRoom = "New private room";
export const privateHint = "Unlisted, and its name can’t be guessed: only people with the link come in.";
export const otherRoom = "Choose another room";
/** @param {string} room */
export const enterTitle = (room) => `Join ${room}`;
export const enterPrivate = "Join a private room";
export const enterLead = "What should the others call you?";
export const nameMissing = "Tell the others what to call you.";
export const roomWrong = "Use 1 to 64 letters, digits or . _ ~ - and begin with a letter, a digit or ~";
export const roomReserved = "The server keeps this name for itself. Choose another.";
export const noRooms = "Nobody is in an open room now. Name one above and be the first.";
export const roomsUnknown = "The list of rooms did not come. You can still name a room above.";
/** @param {number} count */
export const peopleIn = (count) => say(count, { one: "# here", other: "# here" });

// The frame of a room.
export const frontPage = "Parlor, front page";
export const privateRoom = "Private room";
export const share = "Share link";
export const leave = "Leave";
export const close = "Close";
export const save = "Save";
export const cancel = "Cancel";

// The connection.
export const connecting = "Connecting";
export const live = "Live";
export const reconnecting = "Reconnecting";
export const offline = "Offline";
export const disconnected = "Disconnected";
export const left = "Left";
export const tryNow = "Try now";
export const reload = "Reload";
/** @param {number} seconds */
export const retryIn = (seconds) => say(seconds, { other: "No connection. Trying again in # s" });
export const retryingNow = "No connection. Trying again …";
/** @param {number} seconds */
export const flooded = (seconds) => say(seconds, { other: "Too many messages at once. Back in # s" });
export const offlineLong = "You are offline. What you write is sent when you are back.";
/** Why the server ended the connection, by its close code. @type {Record<number, string>} */
export const ended = {
  4401: "Your access to this room has ended.",
  4403: "A moderator removed you from this room.",
  1003: "The server could not read what this page sent. Reload the page to go on.",
  1009: "The server could not read what this page sent. Reload the page to go on.",
  4400: "The server could not read what this page sent. Reload the page to go on.",
};
/** @param {string} why  The server's words. */
export const notLetIn = (why) => `This room does not let you in: ${why}.`;
export const endedSomehow = "The server closed the connection.";

// The lines.
export const messages = "Messages";
export const earlier = "Earlier messages";
export const loading = "Loading…";
export const newest = "Newest";
/** @param {number} count */
export const newLines = (count) => say(count, { other: "# new" });
/** @param {string} room */
export const beginning = (room) => `This is where ${room} begins. Say hello, or share the link to bring somebody in.`;
export const beginningPrivate = "This is where a private room begins. Say hello, or share the link to bring somebody in.";
export const unreadHere = "New";
export const newMessages = "New messages";
/** @param {string} name */
export const joinedOne = (name) => `⁨${name}⁩ joined`;
/** @param {string} name @param {string} other */
export const joinedTwo = (name, other) => `⁨${name}⁩ and ⁨${other}⁩ joined`;
/** @param {string} name @param {number} count */
export const joinedMany = (name, count) => say(count, { other: `⁨${name}⁩ and # others joined` });
/** @param {string} name */
export const goneOne = (name) => `⁨${name}⁩ left`;
/** @param {string} name @param {string} other */
export const goneTwo = (name, other) => `⁨${name}⁩ and ⁨${other}⁩ left`;
/** @param {string} name @param {number} count */
export const goneMany = (name, count) => say(count, { other: `⁨${name}⁩ and # others left` });
/** @param {string} name @param {string} other */
export const renamedTo = (name, other) => `⁨${name}⁩ is now ⁨${other}⁩`;
export const today = "Today";
export const yesterday = "Yesterday";
export const sending = "Sending…";
export const notSent = "Not sent.";
export const retry = "Retry";
export const discard = "Discard";
export const reply = "Reply";
export const earlierLine = "an earlier message";
export const deletedLine = "This message was deleted.";

// Writing.
export const message = "Message";
export const writeSomething = "Write something";
export const send = "Send";
export const replyingTo = "Replying to";
export const dontReply = "Don’t reply";
/** @param {number} count */
export const charactersLeft = (count) => say(count, { other: "# left" });
/** @param {number} count */
export const charactersOver = (count) => say(count, { other: "# too many" });
export const mention = "Mention";
/** @param {string} name */
export const typingOne = (name) => `⁨${name}⁩ is typing…`;
/** @param {string} name @param {string} other */
export const typingTwo = (name, other) => `⁨${name}⁩ and ⁨${other}⁩ are typing…`;
export const typingMany = "Several people are typing…";

// Who is here.
export const whoIsHere = "Who is here";
export const hereNow = "Here now";
export const here = "here";
export const people = "People";
export const you = "you";
/** @param {number} count */
export const othersHere = (count) => say(count, { other: "and # more" });
export const changeName = "Change name";
export const newName = "New name";

// What a moderator sees, and what binds the others.
export const more = "More";
/** @param {string} name */
export const moreOf = (name) => `More of ⁨${name}⁩`;
export const moderation = "Moderation";
export const readOnly = "You can read here, but not write.";
export const isLocked = "The room is locked: only moderators may write.";
/** @param {number} count */
export const isSlow = (count) => say(count, { one: "Slow mode: a message each second.", other: "Slow mode: a message every # seconds." });

// To be told, and to do things by keys.
export const notify = "Notify of mentions";
export const shortcuts = "Keyboard shortcuts";

// What went wrong, by the protocol's error codes. Others are shown in the server's own words.
/** @type {Record<string, string>} */
export const refusals = {
  rate_limited: "Not so fast: this room takes a breath between messages.",
  text_too_long: "Too long.",
  empty_text: "There is nothing in it to send.",
  bad_name: "This name won’t do: too long, or with invisible characters.",
  disconnected: "You are not connected.",
  no_answer: "The room did not answer.",
  expired: "It has waited for more than a day.",
  maybe_sent: "It may have been sent already: look before you try again.",
  not_stored: "The room could not keep it. Try again.",
  forbidden: "You are not allowed to do this here.",
  muted: "A moderator has muted you.",
  room_locked: "The room is locked: only moderators may write.",
  room_full: "The room is full.",
  unauthorized: "This room needs an invitation, and yours is missing or has run out.",
  banned: "You are banned from this room.",
  unknown_message: "This message is not there any more.",
  too_many: "There are too many already. Lift some first.",
};
export const somethingWrong = "Something went wrong.";
/** @param {number} count */
export const textTooLong = (count) => say(count, { one: "Too long: # character at most.", other: "Too long: # characters at most." });
/** @param {number} count */
export const badName = (count) =>
  say(count, { one: "A name has # character, and not an invisible one.", other: "A name has 1 to # characters, none of them invisible." });
