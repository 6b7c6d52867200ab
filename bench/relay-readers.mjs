// @ts-check
// What a message costs a room whose readers are on relays in other processes: the same for 1,000 as for 10,000?
// Two processes of relays, since `workerd` has two descriptors open for a connection and a process 20,000 here.
// Interleaved runs, medians; the CPU of the room's process, from /proc. Writes `readers-…` into bench/results/relay.json.
//
//   node bench/relay-readers.mjs [--prepared] [--rounds 3] [--readers 1000,10000] [--per-second 1]

import { parseArgs } from "node:util";
import { main, step } from "../scripts/run.mjs";
import { loadCrowd, startCrowd } from "./crowd.mjs";
import { record } from "./recorded.mjs";
import { prepare } from "./servers.mjs";

const MEASURE_MS = 20_000;
const PROCESSES = 2;
/** As shipped: src/limits.rs. */
const RELAY_CONNECTIONS_MAX = 4_000;

await main(async () => {
  const { values } = parseArgs({
    options: {
      prepared: { type: "boolean", default: false },
      rounds: { type: "string", default: "3" },
      readers: { type: "string", default: "1000,10000" },
      "per-second": { type: "string", default: "1" },
    },
  });
  if (!values.prepared) await prepare();
  const [sizes, per_second] = [values.readers.split(",").map(Number), Number(values["per-second"])];
  /** @type {Map<number, Record<string, any>[]>} */
  const runs = new Map(sizes.map((size) => [size, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const readers of round % 2 ? [...sizes].reverse() : sizes) {
      const outcome = await step(`${readers} readers`, () => measure(readers, per_second));
      console.log(`  room ${outcome.room_us_per_message} µs a message, relays ${outcome.relay_us_per_frame} µs a frame; last p50 ${outcome.last_p50_ms} ms; wrong ${outcome.wrong}`);
      runs.get(readers)?.push(outcome);
    }
  }
  const medians = sizes.map((readers) => {
    const all = runs.get(readers) ?? [];
    const of = (/** @type {string} */ key) => all.map((run) => run[key]).sort((one, two) => one - two)[all.length >> 1];
    const keys = ["room_us_per_message", "relay_us_per_frame", "generator_us_per_frame", "relay_us_per_delivery", "frames_per_delivery", "first_p50_ms", "last_p50_ms", "last_p99_ms", "other_cores", "load_average"];
    const relays = PROCESSES * Math.ceil(readers / PROCESSES / RELAY_CONNECTIONS_MAX);
    return { readers, relays, ...Object.fromEntries(keys.map((key) => [key, of(key)])), wrong: all.reduce((sum, run) => sum + run.wrong, 0) };
  });
  const [few, many] = [medians[0], medians.at(-1)];
  const ratio = many && few ? /** @type {any} */ (many).room_us_per_message / /** @type {any} */ (few).room_us_per_message : NaN;
  console.table(medians);
  console.log(`the room's CPU for a message: ${ratio.toFixed(2)} times as much for ${many?.readers} readers as for ${few?.readers}`);
  record(`readers-${per_second}`, { per_second, ratio, medians, runs: Object.fromEntries(runs) });
});

/** @param {number} readers @param {number} per_second @returns {Promise<Record<string, any>>} */
async function measure(readers, per_second) {
  // The first connection is the room's own: RELAY_ABOVE is 1 at least.
  const crowd = await startCrowd(PROCESSES, { RELAY_ABOVE: "1" });
  try {
    /** @type {[import("./servers.mjs").Running, number][]} */
    const doors = [[crowd.room, 1], ...crowd.relays.map((relays) => /** @type {[import("./servers.mjs").Running, number]} */ ([relays, readers / PROCESSES]))];
    const share = { doors, senders: 10 };
    const outcome = await loadCrowd(crowd, { shares: [share], per_second, warmup_ms: 4_000, measure_ms: MEASURE_MS });
    const seconds = MEASURE_MS / 1_000;
    const relay_cores = outcome.relay_cores.reduce((sum, cores) => sum + cores, 0);
    const rounded = (/** @type {number} */ value) => Math.round(value * 100) / 100;
    const { windows, ...whole } = outcome;
    return {
      ...whole,
      room_us_per_message: rounded((outcome.room_cores * seconds * 1e6) / outcome.messages),
      relay_us_per_frame: rounded((relay_cores * seconds * 1e6) / outcome.frames),
      generator_us_per_frame: rounded(((outcome.generator_cores[0] ?? NaN) * seconds * 1e6) / outcome.frames),
      relay_us_per_delivery: rounded((relay_cores * seconds * 1e6) / outcome.deliveries),
      frames_per_delivery: rounded(outcome.frames / outcome.deliveries),
      wrong: outcome.lost + outcome.doubled + outcome.misordered + outcome.ended + outcome.orders - 1,
    };
  } finally {
    await crowd.stop();
  }
}
