// @ts-check
// Why a room sends newcomers to relays above RELAY_ABOVE connections: what a message costs the room's thread, and when
// the last has it, by how many connections it holds itself, first without relays, then of 8,000 with them. Writes
// `threshold` into bench/results/relay.json.
//
//   node bench/relay-threshold.mjs [--prepared] [--alone 500,1000,2000,4000,8000] [--above 500,1000,2000,4000]

import { parseArgs } from "node:util";
import { main, step } from "../scripts/run.mjs";
import { loadCrowd, startCrowd } from "./crowd.mjs";
import { record } from "./recorded.mjs";
import { prepare } from "./servers.mjs";

const MEASURE_MS = 10_000;
const MEMBERS = 8_000;
const NO_RELAYS = 32_768;

await main(async () => {
  const list = (/** @type {string} */ value) => ({ type: /** @type {const} */ ("string"), default: value });
  const { values } = parseArgs({
    options: {
      prepared: { type: "boolean", default: false },
      alone: list("500,1000,2000,4000,8000"),
      above: list("500,1000,2000,4000"),
      "per-second": list("4"),
    },
  });
  if (!values.prepared) await prepare();
  const sizes = (/** @type {string} */ text) => (text ? text.split(",").map(Number) : []);
  const plans = [
    ...sizes(values.alone).map((members) => ({ members, above: NO_RELAYS })),
    ...sizes(values.above).map((above) => ({ members: MEMBERS, above })),
  ];
  const rows = [];
  for (const plan of plans) {
    const row = await step(JSON.stringify(plan), () => measure(plan.members, plan.above, Number(values["per-second"])));
    console.log(`  ${JSON.stringify(row)}`);
    rows.push(row);
  }
  console.table(rows);
  record("threshold", { per_second: Number(values["per-second"]), rows });
});

/** @param {number} members @param {number} above @param {number} per_second */
async function measure(members, above, per_second) {
  const crowd = await startCrowd(1, { RELAY_ABOVE: `${above}` });
  const [relays] = crowd.relays;
  if (!relays) throw new Error("no process for relays");
  try {
    const here = Math.min(members, above);
    const doors = /** @type {[import("./servers.mjs").Running, number][]} */ ([[crowd.room, here], ...(members > here ? [[relays, members - here]] : [])]);
    const outcome = await loadCrowd(crowd, { shares: [{ doors, senders: 10 }], per_second, warmup_ms: 4_000, measure_ms: MEASURE_MS });
    const whole = (/** @type {number} */ value) => Math.round(value);
    return {
      members,
      in_room: here,
      on_relays: members - here,
      room_us_per_message: whole((outcome.room_cores * MEASURE_MS * 1_000) / outcome.messages),
      room_cores: Math.round(outcome.room_cores * 100) / 100,
      first_p50_ms: whole(outcome.first_p50_ms),
      last_p50_ms: whole(outcome.last_p50_ms),
      last_p99_ms: whole(outcome.last_p99_ms),
      wrong: outcome.lost + outcome.doubled + outcome.misordered + outcome.ended + outcome.orders - 1,
      load_average: whole(outcome.load_average * 10) / 10,
    };
  } finally {
    await crowd.stop();
  }
}
