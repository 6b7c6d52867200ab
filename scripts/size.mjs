// @ts-check
// Prints the size of what `wrangler deploy` would upload, WebAssembly and JavaScript gzipped, and
// fails above the limit: a small module is what makes a sleeping room wake quickly.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure, main, run } from "./run.mjs";
import { ROOT, nodeEnvironment, npmBinary } from "./toolchain.mjs";

const SIZE_MAX_BYTES = 250 * 1024;

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
  if (total > SIZE_MAX_BYTES) throw new Failure(`the bundle is ${kib(total - SIZE_MAX_BYTES)} too large`);
}

/** @param {number} bytes */
function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
