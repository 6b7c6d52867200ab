// @ts-check
/** Plays many schedules, several at a time, and adds up what came out. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** @typedef {import("./schedule.js").Result & { ms: number }} Played */

const LANE = fileURLToPath(new URL("lane.js", import.meta.url));
/** A schedule that takes longer is stuck, and so its own violation. */
const SCHEDULE_MS_MAX = 240_000;

/**
 * @param {object} options
 * @param {number[]} options.seeds
 * @param {import("./schedule.js").Size} options.size
 * @param {{ build: string, faults: string }} options.builds
 * @param {number} options.lanes how many at a time
 * @param {(played: Played) => void} [options.each] called after each
 * @returns {Promise<Played[]>}
 */
export async function playAll({ seeds, size, builds, lanes, each = () => {} }) {
  const waiting = [...seeds];
  /** @type {Played[]} */
  const all = [];
  const run = async () => {
    for (let lane, seed; (seed = waiting.shift()) !== undefined; ) {
      lane ??= fork(LANE, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      lane.send({ seed, size, builds });
      const played = await answerOf(lane, seed);
      if (!lane.connected || played.counts["acknowledged sends"] === undefined) lane = void lane.kill();
      all.push(played);
      each(played);
      if (waiting.length === 0) lane?.disconnect();
    }
  };
  await Promise.all(Array.from({ length: lanes }, run));
  return all;
}

/** @param {import("node:child_process").ChildProcess} lane @param {number} seed @returns {Promise<Played>} */
async function answerOf(lane, seed) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), SCHEDULE_MS_MAX);
  const { signal } = stop;
  /** @param {string} why @returns {Played} */
  const failed = (why) => ({ seed, counts: {}, violations: [why], story: [], ms: 0 });
  const played = once(lane, "message", { signal }).then(([played]) => played);
  const ended = once(lane, "exit", { signal }).then(([code]) => failed(`its process ended with ${code}`));
  const late = () => failed(`no answer within ${SCHEDULE_MS_MAX} ms`);
  const answer = await Promise.race([played, ended]).catch(late);
  for (const loser of [played, ended]) loser.catch(() => {});
  clearTimeout(timer);
  stop.abort();
  return answer;
}

/** @param {Played[]} all @returns {Record<string, number>} */
export function total(all) {
  /** @type {Record<string, number>} */
  const sums = {};
  for (const { counts } of all) for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
