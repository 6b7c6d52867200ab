// @ts-check
// The parts of a room's page that are loaded when they are wanted, so that who only talks doesn't wait
// for them: menus, dialogs, completion, notifications.

import { load } from "../load.js";
import { read } from "../storage.js";
import { View } from "./dom.js";

/** @typedef {import("../../client/parlor.js").Member} Member */
/** @typedef {import("../../client/parlor.js").Message} Message */
/** @typedef {{ messageAt: (seq: number) => Message | undefined, reply: (seq: number) => void, others: () => Member[] }} Talk */

export class Parts extends View {
  #room;
  #talk;
  /** @type {import("./rename.js").Rename | undefined} */
  #rename;
  /** @type {import("./notifier.js").Notifier | undefined} */
  #notifier;
  #isCompleting = false;

  /** @param {import("./dom.js").Root} root @param {import("../../client/parlor.js").Room} room @param {Talk} talk */
  constructor(root, room, talk) {
    super(root);
    this.#room = room;
    this.#talk = talk;
    const notify = this.byId("notify", HTMLButtonElement);
    notify.hidden = !("Notification" in globalThis);
    notify.addEventListener("click", async () => (await this.#loadNotifier()).toggle());
    if (read(() => localStorage, "parlor.notify") === "on") this.#loadNotifier();
    this.byId("rename-open", HTMLButtonElement).addEventListener("click", () => this.#openRename());
    this.byId("shortcuts-open", HTMLButtonElement).addEventListener("click", () => this.#openShortcuts());
    this.byId("room", HTMLElement).addEventListener("keydown", (event) => {
      const isAmongLines = event.target instanceof Element && event.target.closest("#scroller") !== null;
      const isAsked = event.key === "?" ? isAmongLines : event.key === "/" && (event.ctrlKey || event.metaKey);
      if (!isAsked) return;
      event.preventDefault();
      this.#openShortcuts();
    });
  }

  /** @param {number} seq @param {HTMLElement} opener */
  async openLine(seq, opener) {
    const message = this.#talk.messageAt(seq);
    const { openLineMenu } = await load(() => import("./actions.js"));
    if (message) openLineMenu({ root: this.root, room: this.#room }, opener, message, () => this.#talk.reply(seq));
  }

  /** @param {Member} member @param {HTMLElement} opener */
  async openPerson(member, opener) {
    const { openMemberMenu } = await load(() => import("./actions.js"));
    openMemberMenu({ root: this.root, room: this.#room }, opener, member);
  }

  async moderate() {
    const { openModeration } = await load(() => import("./moderation.js"));
    openModeration({ root: this.root, room: this.#room }, (seq) => this.#talk.messageAt(seq)?.text);
  }

  /** An @ was written. */
  async completeMentions() {
    if (this.#isCompleting) return;
    this.#isCompleting = true;
    try {
      const { MentionList } = await load(() => import("./mention-list.js"));
      new MentionList(this.root, this.#talk.others);
    } catch (error) {
      this.#isCompleting = false; // the next @ tries again
      throw error;
    }
  }

  /** Tells of a mention, if that is wanted. @param {Message} message @param {string} title  The room's. */
  notify(message, title) {
    this.#notifier?.tell(message, title);
  }

  /** One has another name now. */
  renamed() {
    this.#rename?.done();
  }

  async #openRename() {
    const { Rename } = await load(() => import("./rename.js"));
    this.#rename ??= new Rename(this.root, this.#room);
    this.#rename.open();
  }

  async #openShortcuts() {
    const { showShortcuts } = await load(() => import("./shortcuts.js"));
    await showShortcuts(this.root);
  }

  async #loadNotifier() {
    const { Notifier } = await load(() => import("./notifier.js"));
    return (this.#notifier ??= new Notifier(this.root));
  }
}
