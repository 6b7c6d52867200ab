// @ts-check
// Where one reads: follows new lines only from the end, and otherwise keeps the text under the eye in
// its place to a fraction of a pixel, whatever comes and goes above and below it.

import { words } from "../words.js";
import { View } from "./dom.js";

/** @typedef {{ item: Element, top_px: number }} Anchor */

const END_PX = 48; // so close to the end counts as being there
const NEAR_PX = 1_000; // so close to an edge of what is shown asks for more
const SHIFT_PX_MAX = 2;
const ANCHORS_MAX = 8; // some may go: the first that stays is held on to

export class Scroll extends View {
  /** Whether what is shown goes through to the newest line. */
  showsLast = true;
  isFollowing = true;
  #scroller = this.byId("scroller", HTMLElement);
  #list = this.byId("lines", HTMLOListElement);
  #button = this.byId("newer", HTMLButtonElement);
  #text = this.byId("newer-text", HTMLElement);
  #on;
  #shift_px = 0; // the part of a pixel that scrolling can't do
  /** @type {Anchor[]} */
  #anchors = [];
  #width_px = 0;

  /** @param {import("./dom.js").Root} root @param {{ near: (edge: "top" | "bottom") => void, moved: () => void, end: () => void }} on */
  constructor(root, on) {
    super(root);
    this.#on = on;
    this.#scroller.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
      this.isFollowing = this.showsLast && scrollHeight - scrollTop - clientHeight < END_PX;
      this.#anchors = this.#findAnchors();
      on.moved();
      this.#look();
    });
    this.#button.addEventListener("click", () => {
      on.end();
      this.#scroller.focus({ preventScroll: true }); // the button goes away
    });
    new ResizeObserver(() => this.#resized()).observe(this.#scroller);
  }

  /** The seq under the eye; Infinity at the end. */
  get eye() {
    const seq = this.isFollowing ? undefined : /** @type {HTMLElement} */ (this.#findAnchors().find(({ item }) => item.hasAttribute("data-seq"))?.item)?.dataset["seq"];
    return seq === undefined ? Infinity : Number(seq);
  }

  /** Follows from now on: the next `keep` goes to the end. */
  follow() {
    this.isFollowing = true;
  }

  /** Goes to where this line is near the top, if it is above what is seen. @param {Element} item */
  toLine(item) {
    const gap_px = this.#scroller.clientHeight / 4;
    const top_px = item.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    if (top_px >= 0) return;
    this.isFollowing = false;
    this.#scroller.scrollTop += top_px - gap_px;
  }

  /** Keeps one's place while `draw` changes the list. @param {() => void} draw */
  keep(draw) {
    const anchors = this.isFollowing ? [] : this.#findAnchors();
    draw();
    if (this.isFollowing) this.#toEnd();
    else this.#hold(anchors);
    requestAnimationFrame(() => this.#look());
  }

  /** @param {number} unread */
  showButton(unread) {
    this.#button.hidden = this.isFollowing;
    const text = unread > 0 ? words.newLines(unread) : words.newest;
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Asks for more where an edge is near. */
  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (scrollTop < NEAR_PX) this.#on.near("top");
    if (!this.showsLast && scrollHeight - scrollTop - clientHeight < NEAR_PX) this.#on.near("bottom");
  }

  /** The lines from the top of what is seen on. @returns {Anchor[]} */
  #findAnchors() {
    const items = this.#list.children;
    const top_px = this.#scroller.getBoundingClientRect().top;
    let from = 0;
    for (let to = items.length; from < to; ) {
      const middle = (from + to) >> 1;
      if (bottomOf(items[middle]) > top_px) to = middle;
      else from = middle + 1;
    }
    return [...items].slice(from, from + ANCHORS_MAX).map((item) => ({ item, top_px: topOf(item) }));
  }

  /** Puts what is still there of these lines back where it was. @param {Anchor[]} anchors */
  #hold(anchors) {
    const anchor = anchors.find(({ item }) => item.isConnected);
    if (!anchor) return;
    const moved_px = () => topOf(anchor.item) - anchor.top_px;
    this.#scroller.scrollTop += moved_px();
    this.#shift(moved_px()); // scrolling stops at whole pixels of the device
    if (this.#shift_px < 0 || this.#shift_px >= SHIFT_PX_MAX) {
      const carried_px = this.#shift_px < 0 ? 1 : -1;
      this.#shift(-carried_px);
      this.#scroller.scrollTop += carried_px;
      this.#shift(moved_px());
    }
    this.#anchors = this.#findAnchors();
  }

  /** Moves the lines up by a part of a pixel. @param {number} by_px */
  #shift(by_px) {
    if (by_px === 0 || Math.abs(by_px) > 1) return; // at an end there is nothing to hold on to
    this.#shift_px -= by_px;
    this.#list.style.paddingTop = `${this.#shift_px}px`;
  }

  /** The window, the soft keyboard or what one writes has another size. */
  #resized() {
    const { clientWidth } = this.#scroller;
    if (this.isFollowing) this.#toEnd();
    else if (clientWidth !== this.#width_px) this.#hold(this.#anchors); // the lines break elsewhere
    this.#width_px = clientWidth;
  }
}

/** Where a line's text is: what stands above it in its item may go. @param {Element} item */
function topOf(item) {
  return (item.querySelector(".bubble") ?? item).getBoundingClientRect().top;
}

/** @param {Element | undefined} item */
function bottomOf(item) {
  return item?.getBoundingClientRect().bottom ?? Infinity;
}
