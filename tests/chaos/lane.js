// @ts-check
/**
 * A process of the soak that plays one schedule after the other, as its parent sends them. Each lane
 * has a process of its own because the harness tells its workerd from others by who started it.
 */
import { drawSchedule, play } from "./schedule.js";

/** @typedef {{ seed: number, size: import("./schedule.js").Size, builds: { build: string, faults: string } }} Order */

process.on("message", async (/** @type {Order} */ { seed, size, builds }) => {
  const started = performance.now();
  const result = await play(drawSchedule(seed, size), builds);
  process.send?.({ ...result, ms: performance.now() - started });
});
process.on("disconnect", () => process.exit());
