// @ts-check
// Reading without a network: keeps the newest messages while there is one, and puts them into the
// timeline when there is none. What the room says itself takes their place.

import { forgetHistory, historyOf, keepHistory } from "./kept-history.js";

/** @typedef {import("../client/parlor.js").Room} Room */
/** @typedef {import("./timeline.js").Timeline} Timeline */

const KEEP_AFTER_MS = 2_000; // of the first message that is not kept yet
/** Ends after which one has no right to read on. */
const DOORS_CLOSED = new Set([4401, 4403, "unauthorized", "banned", "forbidden"]);

/** @param {string} name  The room's. @param {Room} room @param {Timeline} timeline @param {() => void} draw */
export function readOffline(name, room, timeline, draw) {
  let isTold = false; // by the room itself
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  room.on("status", (now) => {
    if (now.phase === "stopped" && DOORS_CLOSED.has(now.code)) forgetHistory(name);
    else if (!isTold && (now.phase === "waiting" || now.phase === "offline")) showKept();
  });
  room.on("reset", () => ((isTold = true), keepSoon()));
  for (const event of /** @type {const} */ (["message", "deleted"])) room.on(event, keepSoon);
  addEventListener("pagehide", () => timer !== undefined && keep());

  function showKept() {
    const kept = historyOf(name);
    if (!kept || timeline.messages.length > 0) return;
    timeline.you = kept.you;
    timeline.reset({ messages: kept.messages, more: false });
    draw();
  }

  function keepSoon() {
    timer ??= setTimeout(keep, KEEP_AFTER_MS);
  }

  function keep() {
    clearTimeout(timer);
    timer = undefined;
    if (isTold && room.status.phase !== "stopped") keepHistory(name, { at_ms: Date.now(), you: room.you, messages: timeline.messages });
  }
}
