// @ts-check
// The words of dialogs and menus in the reader's language, with those of the page. For modules that are
// loaded when a dialog is opened first; the others take theirs from words.js.

import { load } from "./load.js";
import { loadDialogWords, words as pageWords } from "./words.js";

export const words = { ...pageWords, ...(await load(loadDialogWords)) };
