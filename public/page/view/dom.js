// @ts-check
// Finds and builds elements. The only way to put a text on the page is as text.

/** Where the markup of index.html stands: the page itself, or the inside of an element that embeds a room. @typedef {Document | ShadowRoot} Root */

/**
 * Returns the element of index.html with this id, which is of this class.
 * @template {Element} T
 * @param {Root} root
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(root, id, type) {
  const element = root.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} "${id}"`);
  return element;
}

/** What shows a part of the page: it looks for its elements below its root only, so that a page may have several. */
export class View {
  /** @param {Root} root */
  constructor(root) {
    this.root = root;
  }

  /**
   * @template {Element} T
   * @param {string} id
   * @param {new () => T} type
   */
  byId(id, type) {
    return byId(this.root, id, type);
  }
}

/**
 * Builds an element; strings among the children become text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Builds one of the icons drawn in index.html; it says nothing to assistive technology. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/**
 * Adds one of the style sheets that only some parts need; resolves once it holds.
 * @param {Root} root
 * @param {string} file  In style/.
 */
export function loadStyle(root, file) {
  const { href } = new URL(`../../style/${file}`, import.meta.url);
  const place = root instanceof Document ? root.head : root;
  if (place.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  place.append(link);
  return new Promise((resolve) => (link.onload = link.onerror = () => resolve(undefined))); // plain, but there
}

/** Shows a text in an element, or hides the element where there is none. @param {HTMLElement} element @param {string | undefined} text */
export function tell(element, text) {
  element.hidden = !text;
  element.textContent = text ?? "";
}
