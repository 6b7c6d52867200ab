// @ts-check
// The form in front of a room: one's name and, on the front page, which room.

import { isPrivate, newPrivateRoom, roomNameProblem } from "../room-name.js";
import { words } from "../words.js";
import { View, loadStyle, tell } from "./dom.js";

/**
 * @typedef {object} Question
 * @property {string} name  Offered.
 * @property {string} room  "" on the front page.
 * @property {string} [refusal]  Why one is back here.
 * @property {(name: string, room: string) => void} enter  Called with a name and a room that may be one. A
 *   private room may be entered without a name: its own page asks for it.
 */

export class Entry extends View {
  #entry = this.byId("entry", HTMLElement);
  #name = this.byId("entry-name", HTMLInputElement);
  #nameError = this.byId("entry-name-error", HTMLElement);
  #room = this.byId("entry-room", HTMLInputElement);
  #roomError = this.byId("entry-room-error", HTMLElement);

  /** @param {Question} question */
  show({ name, room, refusal, enter }) {
    const isFront = room === "";
    this.#entry.hidden = false;
    for (const id of ["entry-room-field", "entry-private", "entry-beside"]) this.byId(id, HTMLElement).hidden = !isFront;
    this.byId("entry-elsewhere", HTMLElement).hidden = isFront;
    if (!isFront) {
      this.byId("entry-title", HTMLElement).textContent = isPrivate(room) ? words.enterPrivate : words.enterTitle(room);
      this.byId("entry-lead", HTMLElement).textContent = words.enterLead;
    }
    this.refuse(refusal);
    this.#name.value = name;
    if (isFront) this.#showFront(enter);
    if (this.root === document) (isFront && name ? this.#room : this.#name).focus();

    this.byId("entry-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      const chosenName = this.#name.value.trim();
      const chosenRoom = isFront ? this.#room.value.trim() : room;
      const isNameGood = check(this.#name, this.#nameError, chosenName ? undefined : words.nameMissing);
      const isRoomGood = !isFront || check(this.#room, this.#roomError, problemOf(chosenRoom));
      if (isNameGood && isRoomGood) enter(chosenName, chosenRoom);
      else (isNameGood ? this.#room : this.#name).focus();
    };
    this.byId("entry-private-button", HTMLButtonElement).onclick = () => enter(this.#name.value.trim(), newPrivateRoom());
  }

  /** Says why one can't go in. @param {string | undefined} why */
  refuse(why) {
    tell(this.byId("entry-refusal", HTMLElement), why);
  }

  hide() {
    this.#entry.hidden = true;
  }

  /** What is beside the form on the front page only. @param {(name: string, room: string) => void} enter */
  async #showFront(enter) {
    const [{ showRooms }, { showRecent }] = await Promise.all([import("./rooms.js"), import("./recent.js"), loadStyle(this.root, "rooms.css")]);
    showRecent((room) => enter(this.#name.value.trim(), room));
    showRooms((room) => this.#choose(room));
  }

  /** Fills a room in, and goes on to what is missing. @param {string} room */
  #choose(room) {
    this.#room.value = room;
    check(this.#room, this.#roomError, undefined);
    (this.#name.value.trim() ? this.byId("entry-join", HTMLButtonElement) : this.#name).focus();
  }
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
