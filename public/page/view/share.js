// @ts-check
// The link that brings somebody in: by the device's own sharing, or to copy. Loaded when it is opened first.

import { words } from "../dialog-words.js";
import { ask, button, field } from "./dialog.js";
import { make } from "./dom.js";

const COPIED_MS = 2_000;
const isTouch = matchMedia("(hover: none) and (pointer: coarse)");

/** @param {import("./dom.js").Root} root @param {{ url: string, title: string, isPrivate: boolean }} link */
export async function share(root, { url, title, isPrivate }) {
  const data = { title, url };
  const canShare = navigator.canShare?.(data) ?? false;
  if (canShare && isTouch.matches && (await shareOutside(data))) return;
  const address = make("input", "");
  address.readOnly = true;
  address.dir = "ltr";
  address.value = url;
  address.addEventListener("focus", () => address.select());
  const copy = button("button primary", words.copyLink);
  const said = make("p", "field-hint");
  said.setAttribute("role", "status");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(url);
      said.textContent = words.copied;
      setTimeout(() => (said.textContent = ""), COPIED_MS);
    } catch {
      address.focus(); // selected, to be copied by hand
      said.textContent = words.copyDenied;
    }
  });
  const buttons = [copy];
  if (canShare) {
    const outside = button("button", words.shareElsewhere);
    outside.addEventListener("click", () => void shareOutside(data));
    buttons.unshift(outside);
  }
  const hint = make("p", "", isPrivate ? words.sharePrivateHint : words.shareHint);
  await ask(root, { title: words.shareTitle, body: [hint, field(words.link, address, "link"), said], buttons });
}

/** Returns whether the device took it, or the person thought better of it. @param {ShareData} data */
async function shareOutside(data) {
  try {
    await navigator.share(data);
    return true;
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError";
  }
}
