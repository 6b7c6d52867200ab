// @ts-check
// Builds the Worker with worker-build, unless its inputs are the same as at the last build, and copies the
// page to where it is served from (page.mjs).
//
//   node scripts/build.mjs                                                    the Worker, into build/
//   node scripts/build.mjs --features fault-injection --out-dir build-faults  a variant for tests only
//
// wrangler calls it before `dev` and `deploy` (wrangler.toml). Each variant has an output folder
// and a Cargo target folder of its own, so that no test door can end up in the shipped build.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { copyPage } from "./page.mjs";
import { Failure, main, run, step } from "./run.mjs";
import { setUp } from "./setup.mjs";
import { ROOT, cargoTools, findCargoTool, npmBinary, wasmEnvironment, wasmRoute } from "./toolchain.mjs";

await main(async () => {
  const { values } = parseArgs({ options: { features: { type: "string", default: "" }, "out-dir": { type: "string", default: "build" } } });
  const features = values.features;
  const folder = values["out-dir"];
  if ((features !== "") === (folder === "build")) {
    throw new Failure("build/ is for the shipped Worker alone: give --features and --out-dir together");
  }
  await setUp();
  const inputs = hashOfInputs(features);
  if (!isBuilt(folder, inputs)) await make(features, folder, inputs);
  if (folder === "build") await copyPage();
});

/** @param {string} features @param {string} folder @param {string} inputs */
async function make(features, folder, inputs) {
  await step(`${folder}/: the Worker${features && ` with ${features}`}`, () => build(features, folder));
  writeFileSync(stampOf(folder), inputs);
}

/**
 * @param {string} features
 * @param {string} folder
 */
async function build(features, folder) {
  rmSync(stampOf(folder), { force: true });
  const env = { ...wasmEnvironment(), CARGO_TARGET_DIR: join(ROOT, "target", features) };
  const args = ["--release", "--out-dir", folder, ...(features ? ["--features", features] : [])];
  const command = findCargoTool("worker-build");
  if (!command) throw new Failure("worker-build is missing: node scripts/setup.mjs");
  await run(command, args, { cwd: ROOT, env });
  // What the snippets of src/shell were bundled from.
  rmSync(join(folder, ".tmp"), { recursive: true, force: true });
  // A relay is an object of the same class as a room, under a name of its own so that the platform keeps them apart.
  const script = join(folder, "index.js");
  const bundle = readFileSync(script, "utf8");
  const [, name] = /([\w$]+) as RoomObject\b/.exec(bundle) ?? [];
  if (!name) throw new Failure("worker-build exports no RoomObject");
  // wasm-bindgen names a file of ours once for each function that it takes from it, and wrangler warns of that.
  const once = bundle.replace(/("\.\/snippets\/[^"]+":[\w$]+)(,\1)+/g, "$1");
  writeFileSync(script, `${once}export{${name} as Relay};\n`);
  // worker-build keeps the names of functions, a tenth of the module, which only a panic's trace would show; and a
  // second round of -Os finds 2 % more.
  const module = join(folder, "index_bg.wasm");
  await run(npmBinary("wasm-opt"), ["--all-features", "-Os", "--strip-debug", "--strip-producers", module, "-o", module], { cwd: ROOT, env });
}

/** @param {string} folder */
function stampOf(folder) {
  return join(ROOT, folder, ".inputs");
}

/**
 * @param {string} folder
 * @param {string} inputs
 */
function isBuilt(folder, inputs) {
  const stamp = stampOf(folder);
  return existsSync(stamp) && existsSync(join(ROOT, folder, "index.js")) && readFileSync(stamp, "utf8") === inputs;
}

/**
 * Hashes all that decides what the build gives.
 * @param {string} features
 */
function hashOfInputs(features) {
  const hash = createHash("sha256").update(JSON.stringify([features, wasmRoute(), cargoTools()]));
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).map((name) => join(ROOT, "src", name));
  const files = [...sources.filter((path) => statSync(path).isFile()).sort(), join(ROOT, "Cargo.toml"), join(ROOT, "Cargo.lock"), join(ROOT, "scripts", "build.mjs")];
  for (const path of files) hash.update(relative(ROOT, path)).update("\0").update(readFileSync(path)).update("\0");
  return hash.digest("hex");
}
