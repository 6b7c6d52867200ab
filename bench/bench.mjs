// @ts-check
// `npm run bench`: Parlor and its peers under the same loads, in turn, so that what else the machine does
// falls on all of them. Writes bench/results/latest.json and latest.md, and the plots.
//
//   npm run bench                                  everything, 5 rounds: about 40 minutes
//   npm run bench -- --only ten,wake --rounds 7    these loads
//   npm run bench -- --servers parlor,floor        these servers
//   npm run bench -- --curves                      the plots' points only

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, run, step } from "../scripts/run.mjs";
import { ROOT } from "../scripts/toolchain.mjs";
import { machine, measure, summary } from "./measures.mjs";
import { plot } from "./plot.mjs";
import { CURVES, SCENARIOS } from "./scenarios.mjs";
import { prepare, SERVERS } from "./servers.mjs";

const RESULTS = join(ROOT, "bench", "results");
/** A generator busier than this may be what was measured. */
const GENERATOR_CORES_MAX = 0.9;

/** @typedef {import("./measures.mjs").Measures} Measures */
/** @typedef {{ medians: Measures, spreads: Record<string, [number, number]>, runs: number }} Summary */
/** @typedef {{ x: number, y: Record<string, Summary> }[]} Curve */
/**
 * @typedef {object} Results
 * @property {string} date
 * @property {string} commit
 * @property {ReturnType<typeof machine>} machine
 * @property {Record<string, Record<string, Summary>>} scenarios by name, by server
 * @property {Record<string, Curve>} curves
 */

await main(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      servers: { type: "string" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "5" },
      curves: { type: "boolean", default: false },
      table: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  const ms = Number(values.seconds) * 1_000;
  const results = readResults();
  if (!values.table) {
    await prepare();
    Object.assign(results, { date: new Date().toISOString(), commit: commit(), machine: machine() });
    const only = values.only?.split(",");
    const scenarios = values.curves ? [] : SCENARIOS.filter(({ name }) => only?.includes(name) ?? true);
    if (scenarios.length === 0 && !values.curves) throw new Failure(`loads: ${SCENARIOS.map(({ name }) => name).join(", ")}`);
    const wanted = (/** @type {string[]} */ names) => names.filter((name) => name in SERVERS).filter((name) => values.servers?.split(",").includes(name) ?? true);
    for (const { name, title, servers, plan, counted, few, v8Flags } of scenarios) {
      await step(title, async () => {
        const measured = await manyRounds(rounds, wanted(servers), { warmup_ms: 2_000, measure_ms: ms, ...plan }, { counted, few, v8Flags });
        results.scenarios[name] = { ...results.scenarios[name], ...measured };
        write(results);
      });
    }
    if (values.curves || only === undefined) {
      for (const [name, points] of Object.entries(CURVES)) {
        /** @type {Curve} */
        const curve = [];
        for (const { x, servers, plan } of points) {
          await step(`${name}: ${x}`, async () => {
            const plans = { warmup_ms: 2_000, measure_ms: ms, ...plan };
            curve.push({ x, y: await manyRounds(Math.min(rounds, 3), wanted(servers), plans) });
          });
        }
        results.curves[name] = curve;
        write(results);
      }
    }
  }
  write(results);
  console.log(table(results));
});

/** @param {number} rounds @param {string[]} servers @param {object} plan @param {{ counted?: boolean, few?: number, v8Flags?: string[] }} [options] @returns {Promise<Record<string, Summary>>} */
async function manyRounds(rounds, servers, plan, options) {
  /** @type {Record<string, Measures[]>} */
  const runs = Object.fromEntries(servers.map((server) => [server, []]));
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another, so that none always follows the same.
    for (const at of servers.keys()) {
      const server = servers[(at + round) % servers.length] ?? "";
      const measures = await measure(server, plan, options);
      runs[server]?.push(measures);
      console.log(`  ${server}: ${measures.cpu_us?.toFixed(2)} µs a delivery, p99 ${measures.p99_ms?.toFixed(0)} ms`);
    }
  }
  return Object.fromEntries(Object.entries(runs).map(([server, all]) => [server, { ...summary(all), runs: all.length }]));
}

/** @param {Results} results */
function table(results) {
  const { machine: on, scenarios } = results;
  const lines = [
    "# Parlor and others, measured side by side",
    "",
    `\`npm run bench\`, ${results.date}, commit ${results.commit}. ${on.cores} × ${on.cpu}, ${on.memory_gib} GiB, Linux ${on.kernel}, Node ${on.node}, workerd ${on.workerd}; ` +
      `load average at the start ${on.load_average?.toFixed(1)}. Medians of interleaved runs, each on a server started for it; in brackets the least and the most; *over*: no message reached all members while it was measured.`,
    "",
    ...Object.entries(SERVERS).map(([, { title, what }]) => `- **${title}**: ${what}.`),
    "",
  ];
  for (const { name, title, floors } of SCENARIOS) {
    const measured = scenarios[name];
    if (measured === undefined) continue;
    lines.push(`## ${title}`, "", "| server | CPU for a delivery, µs | deliveries a second | p50 to the first member, ms | to the last | p99, ms | p99.9, ms | cores: server | generator | wrong | runs |", "|---|---|---|---|---|---|---|---|---|---|---|");
    for (const [server, { medians: m, spreads, runs }] of Object.entries(measured)) {
      const spread = ([least, most] = [NaN, NaN], digits = 1) => `(${shown(least, digits)} to ${shown(most, digits)})`;
      const cells = [
        SERVERS[server]?.title,
        `${m.cpu_us?.toFixed(2)} ${spread(spreads.cpu_us, 2)}`,
        Math.round(m.deliveries_per_second ?? 0).toLocaleString("en"),
        shown(m.first_p50_ms, 1),
        shown(m.p50_ms, 1),
        `${shown(m.p99_ms, 1)} ${spread(spreads.p99_ms, 0)}`,
        shown(m.p999_ms, 1),
        m.server_cores?.toFixed(2),
        `${m.generator_cores?.toFixed(2)}${(m.generator_cores ?? 0) > GENERATOR_CORES_MAX ? " (!)" : ""}`,
        m.wrong,
        runs,
      ];
      lines.push(`| ${cells.join(" | ")} |`);
    }
    lines.push("");
    for (const { measure: what, value, limit, sense } of floors) {
      const reached = value((server) => measured[server]?.medians ?? {});
      const holds = sense === "at most" ? reached <= limit : reached >= limit;
      lines.push(`- ${holds ? "✓" : Number.isNaN(reached) ? "not measured:" : "✗"} ${what}: ${reached.toPrecision(3)} (${sense} ${limit.toPrecision(3)})`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

/** What no message reached within the measurement is not known. @param {number | null | undefined} value @param {number} digits */
function shown(value, digits) {
  return value === null || value === undefined || !Number.isFinite(value) ? "over" : value.toFixed(digits);
}

/** @param {Results} results */
function write(results) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "latest.json"), `${JSON.stringify(results, (_, value) => (typeof value === "number" ? +value.toPrecision(5) : value), 1)}\n`);
  writeFileSync(join(RESULTS, "latest.md"), table(results));
  const lines = (/** @type {Curve} */ curve, /** @type {string} */ key) =>
    Object.keys(curve[0]?.y ?? {}).map((server) => ({
      name: SERVERS[server]?.title.replace(" object", "").replace(", hibernating", "") ?? server,
      points: curve.map(({ x, y }) => /** @type {[number, number]} */ ([x, y[server]?.medians[key] ?? 0])),
    }));
  const { members, rate } = results.curves;
  if (members) {
    const title = "CPU of the server for a delivery: 10 senders, window 4";
    writeFileSync(join(RESULTS, "cost.svg"), plot({ title, x: "members", y: "µs for a delivery", lines: lines(members, "cpu_us") }));
  }
  if (rate) {
    const title = "Until all 300 members have a message, 99 of 100";
    writeFileSync(join(RESULTS, "latency.svg"), plot({ title, x: "messages a second", y: "ms", lines: lines(rate, "p99_ms") }));
  }
}

/** @returns {Results} */
function readResults() {
  const file = join(RESULTS, "latest.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  return { date: "", commit: "", machine: machine(), scenarios: {}, curves: {} };
}

function commit() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: ROOT, encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
