// @ts-check
/**
 * A crash under many clients: workerd is killed beneath all of them at once, and each comes back as
 * the reference client does. Shows when they knock and when they are in again.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Server, UNHURRIED } from "../harness.js";
import { Lot } from "./lot.js";
import { REFERENCE, Speaker } from "./speaker.js";
import { pagesOf, rowsOf, settle, verdict } from "./verdict.js";

const ROOM = "herd";
/** The floor: all resumed by then. */
const RESUMED_MS_MAX = 15_000;
const BIN_MS = 250;
/**
 * No 250 ms with more knocks than this share of the herd. The first retries alone, spread evenly
 * over 1 s, put a quarter into each; a stampede would put nearly all into one.
 */
const SHARE_MAX = 0.5;
const ENTER_AT_ONCE = 50;
const TALKERS = 20;
const BAR_CHARS = 60;

/** @param {number} count @param {string} build @param {number} seed */
export async function stampede(count, build, seed) {
  const folder = await mkdtemp(join(tmpdir(), "parlor-herd-"));
  const server = new Server(folder, { build, vars: UNHURRIED });
  /** @type {Speaker[]} */
  const herd = [];
  try {
    await server.start();
    for (let n = 0; n < count; n++) {
      const lot = new Lot(seed, "herd", n);
      herd.push(new Speaker({ port: () => server.port, room: ROOM, name: `Person ${n + 1}`, lot, pace: REFERENCE }));
      if (n % ENTER_AT_ONCE === 0) await until(() => herd.every(({ isLive }) => isLive), "everybody is in");
    }
    await until(() => herd.every(({ isLive }) => isLive), "everybody is in");
    const talkers = herd.slice(0, TALKERS);
    for (const speaker of talkers) for (let n = 1; n <= 10; n++) speaker.say(`${speaker.name} says ${n}`);
    await until(() => talkers.some(({ acknowledged }) => acknowledged.size > 0), "the first is stored");

    const { knocks, returns, crashed, restarted } = await crash(server, herd);
    await settle(herd, server, ROOM);
    const pages = await pagesOf(server, ROOM);
    for (const speaker of herd) speaker.stop();
    await server.stop();
    const violations = [...herd.flatMap((speaker) => speaker.violations), ...verdict(herd, pages, rowsOf(folder))];
    const last = Math.max(...returns) - crashed;
    const most = Math.max(...histogram(knocks, crashed));
    if (last > RESUMED_MS_MAX) violations.push(`the last was back after ${last.toFixed(0)} ms`);
    if (most > SHARE_MAX * count) violations.push(`${most} of ${count} knocked within ${BIN_MS} ms`);
    const resumed = herd.reduce((sum, speaker) => sum + speaker.counts.resumed, 0);
    const lines = [
      `${count} clients; workerd answered again ${(restarted - crashed).toFixed(0)} ms after SIGKILL`,
      `${knocks.length} connection attempts, ${(knocks.length / count).toFixed(2)} a client; at most ${most} in ${BIN_MS} ms`,
      `${resumed} resumed (recovered: true); half by ${quantile(returns, 0.5, crashed)} ms, 99 % by ${quantile(returns, 0.99, crashed)} ms, the last after ${last.toFixed(0)} ms`,
      "",
      "  ms after SIGKILL   attempts                    resumed",
      ...rows(histogram(knocks, crashed), histogram(returns, crashed)),
    ];
    return { lines, violations };
  } finally {
    for (const speaker of herd) speaker.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Kills the server beneath everybody, and waits until all are back. @param {Server} server @param {Speaker[]} herd */
async function crash(server, herd) {
  /** @type {number[]} */
  const knocks = [];
  /** When each was in again. @type {Map<Speaker, number>} */
  const back = new Map();
  for (const speaker of herd) {
    speaker.on("dial", () => knocks.push(performance.now()));
    speaker.on("end", () => back.delete(speaker));
    speaker.on("welcome", () => back.set(speaker, performance.now()));
  }
  const crashed = performance.now();
  await server.kill();
  const restarted = performance.now();
  await until(() => back.size === herd.length, "everybody is back");
  return { knocks: [...knocks], returns: [...back.values()], crashed, restarted };
}

/** @param {number[]} instants @param {number} from @returns {number[]} how many in each bin */
function histogram(instants, from) {
  /** @type {number[]} */
  const bins = [];
  for (const instant of instants) {
    const bin = Math.floor((instant - from) / BIN_MS);
    while (bins.length <= bin) bins.push(0);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}

/** @param {number[]} knocks @param {number[]} returns */
function rows(knocks, returns) {
  const most = Math.max(...knocks, ...returns);
  const bar = (/** @type {number} */ count) => "█".repeat(Math.ceil((count / most) * (BAR_CHARS / 3)));
  return Array.from({ length: Math.max(knocks.length, returns.length) }, (_, bin) => {
    const [knocked = 0, returned = 0] = [knocks[bin], returns[bin]];
    const from = String(bin * BIN_MS).padStart(8);
    return `  ${from} to ${String((bin + 1) * BIN_MS).padEnd(6)} ${String(knocked).padStart(4)} ${bar(knocked).padEnd(BAR_CHARS / 3)}  ${String(returned).padStart(4)} ${bar(returned)}`.trimEnd();
  });
}

/** @param {number[]} instants @param {number} share @param {number} from */
function quantile(instants, share, from) {
  const sorted = instants.toSorted((one, other) => one - other);
  return ((sorted[Math.ceil(share * sorted.length) - 1] ?? NaN) - from).toFixed(0);
}

/** @param {() => boolean} holds @param {string} what */
async function until(holds, what) {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within 60 s: ${what}`);
    await sleep(10);
  }
}
