// @ts-check
// The list of keys. Loaded when it is asked for.

import { words } from "../dialog-words.js";
import { ask } from "./dialog.js";
import { make } from "./dom.js";

/** What stands on the keys, and what they do. @returns {[string[], string][]} */
const keys = () => [
  [["Enter"], words.keySend],
  [["Shift", "Enter"], words.keyBreak],
  [["@"], words.keyMention],
  [["↑"], words.keyUp],
  [["↑", "↓"], words.keyLines],
  [["R"], words.keyReply],
  [["Shift", "F10"], words.keyMore],
  [["Home", "End"], words.keyEnds],
  [["Esc"], words.keyWrite],
  [["?"], words.keyList],
  [["Ctrl", "/"], words.keyListAnywhere],
];

/** @param {import("./dom.js").Root} root */
export async function showShortcuts(root) {
  const rows = keys().map(([names, does]) => {
    const row = make("li", "shortcut", make("span", "", ...names.flatMap((name) => [make("kbd", "", name), " "])), make("span", "", does));
    return row;
  });
  const list = make("ul", "shortcuts", ...rows);
  list.role = "list";
  await ask(root, { title: words.shortcuts, body: [list] });
}
