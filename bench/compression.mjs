// @ts-check
// `npm run bench:compression`: the same messages to members who offer compression, as browsers do, and to members who
// do not: CPU of the server for a message and bytes on the wire. Writes bench/results/compression.md.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main, step } from "../scripts/run.mjs";
import { ROOT } from "../scripts/toolchain.mjs";
import { load, prepare, SERVERS } from "./servers.mjs";

const MEMBERS = 100;

await main(async () => {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
  await prepare();
  const parlor = SERVERS.parlor;
  if (parlor === undefined) throw new Error("no Parlor");
  const rows = [];
  for (const per_second of [2, 100]) {
    /** @type {Record<string, { us: number[], bytes: number[] }>} */
    const runs = { off: { us: [], bytes: [] }, on: { us: [], bytes: [] } };
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, { us, bytes }] of Object.entries(runs)) {
        await step(`${per_second} messages a second, compression ${name}`, async () => {
          const running = await parlor.start();
          // A welcome that is compressed can't be read, so nobody waits for it.
          const dialect = { ...parlor.dialect, ready: "", compressed: name === "on" };
          try {
            const plan = { members: MEMBERS, load: { kind: "open", senders: 10, per_second }, warmup_ms: 3_000, measure_ms: 5_000, drain_ms: 200 };
            const outcome = await load({ ...parlor, dialect }, running, plan);
            us.push(outcome.server_us_per_message);
            bytes.push(outcome.bytes / outcome.messages / MEMBERS);
          } finally {
            await running.stop();
          }
        });
      }
    }
    for (const [name, { us, bytes }] of Object.entries(runs)) {
      const cells = [per_second, name, median(us).toFixed(0), `${Math.min(...us).toFixed(0)} to ${Math.max(...us).toFixed(0)}`, median(bytes).toFixed(0)];
      rows.push(`| ${cells.join(" | ")} |`);
    }
  }
  const lines = [
    `# Compression on and off, ${MEMBERS} members`,
    "",
    `\`npm run bench:compression\`, ${new Date().toISOString()}: medians of ${values.rounds} interleaved runs.`,
    "",
    "| messages a second | compression | CPU for a message, µs | least to most | bytes to a member for a message |",
    "|---|---|---|---|---|",
    ...rows,
  ];
  const results = join(ROOT, "bench", "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "compression.md"), `${lines.join("\n")}\n`);
  console.log(lines.join("\n"));
});

/** @param {number[]} values */
function median(values) {
  return [...values].sort((one, two) => one - two)[values.length >> 1] ?? NaN;
}
