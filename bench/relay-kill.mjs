// @ts-check
// One relay of a room with 20,000 connections dies: its members must be back and whole, the others must notice nothing.
// A process for the room and its 2,000, and five, each for the relays of a region. Members come back as docs/PROTOCOL.md asks. Writes
// `kill-…` into bench/results/relay.json.
//
//   node bench/relay-kill.mjs [--prepared] [--members 20000] [--how none,abort,process] [--relay 4000] [--room 2000]
//
// abort: the platform resets the relay's object, its process goes on. process: SIGKILL; another is there after 500 ms.
// none: nothing dies; what the others saw otherwise.

import { parseArgs } from "node:util";
import { main, step } from "../scripts/run.mjs";
import { loadCrowd, startCrowd, startProcess } from "./crowd.mjs";
import { record } from "./recorded.mjs";
import { prepare } from "./servers.mjs";

const RELAYS = 5;
const MEASURE_MS = 40_000;
const RESTART_MS = 500;
/** The one that dies: of the region of the third continent. */
const VICTIM = 2;
const VICTIM_OBJECT = "bench-0/apac-0";

await main(async () => {
  const { values } = parseArgs({
    options: {
      prepared: { type: "boolean", default: false },
      members: { type: "string", default: "20000" },
      how: { type: "string", default: "none,abort,process" },
      "per-second": { type: "string", default: "2" },
      relay: { type: "string", default: "4000" },
      room: { type: "string", default: "2000" },
    },
  });
  if (!values.prepared) await prepare();
  for (const how of values.how.split(",")) {
    const outcome = await step(how, () => measure(how, Number(values.members), Number(values.room), Number(values["per-second"]), values.relay));
    console.log(JSON.stringify(outcome, undefined, 1));
    record(`kill-${how}-${values.relay}`, { members: Number(values.members), relay: Number(values.relay), per_second: Number(values["per-second"]), ...outcome });
  }
});

/** @param {string} how @param {number} members @param {number} room @param {number} per_second @param {string} relay */
async function measure(how, members, room, per_second, relay) {
  const vars = { RELAY_ABOVE: `${room}`, RELAY_CONNECTIONS_MAX: relay };
  const crowd = await startCrowd(RELAYS, vars);
  try {
    const each = Math.floor((members - room) / RELAYS);
    /** @typedef {[import("./servers.mjs").Running, number]} Door */
    const [first, rest] = [crowd.relays.slice(0, 2), crowd.relays.slice(2)];
    const doors = (/** @type {import("./servers.mjs").Running[]} */ relays) => relays.map((relay) => /** @type {Door} */ ([relay, each]));
    const shares = [
      { doors: [/** @type {Door} */ ([crowd.room, room]), ...doors(first)], senders: 5 },
      { doors: doors(rest), senders: 0 },
    ];
    const half = async () => {
      const victim = crowd.relays[VICTIM];
      if (!victim) throw new Error("nobody to kill");
      if (how === "abort") await fetch(`http://127.0.0.1:${victim.port}/bench/abort?relay=${VICTIM_OBJECT}`);
      if (how === "process") {
        await victim.stop();
        await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
        crowd.relays[VICTIM] = await startProcess(vars, { roomsAt: crowd.room.port, continent: "AS" }, { port: victim.port });
      }
    };
    return await loadCrowd(crowd, { shares, per_second, warmup_ms: 5_000, measure_ms: MEASURE_MS, drain_ms: 30_000, returns: true, half });
  } finally {
    await crowd.stop();
  }
}
