// @ts-check
// How many lines one has not read, in the tab: before its title, and on its icon.

const COUNT_MAX = 99; // above it the icon says 9+
const PLAIN = "/favicon.svg";

export class Badge {
  #title = document.title;
  #shown = 0;

  /** @param {number} count */
  show(count) {
    if (count === this.#shown) return;
    this.#shown = count;
    document.title = count > 0 ? `(${count > COUNT_MAX ? `${COUNT_MAX}+` : count}) ${this.#title}` : this.#title;
    document.querySelector("link[rel=icon]")?.setAttribute("href", count > 0 ? drawn(count > 9 ? "9+" : String(count)) : PLAIN);
  }
}

/** @param {string} text */
function drawn(text) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1c6653"/><circle cx="19" cy="19" r="13" fill="#fff"/><circle cx="19" cy="19" r="12" fill="#a3301c"/><text x="19" y="25" text-anchor="middle" font-family="sans-serif" font-weight="bold" font-size="17" fill="#fff">${text}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
