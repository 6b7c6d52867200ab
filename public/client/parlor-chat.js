// @ts-check
// <parlor-chat>: a room inside any page of any site that the deployment lets in (ALLOWED_ORIGINS).
//
//   <script type="module" src="https://parlor.example/client/parlor-chat.js"></script>
//   <parlor-chat room="kitchen" name="Ada" style="height: 30rem; --accent: #7a2e8e"></parlor-chat>
//
// It is the page's own markup, style and modules below a shadow root: what the page learns, it learns.
// docs/EMBEDDING.md has its attributes, properties and custom properties.

import { converse } from "../page/conversation.js";
import * as identity from "../page/identity.js";
import { Entry } from "../page/view/entry.js";
import { label } from "../page/view/labels.js";
import { direction, language } from "../page/words.js";

/** Whence this module came is the Parlor it talks to, unless `src` names another. */
const HOME = new URL("/", import.meta.url);

export class ParlorChat extends HTMLElement {
  static observedAttributes = ["room", "src", "name"];

  /** Shows who one is, where the room asks for it: see `token` in docs/CLIENT.md. @type {import("./parlor.js").Options["token"]} */
  token;
  /** Counts what was shown: what comes late for an earlier one is not heard. */
  #shown = 0;
  /** @type {(() => void) | undefined} */
  #end;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  /** The room's name. */
  get room() {
    return this.getAttribute("room") ?? "";
  }

  /** Where the page of the room is. */
  get url() {
    return new URL(encodeURIComponent(this.room), new URL(this.getAttribute("src") ?? HOME, location.href));
  }

  connectedCallback() {
    this.#show();
  }

  disconnectedCallback() {
    this.#hide();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.#shown > 0) this.#show();
  }

  #hide() {
    this.#shown += 1;
    this.#end?.();
    this.#end = undefined;
    this.shadowRoot?.replaceChildren();
  }

  async #show() {
    this.#hide();
    const root = this.shadowRoot;
    if (!root || !this.room) return;
    const shown = this.#shown;
    try {
      await build(root, new URL("/", this.url));
    } catch (error) {
      if (shown === this.#shown) this.dispatchEvent(new CustomEvent("parlor-error", { detail: error }));
      throw error;
    }
    if (shown !== this.#shown) return;
    const name = this.getAttribute("name") ?? identity.nameInTab(this.url.href);
    if (name) this.#enter(root, name);
    else this.#ask(root);
  }

  /** @param {ShadowRoot} root @param {string} [refusal] */
  #ask(root, refusal) {
    new Entry(root).show({ name: identity.lastName() ?? "", room: this.room, refusal, enter: (name) => this.#enter(root, name) });
  }

  /** @param {ShadowRoot} root @param {string} name */
  #enter(root, name) {
    const place = this.url.href;
    identity.useName(place, name);
    new Entry(root).hide();
    this.#end = converse(root, {
      room: this.room,
      place,
      name,
      url: place,
      token: this.token,
      askAgain: (why) => this.#leave(why),
      leave: () => this.#leave(),
    });
  }

  /** Back to the question for a name. @param {string} [refusal] */
  async #leave(refusal) {
    identity.forgetName(this.url.href);
    const root = this.shadowRoot;
    this.#hide();
    const shown = this.#shown;
    if (!root) return;
    await build(root, new URL("/", this.url));
    if (shown === this.#shown) this.#ask(root, refusal);
  }
}

/** Puts the page's markup below the root, in the reader's language, once it has its style. @param {ShadowRoot} root @param {URL} home */
async function build(root, home) {
  const answer = await fetch(home);
  if (!answer.ok) throw new Error(`${home.href} answered ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html"); // Parlor's own file; nobody's words are in it
  const sheets = [...page.querySelectorAll('link[rel="stylesheet"]')].map((link) => link.getAttribute("href") ?? "");
  const styles = [...sheets, "/style/embed.css"].map((path) => makeStyle(new URL(path, home)));
  root.replaceChildren(...styles.map(({ link }) => link));
  await Promise.all(styles.map(({ loaded }) => loaded));
  for (const id of ["entry", "room"]) {
    const part = page.getElementById(id);
    if (!part) throw new Error(`the page has no "${id}"`);
    part.lang = language;
    part.dir = direction;
    root.append(document.adoptNode(part));
  }
  subordinate(root);
  const icons = page.querySelector(".sprite");
  if (icons) root.append(document.adoptNode(icons));
  label(root);
}

/** What is the whole page elsewhere is a part of one here: regions, not landmarks of the page, and headings below its own. @param {ShadowRoot} root */
function subordinate(root) {
  for (const [selector, title] of [["main.entry", "entry-title"], ["main.talk", "room-name"]]) {
    const main = root.querySelector(String(selector));
    if (!(main instanceof HTMLElement)) continue;
    const section = document.createElement("section");
    for (const { name, value } of main.attributes) section.setAttribute(name, value);
    section.setAttribute("aria-labelledby", String(title));
    section.append(...main.childNodes);
    main.replaceWith(section);
  }
  root.querySelector("aside")?.setAttribute("role", "region");
  for (const header of root.querySelectorAll("header")) header.setAttribute("role", "group");
  for (const heading of root.querySelectorAll("h1")) {
    heading.setAttribute("role", "heading");
    heading.setAttribute("aria-level", "2");
  }
}

/** @param {URL} url */
function makeStyle(url) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = url.href;
  const loaded = new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve); // plain, but there
  });
  return { link, loaded };
}

customElements.define("parlor-chat", ParlorChat);
