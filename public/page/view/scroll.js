// @ts-check
// Where one reads: follows new lines only from the end, and keeps the text under the eye in its place
// when lines come in above it.

import { words } from "../words.js";
import { View } from "./dom.js";

const END_PX = 48; // so close to the end counts as being there
const TOP_PX = 240; // so close to the top asks for older lines

export class Scroll extends View {
  #scroller = this.byId("scroller", HTMLElement);
  #button = this.byId("newer", HTMLButtonElement);
  #text = this.byId("newer-text", HTMLElement);
  #isFollowing = true;
  #unseen = 0;

  /** @param {import("./dom.js").Root} root @param {() => void} onTop  Called while the top is near. */
  constructor(root, onTop) {
    super(root);
    this.#scroller.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
      this.#isFollowing = scrollHeight - scrollTop - clientHeight < END_PX;
      if (this.#isFollowing) this.#unseen = 0;
      this.#showButton();
      if (scrollTop < TOP_PX && !this.#isFollowing) onTop();
    });
    this.#button.addEventListener("click", () => {
      this.toEnd();
      this.#scroller.focus({ preventScroll: true }); // the button goes away
    });
    new ResizeObserver(() => this.#isFollowing && this.toEnd()).observe(this.#scroller);
  }

  get isFollowing() {
    return this.#isFollowing;
  }

  /** Goes to the newest line and follows from there. */
  toEnd() {
    this.#isFollowing = true;
    this.#unseen = 0;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#showButton();
  }

  /**
   * Keeps one's place while `draw` changes the list.
   * @param {Element | undefined} anchor  What is at the top before the change.
   * @param {() => number} draw  Returns how many lines are new at the end.
   */
  around(anchor, draw) {
    const before_px = anchor?.getBoundingClientRect().top ?? 0;
    const arrived = draw();
    if (this.#isFollowing) return this.toEnd();
    if (anchor?.isConnected) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before_px;
    this.#unseen += arrived;
    this.#showButton();
  }

  #showButton() {
    this.#button.hidden = this.#isFollowing;
    this.#text.textContent = this.#unseen > 0 ? words.newLines(this.#unseen) : words.newest;
  }
}
