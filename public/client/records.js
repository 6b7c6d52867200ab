// @ts-check
// How a room is kept, read over HTTP: its rules, and what was done or reported, for its moderators.

import { Refused } from "./refused.js";

/** @typedef {import("./parlor.js").Kept} Kept */

/** @param {URL} address  The room's. @param {import("./parlor.js").Options["token"]} token @param {{ before?: number, limit?: number }} range @returns {Promise<Kept>} */
export async function readRecords(address, token, range) {
  const url = new URL(address);
  url.protocol = url.protocol.replace("ws", "http");
  const at = url.pathname.lastIndexOf("/");
  url.pathname = `${url.pathname.slice(0, at)}/api/rooms/${url.pathname.slice(at + 1) || "default"}/moderation`;
  for (const [name, value] of Object.entries(range)) url.searchParams.set(name, String(value));
  try {
    const shown = typeof token === "function" ? await token() : token;
    const answer = await fetch(url, shown === undefined ? {} : { headers: { Authorization: `Bearer ${shown}` } });
    const body = await answer.json();
    if (!answer.ok) throw new Refused(body.error);
    return body;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused({ code: "disconnected", message: "Not connected." });
  }
}
