// @ts-check
// The top of the list: a button for older lines, or where the room begins.

import { isPrivate } from "../room-name.js";
import { words } from "../words.js";
import { byId, tell } from "./dom.js";

export class HistoryTop {
  #button = byId("older", HTMLButtonElement);
  #beginning = byId("beginning", HTMLElement);

  /** @param {() => void} onOlder */
  constructor(onOlder) {
    this.#button.addEventListener("click", onOlder);
  }

  /** @param {{ more: boolean, isLoading: boolean, room: string }} top */
  draw({ more, isLoading, room }) {
    const hadFocus = document.activeElement === this.#button;
    this.#button.hidden = !more;
    if (hadFocus && !more) byId("scroller", HTMLElement).focus({ preventScroll: true });
    this.#button.textContent = isLoading ? words.loading : words.earlier;
    this.#button.setAttribute("aria-disabled", String(isLoading));
    tell(this.#beginning, more || !room ? undefined : (isPrivate(room) ? words.beginningPrivate : words.beginning(room)));
  }
}
