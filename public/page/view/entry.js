// @ts-check
// The form in front of a room: one's name and, on the front page, which room.

import { isPrivate, newPrivateRoom, roomNameProblem } from "../room-name.js";
import { words } from "../words.js";
import { byId, tell } from "./dom.js";

const nameInput = byId(document, "entry-name", HTMLInputElement);
const nameError = byId(document, "entry-name-error", HTMLElement);
const roomInput = byId(document, "entry-room", HTMLInputElement);
const roomError = byId(document, "entry-room-error", HTMLElement);

/**
 * Shows the form; `enter` is called with a name and a room that may be one. A private room may be
 * entered without a name: its own page asks for it.
 * @param {object} entry
 * @param {string} entry.name  Offered.
 * @param {string} entry.room  "" on the front page.
 * @param {string} [entry.refusal]  Why one is back here.
 * @param {(name: string, room: string) => void} entry.enter
 */
export function showEntry({ name, room, refusal, enter }) {
  byId(document, "entry", HTMLElement).hidden = false;
  const isFront = room === "";
  byId(document, "entry-room-field", HTMLElement).hidden = !isFront;
  byId(document, "entry-private", HTMLElement).hidden = !isFront;
  byId(document, "entry-beside", HTMLElement).hidden = !isFront;
  byId(document, "entry-elsewhere", HTMLElement).hidden = isFront;
  if (!isFront) {
    byId(document, "entry-title", HTMLElement).textContent = isPrivate(room) ? words.enterPrivate : words.enterTitle(room);
    byId(document, "entry-lead", HTMLElement).textContent = words.enterLead;
  }
  tell(byId(document, "entry-refusal", HTMLElement), refusal);
  if (isFront) showFront(enter);
  nameInput.value = name;
  (isFront && name ? roomInput : nameInput).focus();

  byId(document, "entry-form", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    const chosenName = nameInput.value.trim();
    const chosenRoom = isFront ? roomInput.value.trim() : room;
    const isNameGood = check(nameInput, nameError, chosenName ? undefined : words.nameMissing);
    const isRoomGood = !isFront || check(roomInput, roomError, problemOf(chosenRoom));
    if (isNameGood && isRoomGood) enter(chosenName, chosenRoom);
    else (isNameGood ? roomInput : nameInput).focus();
  };
  byId(document, "entry-private-button", HTMLButtonElement).onclick = () => enter(nameInput.value.trim(), newPrivateRoom());
}

/** What is beside the form on the front page only. @param {(name: string, room: string) => void} enter */
async function showFront(enter) {
  const [{ showRooms }, { showRecent }] = await Promise.all([import("./rooms.js"), import("./recent.js")]);
  showRecent((room) => enter(nameInput.value.trim(), room));
  showRooms(choose);
}

export function hideEntry() {
  byId(document, "entry", HTMLElement).hidden = true;
}

/** Fills a room in, and goes on to what is missing. @param {string} room */
function choose(room) {
  roomInput.value = room;
  check(roomInput, roomError, undefined);
  (nameInput.value.trim() ? byId(document, "entry-join", HTMLButtonElement) : nameInput).focus();
}

/** Shows what is wrong with a field; returns whether nothing is. @param {HTMLInputElement} input @param {HTMLElement} error @param {string | undefined} problem */
function check(input, error, problem) {
  input.setAttribute("aria-invalid", String(problem !== undefined));
  tell(error, problem);
  return problem === undefined;
}

/** @param {string} room */
function problemOf(room) {
  const problem = roomNameProblem(room);
  return problem && (problem === "wrong" ? words.roomWrong : words.roomReserved);
}
