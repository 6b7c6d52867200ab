// @ts-check
// `npm run bench:cost`: what days of a chat cost at list prices (prices.json), by what the objects themselves count,
// beside the same load on workers-chat-demo's pattern and on PartyServer; and what the two layouts of a log write.
// A day is a sample at its true rate, then multiplied: what a message costs depends on the rate. Writes
// bench/results/cost.md.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { main, step } from "../scripts/run.mjs";
import { ROOT } from "../scripts/toolchain.mjs";
import { counts } from "./measures.mjs";
import { cpuSeconds } from "./processes.mjs";
import { load, prepare, SERVERS, startLayouts } from "./servers.mjs";

const PRICES = JSON.parse(readFileSync(new URL("./prices.json", import.meta.url), "utf8"));
const RESULTS = join(ROOT, "bench", "results");
/** A room tells the lobby what it counted within this time: src/limits.rs, REPORT_GAP_MS_MAX. */
const REPORT_MS = 11_000;
const DAYS_A_MONTH = 30;

/** @typedef {{ requests: number, received: number, written: number, read: number, frames: number }} Counts */
/**
 * @typedef {object} Day
 * @property {string} title
 * @property {number} members who are there at once
 * @property {number} joins in a day
 * @property {number} perSecond messages, while people talk
 * @property {number} messages in a day
 */

/** @type {Day[]} */
const DAYS = [
  { title: "a quiet team room: 12 people, 300 messages in talks of one every 2 s, 60 joins", members: 12, joins: 60, perSecond: 0.5, messages: 300 },
  { title: "a busy public room: 200 people, 5 messages a second for 12 hours, 4,000 joins", members: 200, joins: 4_000, perSecond: 5, messages: 216_000 },
  { title: "a launch: 1,000 readers, 50 messages a second for 2 hours, 5,000 joins", members: 1_000, joins: 5_000, perSecond: 50, messages: 360_000 },
];

/** How each is asked what it counted. @type {Record<string, (port: number) => Promise<Counts>>} */
const COUNTED = {
  parlor: async (port) => {
    await new Promise((resolve) => setTimeout(resolve, REPORT_MS));
    const all = await counts(port);
    const of = (/** @type {string} */ name) => all[`parlor_${name}_total`] ?? 0;
    return {
      requests: of("requests") + of("lobby_reports"),
      received: of("frames_received"),
      written: of("rows_written") + of("lobby_rows_written"),
      read: of("rows_read"),
      frames: of("fanout_frames"),
    };
  },
  demo: async (port) => /** @type {Counts} */ (await (await fetch(`http://127.0.0.1:${port}/bench-0/costs`)).json()),
  partyserver: async (port) => /** @type {Counts} */ (await (await fetch(`http://127.0.0.1:${port}/parties/rooms/bench-0`)).json()),
};

await main(async () => {
  await prepare();
  const lines = [
    "# What it costs",
    "",
    `\`npm run bench:cost\`, ${new Date().toISOString()}. List prices of ${PRICES.date} (bench/prices.json), past what the plan includes. What Parlor ` +
      "reports to its lobby is in its numbers; PartyServer keeps no history. Time in memory is the same for all three while people talk, and is not in the table.",
    "",
    "| a day of | server | requests | incoming messages | rows written | rows read | frames out (free) | $ a month | of it rows written |",
    "|---|---|---|---|---|---|---|---|---|",
  ];
  for (const day of DAYS) {
    for (const server of Object.keys(COUNTED)) {
      const counted = await step(`${day.title}: ${server}`, () => countDay(server, day));
      const price = priceOf(counted);
      const cells = [day.title, SERVERS[server]?.title, ...[counted.requests, counted.received, counted.written, counted.read].map(whole), counted.frames > 0 ? whole(counted.frames) : "not counted"];
      lines.push(`| ${[...cells, money(price.all), money(price.written)].join(" | ")} |`);
    }
  }
  lines.push("", ...(await step("the log's layouts", layouts)));
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "cost.md"), `${lines.join("\n")}\n`);
  console.log(lines.join("\n"));
});

/** @param {string} server @param {Day} day @returns {Promise<Counts>} */
async function countDay(server, { members, joins, perSecond, messages }) {
  const joined = await sample(server, { members, load: { kind: "idle" }, measure_ms: 1_000 });
  const ms = Math.max(20_000, 20_000 / perSecond);
  const talked = await sample(server, { members, load: { kind: "open", senders: Math.min(members, 10), per_second: perSecond }, measure_ms: ms });
  const said = (ms / 1_000) * perSecond;
  const keys = /** @type {(keyof Counts)[]} */ (Object.keys(joined));
  const of = (/** @type {keyof Counts} */ key) => (joined[key] * joins) / members + ((talked[key] - joined[key]) * messages) / said;
  return /** @type {Counts} */ (Object.fromEntries(keys.map((key) => [key, Math.max(0, of(key))])));
}

/** @param {string} server @param {object} plan @returns {Promise<Counts>} */
async function sample(server, plan) {
  const [peer, count] = [SERVERS[server], COUNTED[server]];
  if (peer === undefined || count === undefined) throw new Error(`there is no server ${server}`);
  const running = await peer.start();
  try {
    await load(peer, running, plan);
    return await count(running.port);
  } finally {
    await running.stop();
  }
}

/** A month of such days, in dollars. @param {Counts} counted */
function priceOf({ requests, received, written, read }) {
  const million = DAYS_A_MONTH / 1e6;
  const rows = written * million * PRICES.per_million_rows_written;
  const asked = (requests + received / PRICES.incoming_messages_per_request) * million * PRICES.per_million_requests;
  return { all: rows + asked + read * million * PRICES.per_million_rows_read, written: rows };
}

async function layouts() {
  const messages = 6_400;
  const lines = [
    "## The log's layout",
    "",
    `${messages.toLocaleString("en")} messages in an object that does nothing else (bench/peers/layouts.js), by how many share a flush: 1 up to 20 messages a second, 5 at 100.`,
    "",
    "| layout | messages in a flush | rows written for 1,000 | bytes written for each | CPU for each, µs | $ per million messages for rows |",
    "|---|---|---|---|---|---|",
  ];
  for (const flush of [1, 2, 5, 20]) {
    for (const layout of ["rows", "segments"]) {
      const running = await startLayouts();
      try {
        const ask = async () => /** @type {{ rows: number, bytes: number }} */ (await (await fetch(`http://127.0.0.1:${running.port}/?layout=${layout}&messages=${messages}&flush=${flush}`)).json());
        await ask(); // warm
        const before = cpuSeconds(running.pids);
        const { rows, bytes } = await ask();
        const cpu = cpuSeconds(running.pids) - before;
        lines.push(`| ${layout === "rows" ? "a row for each message" : "segments of 64"} | ${flush} | ${whole((rows / messages) * 1_000)} | ${whole(bytes / messages)} | ${((cpu / messages) * 1e6).toFixed(0)} | ${((rows / messages) * PRICES.per_million_rows_written).toFixed(2)} |`);
      } finally {
        await running.stop();
      }
    }
  }
  return lines;
}

/** @param {number} value */
function whole(value) {
  return Math.round(value).toLocaleString("en");
}

/** @param {number} dollars */
function money(dollars) {
  return dollars < 0.1 ? dollars.toFixed(3) : dollars.toFixed(2);
}
