// @ts-check
// Notifications of mentions while the page is hidden: only for who asked for them by the button.
// Loaded for those only.

import { read, write } from "../storage.js";
import { words } from "../dialog-words.js";
import { View, tell } from "./dom.js";

const KEY = "parlor.notify"; // also read in parts.js

export class Notifier extends View {
  #button = this.byId("notify", HTMLButtonElement);

  /** @param {import("./dom.js").Root} root */
  constructor(root) {
    super(root);
    this.#show();
  }

  /** Tells of a mention, unless one looks. @param {import("../../client/parlor.js").Message} message @param {string} room  Its title. */
  async tell({ seq, from, text: body }, room) {
    if (!this.#isOn || document.visibilityState === "visible") return;
    const title = words.mentionedIn(from.name, room);
    const options = { body, tag: `${room} ${seq}`, icon: "/favicon.svg" };
    try {
      const notification = new Notification(title, options);
      notification.onclick = () => {
        window.focus();
        notification.close();
      };
    } catch {
      const worker = await navigator.serviceWorker?.getRegistration(); // phones want one
      await worker?.showNotification(title, options);
    }
  }

  /** Asks for them, or for no more. */
  async toggle() {
    const isWanted = !this.#isOn;
    if (isWanted) await Notification.requestPermission();
    write(() => localStorage, KEY, isWanted && Notification.permission === "granted" ? "on" : undefined);
    this.#show();
  }

  get #isOn() {
    return Notification.permission === "granted" && read(() => localStorage, KEY) === "on";
  }

  #show() {
    const isOn = this.#isOn;
    this.#button.setAttribute("aria-pressed", String(isOn));
    this.byId("notify-text", HTMLElement).textContent = isOn ? words.notifying : words.notify;
    tell(this.byId("notify-denied", HTMLElement), Notification.permission === "denied" ? words.notifyDenied : undefined);
  }
}
