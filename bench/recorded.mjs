// @ts-check
// What runs came to, kept in bench/results/relay.json by name, each with when and on what.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/toolchain.mjs";
import { machine } from "./measures.mjs";

const FILE = join(ROOT, "bench", "results", "relay.json");

/** All that is recorded. @returns {Record<string, any>} */
export function recorded() {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {};
}

/** Records a run instead of the one of that name. @param {string} name @param {object} run */
export function record(name, run) {
  const all = { ...recorded(), [name]: { at: new Date().toISOString(), machine: machine(), ...run } };
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(Object.entries(all).sort()), undefined, 1)}\n`);
}
