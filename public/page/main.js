// @ts-check
// Where the page starts: the front page, the question for a name, or straight into the room.

import * as identity from "./identity.js";
import { roomFromPath } from "./room-name.js";
import { nameInToken, tokenFor } from "./token.js";
import { direction, language, words } from "./words.js";
import { Entry } from "./view/entry.js";
import { label } from "./view/labels.js";

/** What a room stands on, fetched while one still types a name. Written by `node scripts/shell.mjs`. */
const CONVERSATION = [
  "/page/conversation.js",
  "/client/clock.js",
  "/client/parlor.js",
  "/page/asides.js",
  "/page/drafts.js",
  "/page/explain.js",
  "/page/load.js",
  "/page/offline.js",
  "/page/mentions.js",
  "/page/slice.js",
  "/page/timeline.js",
  "/page/typing-signal.js",
  "/page/unread.js",
  "/page/visits.js",
  "/page/view/announcer.js",
  "/page/view/composer.js",
  "/page/view/history.js",
  "/page/view/messages.js",
  "/page/view/parts.js",
  "/page/view/people.js",
  "/page/view/room.js",
  "/page/view/scroll.js",
  "/page/view/status.js",
  "/page/view/viewport.js",
  "/client/events.js",
  "/client/link.js",
  "/client/network.js",
  "/client/orders.js",
  "/client/outbox.js",
  "/client/presence.js",
  "/client/refused.js",
  "/client/requests.js",
  "/client/sequence.js",
  "/client/store.js",
  "/page/kept-history.js",
  "/page/view/line.js",
  "/page/view/avatar.js",
  "/client/reconnect.js",
  "/page/dates.js",
  "/page/links.js",
];

document.documentElement.lang = language;
document.documentElement.dir = direction;
label(document);

// Once all is there: what it fetches for the times without a network must not slow this one down.
const serveOffline = () => void navigator.serviceWorker?.register("/sw.js").catch(() => {});
if (document.readyState === "complete") serveOffline();
else addEventListener("load", serveOffline);

const entry = new Entry(document);
const room = roomFromPath(location.pathname);
const name = room && (nameInToken(room) ?? identity.nameInTab(room));

if (room) preload(CONVERSATION);
if (name) enterHere(name);
else ask();

function ask() {
  const refusal = history.state?.refusal; // left by `askAgain` before the reload
  history.replaceState(null, "");
  entry.show({
    name: identity.lastName() ?? "",
    room,
    refusal,
    enter: (chosenName, chosenRoom) => (room ? enterHere(chosenName) : enterThere(chosenName, chosenRoom)),
  });
}

/** The room won't have this name: asks for another, on a fresh page. @param {string} refusal */
function askAgain(refusal) {
  identity.forgetName(room);
  history.replaceState({ refusal }, "");
  location.reload();
}

/** @param {string} chosenName */
async function enterHere(chosenName) {
  identity.useName(room, chosenName);
  try {
    const { converse } = await import("./conversation.js");
    entry.hide();
    converse(document, { room, name: chosenName, url: `/${encodeURIComponent(room)}`, token: tokenFor(room), askAgain, leave });
  } catch (error) {
    ask(); // the modules did not come: no network, and never here before
    entry.refuse(words.refusals["disconnected"]);
    throw error;
  }
}

function leave() {
  identity.forgetName(room);
  location.assign("/");
}

/** @param {string} chosenName @param {string} chosenRoom */
function enterThere(chosenName, chosenRoom) {
  if (chosenName) identity.useName(chosenRoom, chosenName);
  location.assign(`/${chosenRoom}`);
}

/** Asks for modules all at once, not one import after the other. @param {string[]} paths */
function preload(paths) {
  for (const path of paths) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = path;
    document.head.append(link);
  }
}
