// @ts-check
// A room that several processes of `workerd` hold, and several of the load generator fill: the limit of open files is
// each process's own, and `workerd` needs two for a connection; its thread has one core.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cpuSeconds, machineSeconds, memoryBytes } from "./processes.mjs";
import { BUILT, SERVERS } from "./servers.mjs";

/** @typedef {import("./servers.mjs").Running} Running */
/**
 * @typedef {object} Crowd
 * @property {Running} room
 * @property {Running[]} relays
 * @property {() => Promise<void>} stop
 */
/**
 * @typedef {object} Share of the members: those of one process of the generator
 * @property {[Running, number][]} doors where they connect, in order, and how many
 * @property {number} senders
 */
/**
 * @typedef {object} Load
 * @property {Share[]} shares
 * @property {number} per_second messages, all senders together
 * @property {number} warmup_ms
 * @property {number} measure_ms
 * @property {number} [drain_ms]
 * @property {boolean} [returns] whether members whose connection ends come back
 * @property {() => void} [begun] is told when the measurement begins
 * @property {() => Promise<unknown>} [half] is done when half of the measurement is over
 */

/** One for each process of relays: a continent that src/relay/mod.rs knows. */
const CONTINENTS = ["EU", "NA", "AS", "SA", "AF", "OC"];
/** From the word to begin to the first message. */
const LEAD_MS = 500;
/** How exact latencies are: between two looks at what has come the generator sleeps so long, as to be woken for each frame
 * would cost the server, which has the same cores, a switch of its process each time. */
const LOOK_MS = 5;
/** Parts of the measurement that are also looked at one by one: the generator counts frames in as many. */
const WINDOWS = 5;

/** Relays have a thread each on the platform, and share some here: their pieces (src/limits.rs) are as much smaller. */
export const FAN_OUT_PIECE = 100;

/**
 * Starts a process for the room, and some for relays.
 * @param {number} relays @param {Record<string, string>} vars @param {string} [build]
 * @returns {Promise<Crowd>}
 */
export async function startCrowd(relays, vars, build) {
  vars = { FAN_OUT_PIECE: `${FAN_OUT_PIECE}`, ...vars };
  const room = await startProcess(vars, {}, { build });
  /** @type {Running[]} */
  const all = [];
  for (const continent of CONTINENTS.slice(0, relays)) all.push(await startProcess(vars, { roomsAt: room.port, continent }, { build }));
  return { room, relays: all, stop: async () => void (await Promise.all([room, ...all].map((it) => it.stop()))) };
}

/** @param {Record<string, string>} vars @param {import("./servers.mjs").Apart} apart @param {import("./servers.mjs").StartOptions} [options] */
export function startProcess(vars, apart, options = {}) {
  const parlor = SERVERS.parlor;
  if (!parlor) throw new Error("there is no Parlor");
  return parlor.start({ ...options, vars, apart });
}

/**
 * Fills the room, loads it, and adds up what the generator's processes saw.
 * @param {Crowd} crowd @param {Load} load
 */
export async function loadCrowd(crowd, load) {
  const senders = load.shares.reduce((sum, share) => sum + share.senders, 0);
  let first_sender = 0;
  /** @type {Awaited<ReturnType<typeof startPart>>[]} */
  const parts = [];
  try {
    // One after the other: who comes first is in the room itself.
    for (const share of load.shares) {
      parts.push(await startPart(share, load, { first_sender, senders }));
      first_sender += share.senders;
    }
    const from = Date.now() + LEAD_MS + load.warmup_ms;
    for (const part of parts) part.begin((from - load.warmup_ms) * 1_000);
    const processes = [crowd.room, ...crowd.relays];
    const cpu = () => [...processes.map(({ pids }) => cpuSeconds(pids)), ...parts.map(({ pid }) => cpuSeconds([pid])), machineSeconds()];
    const window_ms = load.measure_ms / WINDOWS;
    const joined_bytes = crowd.relays.map(({ pids }) => memoryBytes(pids));
    await until(from);
    load.begun?.();
    if (load.half) {
      await until(from + load.measure_ms / 2);
      await load.half();
    }
    /** @type {{ room_cores: number, relay_cores: number[], generator_cores: number[], other_cores: number, load_average: number }[]} */
    const used = [];
    // Of a process that was killed meanwhile there is nothing to read.
    const windows = load.half ? 0 : WINDOWS;
    for (let nth = 1, before = windows ? cpu() : []; nth <= windows; nth++) {
      await until(from + nth * window_ms);
      const after = cpu();
      const cores = after.map((seconds, at) => Math.round(((seconds - (before[at] ?? 0)) / window_ms) * 1e9) / 1e6);
      const [all = NaN, own] = [cores.at(-1), cores.slice(0, -1)];
      used.push({
        room_cores: own[0] ?? NaN,
        relay_cores: own.slice(1, processes.length),
        generator_cores: own.slice(processes.length),
        // What else ran on this machine.
        other_cores: Math.round((all - own.reduce((sum, it) => sum + it, 0)) * 1e3) / 1e3,
        load_average: loadavg()[0] ?? NaN,
      });
      before = after;
    }
    const outcomes = await Promise.all(parts.map((part) => part.outcome));
    const lasts_ms = latest(outcomes);
    const each = used.map((it, nth) => {
      const [first, last] = [nth, nth + 1].map((at) => Math.round((lasts_ms.length * at) / WINDOWS));
      const frames = outcomes.reduce((sum, outcome) => sum + outcome.frames_by_fifth[nth], 0);
      return { ...percentiles(lasts_ms.slice(first, last)), frames_per_second: (frames / window_ms) * 1_000, ...it };
    });
    const mean = (/** @type {number[]} */ values) => values.reduce((sum, it) => sum + it, 0) / values.length;
    return {
      ...added(outcomes),
      look_ms: LOOK_MS,
      ...percentiles(lasts_ms),
      room_cores: mean(used.map((it) => it.room_cores)),
      relay_cores: crowd.relays.map((_, at) => mean(used.map((it) => it.relay_cores[at] ?? NaN))),
      generator_cores: parts.map((_, at) => mean(used.map((it) => it.generator_cores[at] ?? NaN))),
      other_cores: mean(used.map((it) => it.other_cores)),
      load_average: loadavg()[0] ?? NaN,
      relay_bytes: joined_bytes,
      windows: each,
    };
  } finally {
    parts.forEach((part) => part.end());
  }
}

/** @param {number} at */
const until = (at) => new Promise((resolve) => setTimeout(resolve, at - Date.now()));

/** @param {Share} share @param {Load} load @param {{ first_sender: number, senders: number }} part */
async function startPart(share, load, part) {
  const { on_return, ...dialect } = /** @type {import("./servers.mjs").Dialect} */ (SERVERS.parlor?.dialect);
  const plan = {
    port: 0,
    pids: [],
    doors: share.doors.map(([{ port }, members]) => [port, members]),
    members: share.doors.reduce((sum, [, members]) => sum + members, 0),
    joins_at_once: true,
    dialect: load.returns ? { ...dialect, on_return } : dialect,
    load: { kind: "open", senders: share.senders, per_second: load.per_second },
    warmup_ms: load.warmup_ms,
    measure_ms: load.measure_ms,
    drain_ms: load.drain_ms ?? 20_000,
    look_ms: LOOK_MS,
    part,
  };
  const child = spawn(join(BUILT, "release", "parlor-load"), [JSON.stringify(plan)], { stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, "close");
  const line = async () => {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value);
    const [code, signal] = await exited; // what it said of that may come after the end of its output
    throw new Error(`the load generator ended (${signal ?? code}): ${errors.trim()}`);
  };
  const { join_ms } = await line();
  const outcome = line();
  outcome.catch(() => {}); // who waits for it may have failed first, and says so
  return {
    pid: /** @type {number} */ (child.pid),
    join_ms,
    begin: (/** @type {number} */ unix_us) => child.stdin.end(`${unix_us}\n`),
    outcome,
    end: () => void (child.exitCode === null && child.kill("SIGKILL"), exited.catch(() => {})),
  };
}

/** From when each message should have left to its last delivery anywhere, in order. @param {Record<string, any>[]} outcomes @returns {number[]} */
function latest(outcomes) {
  const [first] = outcomes;
  return first?.lasts_us.map((/** @type {number} */ _, /** @type {number} */ at) => Math.max(...outcomes.map((it) => it.lasts_us[at] ?? NaN)) / 1_000) ?? [];
}

/** @param {number[]} lasts_ms */
function percentiles(lasts_ms) {
  const sorted = [...lasts_ms].sort((one, two) => one - two);
  const at = (/** @type {number} */ share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
  return { last_p50_ms: at(0.5), last_p99_ms: at(0.99), last_max_ms: at(1) };
}

/** @param {Record<string, any>[]} outcomes */
function added(outcomes) {
  const sum = (/** @type {string} */ key) => outcomes.reduce((all, it) => all + it[key], 0);
  const worst = (/** @type {string} */ key, /** @type {string} */ of) => Math.max(...outcomes.map((it) => it[key][of]));
  return {
    messages: sum("messages"),
    deliveries: sum("deliveries"),
    frames: sum("frames"),
    lost: sum("lost"),
    doubled: sum("doubled"),
    misordered: sum("misordered"),
    // All parts must have seen all messages in one order.
    orders: new Set(outcomes.map((it) => it.order)).size,
    ended: sum("ended"),
    unrecovered: sum("unrecovered"),
    retries: sum("retries"),
    came_back: outcomes.reduce((all, it) => all + it.back.count, 0),
    back_max_ms: worst("back", "max_ms"),
    back_p50_ms: worst("back", "p50_ms"),
    each_p50_ms: worst("each", "p50_ms"),
    each_p99_ms: worst("each", "p99_ms"),
    each_max_ms: worst("each", "max_ms"),
    first_p50_ms: Math.min(...outcomes.map((it) => it.first.p50_ms)),
    join_ms: sum("join_ms"),
  };
}
