// @ts-check
// One room, entered: wires the connection, the timeline and the views. Nothing here decides how a
// frame is folded or how a line looks.

import { Alarm, systemClock } from "./clock.js";
import { connect } from "./connection.js";
import * as identity from "./identity.js";
import { randomId } from "./random-id.js";
import { Timeline } from "./timeline.js";
import { TypingSignal } from "./typing-signal.js";
import { Composer } from "./view/composer.js";
import { HistoryTop } from "./view/history.js";
import { MessageList } from "./view/messages.js";
import { People } from "./view/people.js";
import { Rename } from "./view/rename.js";
import { showRoom, showTyping } from "./view/room.js";
import { Scroll } from "./view/scroll.js";
import { Status } from "./view/status.js";
import * as words from "./words.js";

/** @typedef {import("./protocol.js").Frame} Frame */

/**
 * Enters a room and stays until the page goes.
 * @param {{ room: string, name: string, onNameRefused: (why: string) => void }} options
 */
export function converse({ room, name, onNameRefused }) {
  const timeline = new Timeline();
  const typing = new TypingSignal(systemClock, (on) => connection.typing(on));
  const typingAlarm = new Alarm(systemClock, () => drawTyping());
  let isLoading = false;
  let willDraw = false;

  const connection = connect({
    url: location.origin,
    room,
    name,
    session: () => identity.sessionOf(room, name),
    after: () => timeline.position,
    on: { state: onState, frame: onFrame, error: onError, failed: onFailed },
  });

  const status = new Status(() => connection.retryNow());
  const people = new People();
  const rename = new Rename({
    name: () => timeline.you?.name ?? name,
    rename: (to) => connection.rename(to),
  });
  const composer = new Composer({
    send: say,
    typed: (isEmpty) => (isEmpty ? typing.stopped() : typing.typed()),
  });
  const scroll = new Scroll(loadOlder);
  const historyTop = new HistoryTop(loadOlder);
  const list = new MessageList({ reply, retry, discard });

  showRoom(room, { leave });
  status.show(connection.state);
  composer.focus();
  addEventListener("online", () => connection.online());
  addEventListener("offline", () => connection.offline());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") connection.check(); // the machine may have slept
  });

  /** @param {import("./connection.js").State} state */
  function onState(state) {
    status.show(state);
    composer.open(state.phase !== "stopped");
    isLoading = false; // a page asked for on the old link never comes
    if (state.phase === "stopped" && state.code === "bad_name") {
      onNameRefused(words.refusal({ code: "bad_name", message: state.reason }, timeline.limits));
    }
    draw();
  }

  /** @param {Frame} frame */
  function onFrame(frame) {
    if (timeline.fold(frame, Date.now()).gap) connection.resync();
    if (timeline.you && timeline.you.name !== name) renamed(timeline.you.name);
    if (frame.type === "welcome") {
      composer.limit(frame.limits.text_chars_max);
      identity.keepSession(room, name, frame.session);
    }
    if (frame.type === "history") isLoading = false;
    draw();
  }

  /** Oneself has another name: chosen here, in another tab, or tidied by the server. @param {string} to */
  function renamed(to) {
    identity.renameSession(room, name, to);
    identity.useName(room, to);
    name = to;
    rename.done();
  }

  /** @param {import("./protocol.js").ErrorFrame} error */
  function onError(error) {
    isLoading = false;
    const why = words.refusal(error, timeline.limits);
    if (error.code === "bad_name" && rename.isOpen) rename.refuse(why);
    else composer.notice(why);
    draw();
  }

  /** @param {import("./protocol.js").Send} send @param {import("./connection.js").Refusal} why */
  function onFailed(send, why) {
    timeline.fail(send.id, { code: why.code, message: words.refusal(why, timeline.limits) });
    draw();
  }

  /** @param {string} text @param {number} [reply_to] */
  function say(text, reply_to) {
    typing.stopped();
    const id = randomId();
    timeline.say({ id, text, reply_to, said_at: Date.now() });
    connection.send({ id, text, reply_to });
    scroll.toEnd();
    draw();
  }

  /** @param {number} seq */
  function reply(seq) {
    const message = timeline.messageAt(seq);
    if (message) composer.replyTo({ seq, name: message.from.name, text: message.text });
  }

  /** @param {string} id */
  function retry(id) {
    const line = timeline.retry(id);
    if (line) connection.send({ id, text: line.text, reply_to: line.reply_to });
    composer.focus(); // the button goes away
    draw();
  }

  /** @param {string} id */
  function discard(id) {
    timeline.discard(id);
    composer.focus();
    draw();
  }

  function loadOlder() {
    if (isLoading || !timeline.more) return;
    isLoading = connection.history({ before: timeline.messages[0]?.seq });
    draw();
  }

  function leave() {
    connection.close();
    identity.forgetName(room);
    location.assign("/");
  }

  /** Draws once for all that happens in this turn. */
  function draw() {
    if (willDraw) return;
    willDraw = true;
    queueMicrotask(() => {
      willDraw = false;
      if (scroll.isFollowing) timeline.trim();
      historyTop.draw({ more: timeline.more, isLoading, room: timeline.room });
      scroll.around(list.first, () => list.draw(timeline, Date.now()));
      people.draw(timeline);
      drawTyping();
    });
  }

  function drawTyping() {
    const now_ms = Date.now();
    timeline.expireTyping(now_ms);
    showTyping(timeline.typists(now_ms).map((member) => member.name));
    const ends_ms = timeline.typingEnds();
    if (ends_ms !== undefined) typingAlarm.set(ends_ms - now_ms);
  }
}
