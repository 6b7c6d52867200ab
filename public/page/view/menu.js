// @ts-check
// A menu below the button that opens it, by pointer or keyboard. Loaded when it is needed first.

import { byId, loadStyle, make } from "./dom.js";

/** @typedef {{ text: string, isDangerous?: boolean, choose: () => void }} Item */

const GAP_PX = 4;

/** @param {import("./dom.js").Root} root @param {HTMLElement} opener @param {string} label @param {Item[]} items */
export async function openMenu(root, opener, label, items) {
  await loadStyle(root, "dialog.css");
  const menu = make("div", "menu");
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", label);
  menu.popover = "auto";
  menu.append(...items.map((item) => makeItem(item, menu)));
  menu.addEventListener("keydown", (event) => step(event, menu));
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "open") return;
    menu.remove();
    opener.setAttribute("aria-expanded", "false");
  });
  (opener.closest("main, section, aside") ?? byId(root, "room", HTMLElement)).append(menu); // in the landmark that it belongs to
  menu.showPopover();
  opener.setAttribute("aria-expanded", "true");
  place(menu, opener);
  menu.querySelector("button")?.focus();
}

/** @param {Item} item @param {HTMLElement} menu */
function makeItem({ text, isDangerous, choose }, menu) {
  const item = make("button", isDangerous ? "menu-item danger" : "menu-item", text);
  item.type = "button";
  item.setAttribute("role", "menuitem");
  item.tabIndex = -1;
  item.addEventListener("click", () => {
    menu.hidePopover(); // the focus goes back to the opener first
    choose();
  });
  return item;
}

/** @param {KeyboardEvent} event @param {HTMLElement} menu */
function step(event, menu) {
  const items = [...menu.querySelectorAll("button")];
  const at = items.findIndex((item) => item.matches(":focus"));
  const to = { ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[to]?.focus();
}

/** Puts it below its button, or above where there is no room, and within the window. @param {HTMLElement} menu @param {HTMLElement} opener */
function place(menu, opener) {
  const by = opener.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below_px = by.bottom + GAP_PX;
  const top_px = below_px + height <= innerHeight ? below_px : Math.max(GAP_PX, by.top - GAP_PX - height);
  const isRightToLeft = getComputedStyle(opener).direction === "rtl";
  const left_px = Math.min(Math.max(GAP_PX, isRightToLeft ? by.right - width : by.left), innerWidth - width - GAP_PX);
  menu.style.top = `${top_px}px`;
  menu.style.left = `${left_px}px`;
}
