// @ts-check
// Prints the size of what `wrangler deploy` would upload, WebAssembly and JavaScript gzipped, and how it has
// grown; fails above the limit: a small module is what makes a sleeping room wake quickly. `--record` adds
// what it is at this commit to bench/results/size.tsv, a line each time it has changed for a reason.

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure, main, run } from "./run.mjs";
import { ROOT, nodeEnvironment, npmBinary } from "./toolchain.mjs";

const SIZE_MAX_BYTES = 250 * 1024;
/** Date, commit, and KiB: one line for each. */
const HISTORY = join(ROOT, "bench", "results", "size.tsv");

await main(async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlor-bundle-"));
  try {
    const args = [npmBinary("wrangler"), "deploy", "--dry-run", "--outdir", folder];
    await run(npmBinary("node"), args, { cwd: ROOT, env: nodeEnvironment() });
    check(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** @param {string} folder */
function check(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(wasm|m?js)$/.test(name));
  if (!files.some((name) => name.endsWith(".wasm"))) throw new Failure("the bundle has no WebAssembly");
  let total = 0;
  for (const name of files) {
    const bytes = gzipSync(readFileSync(join(folder, name)), { level: 9 }).length;
    console.log(`${kib(bytes).padStart(12)}  ${name}`);
    total += bytes;
  }
  console.log(`${kib(total).padStart(12)}  in all, gzipped; at most ${kib(SIZE_MAX_BYTES)}`);
  const [date, commit, before] = readFileSync(HISTORY, "utf8").trimEnd().split("\n").at(-1)?.split("\t") ?? [];
  console.log(`${`${before} KiB`.padStart(12)}  on ${date}, at ${commit} (bench/results/size.tsv)`);
  if (process.argv.includes("--record")) {
    const [now, on] = execFileSync("git", ["log", "-1", "--format=%h\t%cs"], { cwd: ROOT, encoding: "utf8" }).trim().split("\t");
    appendFileSync(HISTORY, `${on}\t${now}\t${(total / 1024).toFixed(1)}\n`);
  }
  if (total > SIZE_MAX_BYTES) throw new Failure(`the bundle is ${kib(total - SIZE_MAX_BYTES)} too large`);
}

/** @param {number} bytes */
function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
