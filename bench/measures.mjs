// @ts-check
// One run of a load against a freshly started server, and what many runs come to.

import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { readFileSync } from "node:fs";
import { load, SERVERS } from "./servers.mjs";

/** @typedef {Record<string, number>} Measures */

/** How long a room may take to tell the lobby what it counted, in milliseconds: src/limits.rs, REPORT_GAP_MS_MAX. */
const REPORT_MS = 10_500;

/**
 * Starts a server, loads it, stops it.
 * @param {string} name
 * @param {object} plan see bench/load/src/plan.rs
 * @param {{ counted?: boolean, few?: number, v8Flags?: string[] }} [options] whether Parlor's own counts are read; members of a room to compare memory with; flags of V8
 * @returns {Promise<Measures>}
 */
export async function measure(name, plan, { counted = false, few = 0, v8Flags = [] } = {}) {
  const peer = SERVERS[name];
  if (peer === undefined) throw new Error(`there is no server ${name}`);
  const running = await peer.start({ v8Flags });
  try {
    // To make a room costs rows once: the tables, its settings, the alarm. What is counted is what recurs.
    const made = { ...plan, members: 1, load: { kind: "open", senders: 1, per_second: 1 }, warmup_ms: 0, measure_ms: 1_000 };
    if (counted) await load(peer, running, made).then(reported);
    const before = counted ? await counts(running.port) : {};
    const outcome = await load(peer, running, plan);
    const measures = measuresOf(outcome, /** @type {{ members: number, rooms?: number }} */ (plan));
    if (few > 0) {
      // What a server takes without members, and what it takes to let them in, is the same in a smaller room.
      const { members } = /** @type {{ members: number }} */ (plan);
      measures.kib_per_member = (outcome.memory_joined - (await measure(name, { ...plan, members: few }, { v8Flags })).memory) / 1024 / (members - few);
    }
    if (!counted) return measures;
    await reported();
    const after = await counts(running.port);
    const [rows, messages] = ["parlor_rows_written_total", "parlor_messages_total"].map((key) => (after[key] ?? 0) - (before[key] ?? 0));
    return { ...measures, rows_per_1000: ((rows ?? NaN) / (messages ?? NaN)) * 1_000 };
  } finally {
    await running.stop();
  }
}

/** Waits until the lobby must have heard of all. */
function reported() {
  return new Promise((resolve) => setTimeout(resolve, REPORT_MS));
}

/** What Parlor counts itself. @param {number} port @returns {Promise<Record<string, number>>} */
export async function counts(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const samples = (await answer.text()).split("\n").filter((line) => /^\w+ /.test(line)).map((line) => line.split(" "));
  return Object.fromEntries(samples.map(([name, value]) => [name, Number(value)]));
}

/** @param {Record<string, any>} outcome @param {{ members: number, rooms?: number }} plan @returns {Measures} */
function measuresOf(outcome, { members, rooms = 1 }) {
  const fifths = /** @type {number[]} */ (outcome.last_p99_ms_by_fifth);
  // Who never got to deliver to all within a fifth is behind by more than all that was measured.
  const first = fifths[0] || Infinity;
  const last = fifths.at(-1) || (outcome.behind > 0 ? Infinity : first);
  const none = outcome.last.count === 0;
  return {
    cpu_us: outcome.server_us_per_delivery,
    cpu_us_per_message: outcome.server_us_per_message,
    deliveries_per_second: outcome.deliveries_per_second,
    p50_ms: none ? NaN : outcome.last.p50_ms,
    p99_ms: none ? NaN : outcome.last.p99_ms,
    p999_ms: none ? NaN : outcome.last.p999_ms,
    first_p50_ms: outcome.first.p50_ms,
    first_p99_ms: outcome.first.p99_ms,
    growth: last / first,
    behind: outcome.behind,
    frames_per_delivery: outcome.frames / Math.max(1, outcome.deliveries),
    bytes_per_delivery: outcome.bytes / Math.max(1, outcome.deliveries),
    server_cores: outcome.server_cores,
    generator_cores: outcome.generator_cores,
    wrong: outcome.lost + outcome.doubled + outcome.misordered + outcome.ended,
    memory: outcome.memory_joined,
    kib_per_member: (outcome.memory_joined - outcome.memory_before) / 1024 / (members * rooms),
    join_ms: outcome.join_ms,
  };
}

/** The median of each measure, and how far the runs were apart. @param {Measures[]} runs @returns {{ medians: Measures, spreads: Record<string, [number, number]> }} */
export function summary(runs) {
  const keys = Object.keys(runs[0] ?? {});
  const sorted = Object.fromEntries(keys.map((key) => [key, runs.map((run) => run[key] ?? NaN).sort((one, two) => one - two)]));
  const median = (/** @type {number[]} */ values) => {
    const half = values.length >> 1;
    return values.length % 2 ? (values[half] ?? NaN) : ((values[half - 1] ?? NaN) + (values[half] ?? NaN)) / 2;
  };
  const medians = Object.fromEntries(keys.map((key) => [key, median(sorted[key] ?? [])]));
  const spreads = /** @type {Record<string, [number, number]>} */ (
    Object.fromEntries(keys.map((key) => [key, [sorted[key]?.[0] ?? NaN, sorted[key]?.at(-1) ?? NaN]]))
  );
  return { medians, spreads };
}

/** What was measured on. */
export function machine() {
  const workerd = JSON.parse(readFileSync(new URL("../node_modules/workerd/package.json", import.meta.url), "utf8")).version;
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    workerd,
    load_average: loadavg()[0],
  };
}
