// @ts-check
// What one began to write in each room, kept until it is sent.

import { read, write } from "./storage.js";

/** @param {string} room */
const key = (room) => `parlor.draft ${room}`;

/** @param {string} room */
export const draftIn = (room) => read(() => localStorage, key(room)) ?? "";

/** @param {string} room @param {string} text */
export const keepDraft = (room, text) => write(() => localStorage, key(room), text || undefined);
