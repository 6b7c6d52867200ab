// @ts-check
// The words of dialogs and menus, in English: apart from en.js because they are loaded when one is opened first.

import { plurals } from "./plurals.js";

const say = plurals("en");

// Sharing a room.
export const shareTitle = "Bring somebody in";
export const shareHint = "Whoever opens this link is in the room.";
export const sharePrivateHint = "Only people with this link come in. Whoever has it can pass it on.";
export const link = "Link";
export const copyLink = "Copy link";
export const copied = "Copied.";
export const copyDenied = "The browser does not let this page copy: copy it by hand.";
export const shareElsewhere = "Share…";

// What one may do with a line or a person.
export const copyText = "Copy text";
export const report = "Report…";
export const reportTitle = "Report this message";
export const reportReason = "What is wrong with it? Moderators read this.";
export const reportIt = "Report";
export const reportedTold = "Reported. Thank you.";
export const deleteMessage = "Delete…";
export const deleteTitle = "Delete this message?";
export const deleteSure = "Its text goes for everybody, and does not come back.";
export const deleteIt = "Delete";
export const deletedTold = "The message is deleted.";
/** @param {string} name */
export const mute = (name) => `Mute ⁨${name}⁩…`;
/** @param {string} name */
export const unmute = (name) => `Let ⁨${name}⁩ speak`;
/** @param {string} name */
export const remove = (name) => `Remove ⁨${name}⁩…`;
/** @param {string} name */
export const ban = (name) => `Ban ⁨${name}⁩…`;
/** @param {string} name */
export const muteTitle = (name) => `Mute ⁨${name}⁩?`;
/** @param {string} name */
export const removeTitle = (name) => `Remove ⁨${name}⁩?`;
/** @param {string} name */
export const banTitle = (name) => `Ban ⁨${name}⁩?`;
/** What each of them means. */
export const sure = {
  mute: "The room takes none of their messages.",
  remove: "Their connections end. They may come back.",
  ban: "Their connections end, and the room lets them in no more.",
};
/** What the button says. */
export const acts = { mute: "Mute", remove: "Remove", ban: "Ban" };
/** @param {string} name */
export const mutedTold = (name) => `⁨${name}⁩ is muted.`;
/** @param {string} name */
export const unmutedTold = (name) => `⁨${name}⁩ may speak.`;
/** @param {string} name */
export const removedTold = (name) => `⁨${name}⁩ was removed.`;
/** @param {string} name */
export const bannedTold = (name) => `⁨${name}⁩ is banned.`;
/** @param {string} name */
export const unbannedTold = (name) => `⁨${name}⁩ may come in again.`;
export const forHowLong = "For how long?";
export const forGood = "For good";
/** @param {number} count */
export const seconds = (count) => say(count, { one: "# second", other: "# seconds" });
/** @param {number} count */
export const minutes = (count) => say(count, { one: "# minute", other: "# minutes" });
/** @param {number} count */
export const hours = (count) => say(count, { one: "# hour", other: "# hours" });
/** @param {number} count */
export const days = (count) => say(count, { one: "# day", other: "# days" });

// Keeping a room in order.
export const lock = "Only moderators may write";
export const lockedTold = "Only moderators may write now.";
export const unlockedTold = "Everybody may write again.";
export const slowMode = "Time between two messages of a member";
export const off = "Off";
export const slowTold = "Slow mode is on.";
export const fastTold = "Slow mode is off.";
export const clear = "Delete all messages…";
export const clearTitle = "Delete all messages?";
export const clearSure = "The room begins anew for everybody. Nothing brings its messages back.";
export const clearIt = "Delete all";
export const clearedTold = "All messages are deleted.";
export const reports = "Reports";
export const noReports = "Nothing is reported.";
export const mutedList = "Muted";
export const bannedList = "Banned";
export const lift = "Lift";
export const done = "What was done";
export const somebody = "somebody";
/** @param {string} name @param {string} time */
export const reportedBy = (name, time) => `Reported by ⁨${name}⁩, ${time}`;
/** @param {string} name @param {string} time */
export const until = (name, time) => `⁨${name}⁩, until ${time}`;
/** @param {string} name @param {string} action */
export const did = (name, action) => `⁨${name}⁩: ${action}`;
/** @param {string} name @param {string} action @param {string} other */
export const didTo = (name, action, other) => `⁨${name}⁩: ${action} ⁨${other}⁩`;
/** What was done, by the protocol's names. @type {Record<string, string>} */
export const actions = {
  delete: "deleted a message",
  remove: "removed",
  ban: "banned",
  unban: "let in again",
  mute: "muted",
  unmute: "unmuted",
  lock: "locked or opened the room",
  slow_mode: "set slow mode",
  clear: "deleted all messages",
};

// Mentions and notifications of them.
/** @param {number} count */
export const suggestions = (count) => say(count, { one: "# person, the arrow keys choose", other: "# people, the arrow keys choose" });
/** @param {string} name @param {string} room */
export const mentionedIn = (name, room) => `${name} mentioned you in ${room}`;
export const notifying = "Notifies of mentions";
export const notifyDenied = "The browser does not let this site notify you.";

// What the keys do.
export const keySend = "send";
export const keyBreak = "break the line";
export const keyMention = "mention somebody";
export const keyUp = "from an empty message: to the lines";
export const keyLines = "line by line";
export const keyReply = "answer the line";
export const keyMore = "more of the line";
export const keyEnds = "the first line, the newest";
export const keyWrite = "back to writing";
export const keyList = "from the lines: this list";
export const keyListAnywhere = "this list";
