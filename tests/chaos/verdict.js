// @ts-check
/**
 * What must hold once a room has settled: every client's log from its first welcome on, the paged
 * history and the raw table are the same; nothing acknowledged is lost, nothing is doubled or out of
 * order; nobody is present who isn't.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../client.js";
import { lineOf } from "./log.js";
import { TRIGGERS } from "./saboteur.js";

/** @typedef {import("./log.js").Message} Message */
/** @typedef {import("../harness.js").Server} Server */
/**
 * @typedef {object} Witness one who talked: a Speaker, or a driver of somebody else's client
 * @property {string} name
 * @property {number} member
 * @property {{ base: number, lines: string[], head: number }} log
 * @property {Map<string, string>} said texts by id
 * @property {Map<string, number>} acknowledged seqs by id
 * @property {Set<string>} [refused] ids refused for now at least once, which may come out of turn
 */

/** Far above what a loaded machine needs. */
const SETTLE_MS_MAX = 60_000;
const LOOK_EVERY_MS = 50;
const HISTORY_PAGE = 200;

/**
 * Waits until everything said is acknowledged, everybody has seen the last message, and exactly
 * those who are here are present.
 * @param {(Witness & { unacknowledged: { size: number } })[]} witnesses @param {Server} server @param {string} room
 */
export async function settle(witnesses, server, room) {
  const deadline = performance.now() + SETTLE_MS_MAX;
  /** @param {() => boolean | Promise<boolean>} holds @param {() => string} what */
  const until = async (holds, what) => {
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`not settled within ${SETTLE_MS_MAX} ms: ${what()}`);
      await sleep(LOOK_EVERY_MS);
    }
  };
  const state = () => witnesses.map(({ name, log, unacknowledged }) => `${name} at ${log.head}, ${unacknowledged.size} open`).join("; ");
  await until(() => witnesses.every(({ unacknowledged }) => unacknowledged.size === 0), state);
  let present = -1;
  let head = -1;
  await until(
    async () => {
      const visitor = await Client.join(server, room, "Visitor");
      ({ member_count: present, head } = visitor.welcome);
      await visitor.close();
      return present === witnesses.length + 1;
    },
    () => `${present - 1} are present of ${witnesses.length}`,
  );
  await until(() => witnesses.every(({ log }) => log.head === head), () => `head is ${head}: ${state()}`);
}

/** Reads a room's whole history over HTTP. @param {Server} server @param {string} room */
export async function pagesOf(server, room) {
  /** @type {Message[]} */
  const messages = [];
  for (let more = true; more; ) {
    const path = `/api/rooms/${room}/messages?after=${messages.at(-1)?.seq ?? 0}&limit=${HISTORY_PAGE}`;
    const { status, text, json } = await server.request(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    messages.push(...json.messages);
    more = json.more;
  }
  return messages;
}

/** Reads the log as it lies on disk. The server must be stopped, and have had one room only. @param {string} folder of the storage */
export function rowsOf(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  /** @type {Message[]} */
  const messages = [];
  for (const name of names.filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(folder, name));
    try {
      if (!database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'segment'").get()) continue;
      if (messages.length > 0) throw new Error("more than one room");
      for (const { first_seq, body } of database.prepare("SELECT first_seq, body FROM segment ORDER BY first_seq").all()) {
        const segment = String(body).split("\n").filter(Boolean).map((line) => JSON.parse(line));
        if (segment[0]?.seq !== first_seq) throw new Error(`the segment of ${first_seq} begins with ${segment[0]?.seq}`);
        messages.push(...segment);
      }
    } finally {
      database.close();
    }
  }
  return messages;
}

/** Says all that is wrong. @param {Witness[]} witnesses @param {Message[]} pages @param {Message[]} rows @returns {string[]} */
export function verdict(witnesses, pages, rows) {
  const table = rows.map(lineOf);
  const wrong = rows.flatMap(({ seq }, n) => (seq === n + 1 ? [] : [`the table has seq ${seq} as its number ${n + 1}`]));
  wrong.push(...differences("the paged history", 0, pages.map(lineOf), table));
  /** @type {Map<string, Message>} by member and id */
  const stored = new Map();
  for (const message of rows) {
    const key = `${message.from.id} ${message.id}`;
    const before = stored.get(key);
    if (before) wrong.push(`${message.from.name}'s ${message.id} is stored as ${before.seq} and as ${message.seq}`);
    stored.set(key, message);
    if (Object.values(TRIGGERS).includes(message.text)) wrong.push(`what was to fail is stored as ${message.seq}`);
  }
  let said = 0;
  for (const { name, member, log, said: lines, acknowledged, refused } of witnesses) {
    wrong.push(...differences(`the log of ${name}`, log.base, log.lines, table));
    said += lines.size;
    let last = 0;
    for (const [id, text] of lines) {
      const message = stored.get(`${member} ${id}`);
      const seq = acknowledged.get(id);
      if (!message) wrong.push(`${name}'s ${id} is lost${seq ? `, acknowledged as ${seq}` : ""}`);
      else if (message.seq !== seq) wrong.push(`${name}'s ${id} is stored as ${message.seq}, acknowledged as ${seq}`);
      else if (message.text !== text) wrong.push(`${name}'s ${id} is ${message.text}, not ${text}`);
      else if (refused?.has(id)) continue;
      else if (message.seq < last) wrong.push(`${name}'s ${id} is before what was said before it`);
      last = message?.seq ?? last;
    }
  }
  if (rows.length !== said) wrong.push(`${rows.length} stored, ${said} said`);
  return wrong;
}

/** @param {string} name @param {number} base @param {string[]} lines all after `base` @param {string[]} table */
function differences(name, base, lines, table) {
  const expected = table.slice(base);
  const at = expected.findIndex((line, n) => line !== lines[n]);
  if (at >= 0) return [`${name} has ${lines[at]} where the table has ${expected[at]}`];
  return lines.length > expected.length ? [`${name} goes on after the table's end: ${lines[expected.length]}`] : [];
}
