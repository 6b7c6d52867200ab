// @ts-check
/**
 * The long run of chaos, by command:
 *
 *     npm run soak -- --schedules 200 --seed 1     that many schedules, from that seed on
 *     npm run soak -- --seed 17 --story            one schedule again, with what happened when
 *     npm run soak -- --herd 1000                  a crash under so many clients, and their return
 *
 * More: --lanes N (schedules at a time), --short (schedules as in `npm test`). Exits with 1 at a
 * violation, and names the seed and the command that plays it again. Both builds must be there
 * (`npm test -- build`); they are copied aside first, so that building again does not disturb.
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stampede } from "./herd.js";
import { playAll, total } from "./lanes.js";
import { LONG, SHORT } from "./schedule.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: "2" },
    short: { type: "boolean", default: false },
    story: { type: "boolean", default: false },
    herd: { type: "string" },
  },
});

const builds = { build: aside("build"), faults: aside("build-faults") };
try {
  const isSound = values.herd === undefined ? await soak() : await herd(Number(values.herd));
  if (!isSound) process.exitCode = 1;
} finally {
  for (const folder of Object.values(builds)) rmSync(join(ROOT, folder), { recursive: true, force: true });
}

/** @returns {Promise<boolean>} whether there was no violation */
async function soak() {
  const first = Number(values.seed);
  const seeds = Array.from({ length: Number(values.schedules) }, (_, n) => first + n);
  const started = performance.now();
  let done = 0;
  let acknowledged = 0;
  let kills = 0;
  const all = await playAll({
    seeds,
    size: values.short ? SHORT : LONG,
    builds,
    lanes: Math.min(Number(values.lanes), seeds.length),
    each: (played) => {
      acknowledged += played.counts["acknowledged sends"] ?? 0;
      kills += played.counts["SIGKILLs"] ?? 0;
      const far = `${++done}/${seeds.length} schedules, ${acknowledged} acknowledged sends, ${kills} SIGKILLs`;
      console.log(`seed ${played.seed}: ${(played.ms / 1_000).toFixed(1)} s, ${played.violations.length} violations (${far})`);
      if (values.story || played.violations.length > 0) tell(played);
    },
  });
  const violations = all.reduce((sum, played) => sum + played.violations.length, 0);
  const summary = { schedules: all.length, ...total(all), seconds: Math.round((performance.now() - started) / 1_000), violations };
  console.log("\nSummary");
  for (const [name, count] of Object.entries(summary)) console.log(`${String(count).padStart(9)}  ${name}`);
  return violations === 0;
}

/** @param {import("./lanes.js").Played} played */
function tell({ seed, violations, story }) {
  console.log(story.join("\n"));
  for (const violation of violations) console.log(`VIOLATION  ${violation}`);
  if (violations.length === 0) return;
  console.log(`again: npm run soak -- --seed ${seed}${values.short ? " --short" : ""} --story`);
}

/** @param {number} count @returns {Promise<boolean>} */
async function herd(count) {
  const { lines, violations } = await stampede(count, builds.build, Number(values.seed));
  console.log(lines.join("\n"));
  for (const violation of violations) console.log(`VIOLATION  ${violation}`);
  return violations.length === 0;
}

/** Copies a build to a folder that nobody else writes. @param {string} build */
function aside(build) {
  const folder = `${build}-soak-${process.pid}`;
  cpSync(join(ROOT, build), join(ROOT, folder), { recursive: true });
  return folder;
}
