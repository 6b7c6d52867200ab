// @ts-check
// Keeps the room above the soft keyboard where the browser lays it over the page instead of making the
// page smaller (`interactive-widget` in index.html asks for that).

import { byId } from "./dom.js";

/** @param {import("./dom.js").Root} root */
export function fitViewport(root) {
  const viewport = window.visualViewport;
  const room = byId(root, "room", HTMLElement);
  viewport?.addEventListener("resize", () => {
    const isCovered = viewport.scale === 1 && viewport.height < window.innerHeight - 1;
    if (isCovered) room.style.setProperty("--room-height", `${viewport.height}px`);
    else room.style.removeProperty("--room-height");
    if (isCovered) window.scrollTo(0, 0); // the browser pushed the page up to show the caret
  });
}
