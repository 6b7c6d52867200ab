// @ts-check
// The top of the list: a button for older lines, or where the room begins.

import { isPrivate } from "../room-name.js";
import { words } from "../words.js";
import { View, tell } from "./dom.js";

export class HistoryTop extends View {
  #button = this.byId("older", HTMLButtonElement);
  #beginning = this.byId("beginning", HTMLElement);

  /** @param {import("./dom.js").Root} root @param {() => void} onOlder */
  constructor(root, onOlder) {
    super(root);
    this.#button.addEventListener("click", onOlder);
  }

  /** @param {{ isFirst: boolean, isLoading: boolean, room: string }} top  `isFirst`: there is none older than those shown. */
  draw({ isFirst, isLoading, room }) {
    const hadFocus = this.root.activeElement === this.#button;
    this.#button.hidden = isFirst;
    if (hadFocus && isFirst) this.byId("scroller", HTMLElement).focus({ preventScroll: true });
    this.#button.textContent = isLoading ? words.loading : words.earlier;
    this.#button.setAttribute("aria-disabled", String(isLoading));
    tell(this.#beginning, !isFirst || !room ? undefined : isPrivate(room) ? words.beginningPrivate : words.beginning(room));
  }
}
