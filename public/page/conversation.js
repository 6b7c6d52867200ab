// @ts-check
// One room, entered: wires the client, what is known of the room, and the views. Nothing here decides
// how a message travels or how a line looks.

import { systemClock } from "../client/clock.js";
import { connect } from "../client/parlor.js";
import { Asides } from "./asides.js";
import { draftIn, keepDraft } from "./drafts.js";
import * as explain from "./explain.js";
import * as identity from "./identity.js";
import { load } from "./load.js";
import { readOffline } from "./offline.js";
import { isMentioned } from "./mentions.js";
import { isPrivate } from "./room-name.js";
import { Slice } from "./slice.js";
import { Timeline } from "./timeline.js";
import { nameIn } from "./token.js";
import { TypingSignal } from "./typing-signal.js";
import { Unread } from "./unread.js";
import { keepVisit, visitTo } from "./visits.js";
import { words } from "./words.js";
import { Announcer } from "./view/announcer.js";
import { Composer } from "./view/composer.js";
import { HistoryTop } from "./view/history.js";
import { MessageList } from "./view/messages.js";
import { Parts } from "./view/parts.js";
import { People } from "./view/people.js";
import { showModeration, showRoom, showRules, showTyping } from "./view/room.js";
import { Scroll } from "./view/scroll.js";
import { Status } from "./view/status.js";
import { fitViewport } from "./view/viewport.js";

/** @typedef {import("../client/parlor.js").Events} Events */
/** @typedef {import("../client/parlor.js").Member} Member */

const KNOWN_MAX = 2_000; // members
const HISTORY_LIMIT = 200; // messages asked for at a time, if the room gives so many

/**
 * Enters a room and stays until it is left.
 * @param {import("./view/dom.js").Root} root  Where the markup of a room is.
 * @param {object} options
 * @param {string} options.room
 * @param {string} [options.place]  What is kept is kept for this: the room, and in another page its address.
 * @param {string} options.name
 * @param {string} options.url  Of the room.
 * @param {import("../client/parlor.js").Options["token"]} [options.token]
 * @param {(why: string) => void} options.askAgain  The room won't have this name.
 * @param {() => void} options.leave  Called when one has left.
 * @returns {() => void} what ends the conversation
 */
export function converse(root, { room: roomName, place = roomName, name, url, token, askAgain, leave: onLeave }) {
  const room = connect(url, { name, token });
  const timeline = new Timeline();
  const slice = new Slice();
  const asides = new Asides();
  const unread = new Unread();
  const typing = new TypingSignal(systemClock, (on) => room.typing(on));
  /** Everybody who was here or has spoken, by id. @type {Map<number, Member>} */
  const known = new Map();
  let isLoading = false;
  let willDraw = false;
  /** @type {Promise<typeof import("./comings.js")> | undefined} */
  let loadingComings;
  let isEntering = false; // goes to what is unread with the next draw

  room.on("status", onStatus);
  room.on("welcome", ({ limits }) => composer.limit(limits));
  room.on("welcome", () => showModeration(root, room));
  room.on("reset", onReset);
  room.on("message", onMessage);
  room.on("deleted", (seqs) => timeline.redact(seqs));
  room.on("failed", (send, why) => announcer.tell(words.notSent, explain.refusal(why, room.limits), send.text));
  room.on("members", onMembers);
  room.on("typing", (typists) => showTyping(root, typists.map((member) => member.name)));
  room.on("rules", () => showRules(root, room));
  room.on("error", (error) => composer.notice(explain.refusal(error, room.limits)));
  for (const event of /** @type {const} */ (["reset", "message", "deleted", "pending", "sent", "failed", "members"])) room.on(event, draw);

  showRoom(root, roomName, { link: new URL(url, location.href).href, leave, moderate: () => parts.moderate(), isNamed: nameIn(token) !== undefined });
  const status = new Status(root, () => room.retryNow());
  const people = new People(root, (member, opener) => parts.openPerson(member, opener));
  const composer = new Composer(root, { send: say, typed: onTyped, up: () => list.focusLast() });
  const scroll = new Scroll(root, { near: onNear, moved: look, end: toEnd });
  const historyTop = new HistoryTop(root, () => onNear("top"));
  const list = new MessageList(root, { reply, more: (seq, opener) => parts.openLine(seq, opener), retry, discard, end: toEnd, write: () => composer.focus() });
  const announcer = new Announcer(root);
  /** Loaded with the first unread line; a page that embeds the room has its own title. @type {import("./view/badge.js").Badge | undefined} */
  let badge;
  const parts = new Parts(root, room, { messageAt: (seq) => timeline.messageAt(seq), reply, others });
  if (root === document) fitViewport(root); // another page fits itself
  document.addEventListener("visibilitychange", onVisibility);

  status.show(room.status);
  composer.restore(draftIn(place));
  if (root === document) composer.focus(); // in another page it is not for us to take it
  readOffline(place, room, timeline, draw);
  draw(); // what an earlier page left unsent
  return end;

  function end() {
    room.close();
    status.close();
    document.removeEventListener("visibilitychange", onVisibility);
  }

  function onVisibility() {
    look();
    draw();
  }

  /** @param {import("../client/parlor.js").Status} now */
  function onStatus(now) {
    status.show(now);
    composer.open(now.phase !== "stopped");
    if (now.phase === "stopped" && now.code === "bad_name") {
      askAgain(explain.refusal({ code: "bad_name", message: now.reason }, room.limits));
    }
  }

  /** @param {import("../client/parlor.js").Page} newest */
  function onReset(newest) {
    const visit = visitTo(place);
    const isSameEpoch = visit?.epoch === room.position?.epoch;
    timeline.reset(newest);
    slice.reset();
    asides.reset();
    unread.enter(visit && (isSameEpoch ? visit.seq : 0), timeline, room.you?.id);
    for (const { from } of newest.messages) know(from);
    isEntering = true;
    scroll.follow();
  }

  /** @param {import("../client/parlor.js").Message} message */
  function onMessage(message) {
    timeline.append(message);
    know(message.from);
    if (message.from.id === room.you?.id) return;
    unread.arrive(message.seq, isLooking());
    announcer.tell(`${message.from.name}:`, message.text);
    if (!isMentioned(message.text, room.name)) return;
    parts.notify(message, isPrivate(roomName) ? words.privateRoom : roomName);
  }

  /** @param {Events["members"][0]} change */
  function onMembers(change) {
    if (change.type === "welcome") change.members.forEach(know);
    else if (change.type === "presence") change.members?.forEach(know);
    else noteComing(change);
    if (room.name === name) return;
    name = room.name; // chosen here, in another tab, or tidied by the server
    identity.useName(place, name);
    parts.renamed();
  }

  /** @param {Exclude<Events["members"][0], { type: "welcome" | "presence" }>} change */
  async function noteComing({ type, member: { id } }) {
    const before = known.get(id);
    const member = type === "left" ? before : room.members.get(id);
    if (!member || id === room.you?.id) return;
    know(member);
    const { head } = timeline; // a message in the same batch is there before the promise is
    const { Comings } = await (loadingComings ??= load(() => import("./comings.js"))); // one promise, so that they stay in order
    const comings = asides.comings(head, Comings);
    if (type === "joined") comings.joins(member);
    if (type === "left") comings.leaves(member);
    if (type === "renamed" && before) comings.renames(member, before.name);
    draw();
  }

  /** @param {Member} member */
  function know(member) {
    known.delete(member.id); // the latest last
    known.set(member.id, member);
    if (known.size > KNOWN_MAX) known.delete(/** @type {number} */ (known.keys().next().value));
  }

  /** Who may be mentioned by oneself: who is here first, then who has spoken. */
  function others() {
    const everybody = new Map([...room.members, ...known]);
    everybody.delete(room.you?.id ?? 0);
    return [...new Map([...everybody.values()].map((member) => [member.name, member])).values()];
  }

  /** @param {string} text */
  function onTyped(text) {
    keepDraft(place, text);
    if (text.trim() === "") typing.stopped();
    else typing.typed();
    if (text.includes("@")) parts.completeMentions();
  }

  /** @param {string} text @param {number} [replyTo] */
  function say(text, replyTo) {
    typing.stopped();
    unread.speak();
    room.send(text, { replyTo });
    toEnd();
  }

  /** @param {number} seq */
  function reply(seq) {
    const message = timeline.messageAt(seq);
    if (message) composer.replyTo({ seq, name: message.from.name, text: message.text });
  }

  /** @param {string} id */
  function retry(id) {
    room.retry(id);
    composer.focus(); // the button goes away
    toEnd();
  }

  /** @param {string} id */
  function discard(id) {
    room.discard(id);
    composer.focus();
    draw();
  }

  function toEnd() {
    slice.toEnd(timeline);
    scroll.follow();
    draw();
  }

  /** What is shown ends near the eye. @param {"top" | "bottom"} edge */
  function onNear(edge) {
    if (edge === "top" && slice.showsFirst(timeline)) return loadOlder();
    if (edge === "top") slice.up(timeline);
    else slice.down();
    draw();
  }

  async function loadOlder() {
    if (isLoading || !timeline.more || room.status.phase !== "live") return;
    isLoading = true;
    draw();
    try {
      timeline.prepend(await room.history({ before: timeline.first, limit: Math.min(HISTORY_LIMIT, room.limits?.history_limit_max ?? HISTORY_LIMIT) }));
      for (const { from } of timeline.messages.slice(0, HISTORY_LIMIT)) if (!known.has(from.id)) know(from);
    } catch {
      // the status says why; the button stays
    }
    isLoading = false;
    draw();
  }

  function isLooking() {
    return scroll.isFollowing && document.visibilityState === "visible";
  }

  /** Takes note that one sees the newest line, if so. */
  function look() {
    if (isLooking() && room.position) {
      unread.look(timeline.head);
      keepVisit(place, room.position, Date.now());
    }
    scroll.showButton(unread.count);
    if (unread.count > 0 && !badge && root === document) loadBadge();
    badge?.show(unread.count);
  }

  async function loadBadge() {
    const { Badge } = await load(() => import("./view/badge.js"));
    badge ??= new Badge();
    badge.show(unread.count);
  }

  function leave() {
    end();
    onLeave();
  }

  /** Draws once for all that happens in this turn. */
  function draw() {
    if (willDraw) return;
    willDraw = true;
    queueMicrotask(() => {
      willDraw = false;
      if (scroll.isFollowing) timeline.trim();
      asides.settle(room.unsent, timeline.head);
      slice.fit(timeline, scroll.eye);
      scroll.showsLast = slice.showsLast(timeline);
      scroll.keep(drawLines);
      if (isEntering || document.visibilityState === "hidden") goToUnread();
      look();
      people.draw(room);
    });
  }

  function drawLines() {
    const names = new Set([...known.values()].map((member) => member.name)).add(room.name);
    const isFirst = !timeline.more && slice.showsFirst(timeline);
    historyTop.draw({ isFirst, isLoading, room: room.you ? roomName : "" });
    list.draw(asides.entries(timeline, slice.range(timeline)), { timeline, room, names, unread: unread.mark, now_ms: Date.now() });
  }

  /** Begins to read where one stopped, if that is above what is seen. */
  function goToUnread() {
    isEntering = false;
    const line = unread.mark === undefined ? undefined : list.lineAt(unread.mark);
    if (line) scroll.toLine(line);
  }
}
