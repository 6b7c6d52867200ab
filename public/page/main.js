// @ts-check
// Where the page starts: the front page, the question for a name, or straight into the room.

import { converse } from "./conversation.js";
import * as identity from "./identity.js";
import { roomFromPath } from "./room-name.js";
import { nameInToken } from "./token.js";
import { direction, language } from "./words.js";
import { hideEntry, showEntry } from "./view/entry.js";
import { label } from "./view/labels.js";

document.documentElement.lang = language;
document.documentElement.dir = direction;
label(document);

const room = roomFromPath(location.pathname);
const name = room && (nameInToken(room) ?? identity.nameInTab(room));

if (name) enterHere(name);
else ask();

function ask() {
  const refusal = history.state?.refusal; // left by `askAgain` before the reload
  history.replaceState(null, "");
  showEntry({
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
function enterHere(chosenName) {
  identity.useName(room, chosenName);
  hideEntry();
  converse(document, { room, name: chosenName, onNameRefused: askAgain });
}

/** @param {string} chosenName @param {string} chosenRoom */
function enterThere(chosenName, chosenRoom) {
  if (chosenName) identity.useName(chosenRoom, chosenName);
  location.assign(`/${chosenRoom}`);
}
