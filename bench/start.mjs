// @ts-check
// `npm run bench:start`: how long a person waits, from the first byte of the upgrade to `welcome` with 64 messages of
// history: in a room that is awake, in one that hibernates, and as the first after the runtime was started. Writes
// bench/results/start.md.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import { main, step } from "../scripts/run.mjs";
import { ROOT } from "../scripts/toolchain.mjs";
import { prepare, SERVERS } from "./servers.mjs";

const MESSAGES = 64;
/** A room sleeps after 10 s without an event. */
const SLEEP_MS = 11_500;

await main(async () => {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" } } });
  await prepare();
  const folder = mkdtempSync(join(tmpdir(), "parlor-bench-start-"));
  /** @type {Record<"cold" | "warm" | "hibernated", number[]>} */
  const times = { cold: [], warm: [], hibernated: [] };
  try {
    await step("history", () => withParlor(folder, async (port) => talk(port)));
    for (let round = 0; round < Number(values.rounds); round++) {
      await step(`round ${round + 1}`, () =>
        withParlor(folder, async (port) => {
          times.cold.push(await joinOnce(port));
          for (let at = 0; at < 5; at++) times.warm.push(await joinOnce(port));
          await new Promise((resolve) => setTimeout(resolve, SLEEP_MS));
          times.hibernated.push(await joinOnce(port));
        }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  const lines = [
    "# From the first byte of an upgrade to `welcome`, with 64 messages of history",
    "",
    `\`npm run bench:start\`, ${new Date().toISOString()}. Without a network between.`,
    "",
    "| the room | median, ms | least | most | times |",
    "|---|---|---|---|---|",
    ...Object.entries(times).map(([state, all]) => {
      const sorted = all.sort((one, two) => one - two);
      return `| ${state} | ${[sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((ms) => ms?.toFixed(1)).join(" | ")} | ${all.length} |`;
    }),
  ];
  const results = join(ROOT, "bench", "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "start.md"), `${lines.join("\n")}\n`);
  console.log(lines.join("\n"));
});

/** @param {string} folder @param {(port: number) => Promise<unknown>} work */
async function withParlor(folder, work) {
  const running = await SERVERS.parlor?.start({ folder });
  if (running === undefined) throw new Error("no Parlor");
  try {
    await work(running.port);
  } finally {
    await running.stop();
  }
}

/** Says what the history will be. @param {number} port */
async function talk(port) {
  for (let at = 0; at < MESSAGES; at++) {
    const body = JSON.stringify({ id: `start-${at}`, name: "Ada", text: `The ${at}th of some lines that a person would write.` });
    const answer = await fetch(`http://127.0.0.1:${port}/api/rooms/start/messages`, { method: "POST", body });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  }
}

/** Joins and leaves. @param {number} port @returns {Promise<number>} ms until the welcome */
async function joinOnce(port) {
  const begun = performance.now();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/start`, "parlor.v1", { perMessageDeflate: false });
  const welcomed = new Promise((resolve, reject) => {
    socket.once("message", (data) => resolve(JSON.parse(data.toString())));
    socket.once("error", reject);
  });
  socket.once("open", () => socket.send('{"type":"join","name":"Ada"}'));
  const welcome = await welcomed;
  const ms = performance.now() - begun;
  if (welcome.type !== "welcome" || welcome.messages.length !== MESSAGES) throw new Error("no welcome with the history");
  socket.close();
  await new Promise((resolve) => socket.once("close", resolve));
  return ms;
}
