// @ts-check
/**
 * Six schedules of chaos with fixed seeds: real workerd, real SQLite, bad networks, SIGKILLs. The
 * same as the long soak (soak.js), but shorter.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { playAll, total } from "./lanes.js";
import { SHORT, drawSchedule } from "./schedule.js";

const SEEDS = [3, 10, 43, 50, 52, 54];
const SIGKILLS_MIN = 12;

test("a schedule drawn twice is the same, and another seed's is not", () => {
  assert.deepEqual(drawSchedule(17, SHORT), drawSchedule(17, SHORT));
  assert.notDeepEqual(drawSchedule(17, SHORT).steps, drawSchedule(18, SHORT).steps);
});

test("six rooms under chaos: nothing acknowledged is lost, doubled or out of order", async (t) => {
  const all = await playAll({ seeds: SEEDS, size: SHORT, builds: { build: "build", faults: "build-faults" }, lanes: 2 });
  for (const { seed, violations, story } of all) {
    assert.deepEqual(violations, [], `again: npm run soak -- --seed ${seed} --short --story\n${story.join("\n")}`);
  }
  const counts = total(all);
  t.diagnostic(JSON.stringify(counts));
  assert.ok(Number(counts["SIGKILLs"]) >= SIGKILLS_MIN, "it was chaos");
  assert.ok(Number(counts["acknowledged sends"]) >= SEEDS.length * SHORT.lines);
  for (const what of ["panics", "refused writes", "reloads", "resumed", "repeats", "cuts"]) assert.ok(counts[what], what);
});
