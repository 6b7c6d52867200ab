// @ts-check
// One room, entered: wires the client, the timeline and the views. Nothing here decides how a message
// travels or how a line looks.

import { systemClock } from "../client/clock.js";
import { connect } from "../client/parlor.js";
import * as explain from "./explain.js";
import * as identity from "./identity.js";
import { readOffline } from "./offline.js";
import { Timeline } from "./timeline.js";
import { TypingSignal } from "./typing-signal.js";
import { Composer } from "./view/composer.js";
import { HistoryTop } from "./view/history.js";
import { MessageList } from "./view/messages.js";
import { People } from "./view/people.js";
import { Rename } from "./view/rename.js";
import { showModeration, showRoom, showRules, showTyping } from "./view/room.js";
import { Scroll } from "./view/scroll.js";
import { Status } from "./view/status.js";

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
  const typing = new TypingSignal(systemClock, (on) => room.typing(on));
  let isLoading = false;
  let willDraw = false;

  room.on("status", onStatus);
  room.on("welcome", ({ limits }) => composer.limit(limits.text_chars_max));
  room.on("welcome", () => showModeration(root, room));
  room.on("reset", (newest) => timeline.reset(newest));
  room.on("message", (message) => timeline.append(message));
  room.on("deleted", (seqs) => timeline.redact(seqs));
  room.on("members", onMembers);
  room.on("typing", (typists) => showTyping(root, typists.map((member) => member.name)));
  room.on("rules", () => showRules(root, room));
  room.on("error", (error) => composer.notice(explain.refusal(error, room.limits)));
  for (const event of /** @type {const} */ (["reset", "message", "deleted", "pending", "sent", "failed", "members"])) room.on(event, draw);

  const status = new Status(root, () => room.retryNow());
  const people = new People(root, openPerson);
  const rename = new Rename(root, { name: () => room.name, rename: changeName });
  const composer = new Composer(root, {
    send: say,
    typed: (isEmpty) => (isEmpty ? typing.stopped() : typing.typed()),
  });
  const scroll = new Scroll(root, loadOlder);
  const historyTop = new HistoryTop(root, loadOlder);
  const list = new MessageList(root, { reply, more: openLine, retry, discard });

  readOffline(place, room, timeline, draw);
  showRoom(root, roomName, { link: new URL(url, location.href).href, leave, moderate });
  status.show(room.status);
  if (root === document) composer.focus(); // in another page it is not for us to take it
  draw(); // what an earlier page left unsent
  return end;

  function end() {
    room.close();
    status.close();
  }

  /** @param {import("../client/parlor.js").Status} now */
  function onStatus(now) {
    status.show(now);
    composer.open(now.phase !== "stopped");
    if (now.phase === "stopped" && now.code === "bad_name") {
      askAgain(explain.refusal({ code: "bad_name", message: now.reason }, room.limits));
    }
  }

  /** Oneself may have another name: chosen here, in another tab, or tidied by the server. */
  function onMembers() {
    if (room.name === name) return;
    name = room.name;
    identity.useName(place, name);
    rename.done();
  }

  /** @param {string} to */
  function changeName(to) {
    room.rename(to).then(
      () => rename.done(),
      (refused) => {
        const why = explain.refusal(refused, room.limits);
        if (rename.isOpen) rename.refuse(why);
        else composer.notice(why);
      },
    );
  }

  /** @param {string} text @param {number} [replyTo] */
  function say(text, replyTo) {
    typing.stopped();
    room.send(text, { replyTo });
    scroll.toEnd();
  }

  /** @param {number} seq */
  function reply(seq) {
    const message = timeline.messageAt(seq);
    if (message) composer.replyTo({ seq, name: message.from.name, text: message.text });
  }

  /** @param {number} seq @param {HTMLElement} opener */
  async function openLine(seq, opener) {
    const message = timeline.messageAt(seq);
    const { openLineMenu } = await import("./view/actions.js");
    if (message) openLineMenu({ root, room }, opener, message, () => reply(seq));
  }

  /** @param {import("../client/parlor.js").Member} member @param {HTMLElement} opener */
  async function openPerson(member, opener) {
    const { openMemberMenu } = await import("./view/actions.js");
    openMemberMenu({ root, room }, opener, member);
  }

  async function moderate() {
    const { openModeration } = await import("./view/moderation.js");
    openModeration({ root, room }, (seq) => timeline.messageAt(seq)?.text);
  }

  /** @param {string} id */
  function retry(id) {
    room.retry(id);
    composer.focus(); // the button goes away
  }

  /** @param {string} id */
  function discard(id) {
    room.discard(id);
    composer.focus();
    draw();
  }

  async function loadOlder() {
    if (isLoading || !timeline.more) return;
    isLoading = true;
    draw();
    try {
      timeline.prepend(await room.history({ before: timeline.messages[0]?.seq }));
    } catch {
      // the status says why; the button stays
    }
    isLoading = false;
    draw();
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
      historyTop.draw({ more: timeline.more, isLoading, room: room.you ? roomName : "" });
      scroll.around(list.first, () => list.draw(timeline, room, Date.now()));
      people.draw(room);
    });
  }
}
