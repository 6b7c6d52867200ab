// @ts-check
// `npm test`: installs what is missing, then runs every check; a failed one does not stop the rest.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, run, step } from "./run.mjs";
import { findBrowser, installBrowser, installCargoTools, setUp } from "./setup.mjs";
import { ROOT, WASM_TARGET, findCargoTool, nodeEnvironment, npmBinary, wasmEnvironment } from "./toolchain.mjs";

const HELP = `npm test                     everything
npm test -- lint             formatting, clippy, docs, cargo-deny, types
npm test -- rust             the core's unit and property tests and its simulation, native
npm test -- build            both builds of the Worker, and the size of the bundle
npm test -- integration      tests/ over real workerd (builds first)
npm test -- browser          tests/browser/ in a real Chromium (builds first)
npm test -- tests/x.test.js  these files only (builds first)
Several may be given.`;

const ADVISORIES_TIMEOUT_S = 60;
const TEST_TIMEOUT_MS = 300_000;
const FAULTS = ["--features", "fault-injection"];
const PLANTED = ["--profile", "simulation", "--features", "planted-bugs"];
const SIMULATION = [...PLANTED, "--test", "simulation"];

const LOAD = ["--manifest-path", join("bench", "load", "Cargo.toml")];
const LOAD_TARGET = { CARGO_TARGET_DIR: join(ROOT, "target", "bench") };

/** @typedef {{ group: string, title: string, work: () => Promise<unknown> }} Check */

/** @type {Check[]} */
const CHECKS = [
  lint("cargo fmt", () => cargo(["fmt", "--check"])),
  lint("cargo fmt, clippy: the load generator", async () => {
    await cargo(["fmt", "--check", ...LOAD]);
    await cargo(["clippy", "--locked", "--all-targets", ...LOAD, "--", "-D", "warnings"], LOAD_TARGET);
  }),
  lint("clippy, native", () => clippy(["--all-targets"], process.env)),
  lint("clippy, native with planted-bugs", () => clippy(["--all-targets", "--features", "planted-bugs"], process.env)),
  lint("clippy, WebAssembly", () => clippy(["--lib", "--target", WASM_TARGET], wasmEnvironment())),
  lint("clippy, WebAssembly with fault-injection", () => clippy(["--lib", "--target", WASM_TARGET, ...FAULTS], wasmEnvironment())),
  lint("cargo doc", () => cargo(["doc", "--no-deps", "--document-private-items", "--locked"], { RUSTDOCFLAGS: "-D warnings" })),
  lint("cargo-deny: licences, bans, sources, advisories", checkDependencies),
  lint("types (tsc)", () => node([npmBinary("tsc"), "--noEmit", "-p", "tsconfig.json"])),
  { group: "rust", title: "cargo test: the load generator", work: () => cargo(["test", "--locked", ...LOAD], LOAD_TARGET, true) },
  { group: "rust", title: "cargo test", work: () => cargo(["test", "--locked"], {}, true) },
  { group: "rust", title: "simulation: thousands of seeds, planted bugs", work: () => cargo(["test", "--locked", ...SIMULATION], {}, true) },
  { group: "rust", title: "fuzzers' inputs: planted bugs", work: () => cargo(["test", "--locked", ...PLANTED, "--test", "fuzz", "bugs"], {}, true) },
  { group: "build", title: "build", work: () => build([]) },
  { group: "build", title: "build with fault-injection", work: () => build([...FAULTS, "--out-dir", "build-faults"]) },
  { group: "build", title: "size of the bundle", work: () => node([join("scripts", "size.mjs")], true) },
  { group: "integration", title: "integration tests", work: () => nodeTests(testFiles().filter((file) => !isBrowserTest(file))) },
  { group: "browser", title: "browser tests", work: () => nodeTests(testFiles().filter(isBrowserTest)) },
];
const GROUPS = new Set(CHECKS.map(({ group }) => group));

await main(async () => {
  const wanted = process.argv.slice(2);
  if (wanted.includes("--help") || wanted.includes("-h")) return console.log(HELP);
  const checks = select(wanted);
  await setUp();
  const results = [];
  for (const check of checks) results.push(await attempt(check));
  summarize(results);
});

/**
 * Chooses the checks that the arguments name.
 * @param {string[]} wanted
 * @returns {Check[]}
 */
function select(wanted) {
  if (wanted.length === 0) return CHECKS;
  const files = wanted.filter((name) => !GROUPS.has(name));
  const unknown = files.find((file) => !existsSync(join(ROOT, file)));
  if (unknown) throw new Failure(`no such check or file: ${unknown}\n${HELP}`);
  const needsBuild = files.length > 0 || wanted.includes("integration") || wanted.includes("browser");
  const checks = CHECKS.filter(({ group, title }) => wanted.includes(group) || (needsBuild && title.startsWith("build")));
  if (files.length > 0) checks.push({ group: "files", title: files.join(" "), work: () => nodeTests(files) });
  return checks;
}

/**
 * @param {string} title
 * @param {() => Promise<unknown>} work
 * @returns {Check}
 */
function lint(title, work) {
  return { group: "lint", title, work };
}

/** @param {Check} check */
async function attempt({ title, work }) {
  const started = Date.now();
  try {
    await step(title, work);
    return { title, passed: true, ms: Date.now() - started };
  } catch (error) {
    console.log(error instanceof Failure ? `  ${error.message}` : error);
    return { title, passed: false, ms: Date.now() - started };
  }
}

/** @param {{ title: string, passed: boolean, ms: number }[]} results */
function summarize(results) {
  console.log("\nSummary");
  for (const { title, passed, ms } of results) {
    console.log(`${passed ? "✓" : "✗ FAILED"} ${title} (${(ms / 1000).toFixed(1)} s)`);
  }
  const passed = results.filter((result) => result.passed).length;
  console.log(`Checks: ${passed} passed, ${results.length - passed} failed`);
  if (passed === 0 || passed < results.length) process.exitCode = 1;
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {boolean} [live]
 */
function cargo(args, env = {}, live = false) {
  return run("cargo", args, { cwd: ROOT, env: { ...process.env, ...env }, live });
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function clippy(args, env) {
  // As worker-build does: its bindings differ without it.
  return cargo(["clippy", "--locked", ...args, "--", "-D", "warnings"], { ...env, WASM_BINDGEN_USE_JS_SYS: "1" });
}

/** Checks dependencies against deny.toml, and for advisories where their database can be fetched. */
async function checkDependencies() {
  await installCargoTools(["cargo-deny"]);
  const deny = findCargoTool("cargo-deny") ?? "cargo-deny";
  await run(deny, ["check", "licenses", "bans", "sources"], { cwd: ROOT });
  try {
    await run(deny, ["fetch", "db"], { cwd: ROOT, silent: true, timeout_s: ADVISORIES_TIMEOUT_S });
  } catch {
    console.log("  advisories not checked: their database cannot be reached from here");
    return;
  }
  await run(deny, ["check", "--disable-fetch", "advisories"], { cwd: ROOT });
}

/** @param {string[]} args */
function build(args) {
  return node([join("scripts", "build.mjs"), ...args], true);
}

/**
 * Runs the Node that npm installed.
 * @param {string[]} args
 * @param {boolean} [live]
 * @param {NodeJS.ProcessEnv} [env]
 */
function node(args, live = false, env = {}) {
  return run(npmBinary("node"), args, { cwd: ROOT, env: { ...nodeEnvironment(), ...env }, live });
}

/** @param {string[]} files */
async function nodeTests(files) {
  if (files.length === 0) throw new Failure("no test files");
  if (files.some(isBrowserTest)) await installBrowser();
  // Node sometimes turns for ever in its own clean-up when a file has ended (`Environment::CleanupHandles`).
  const options = ["--test", "--test-force-exit", "--test-reporter=spec", "--test-concurrency=2", `--test-timeout=${TEST_TIMEOUT_MS}`];
  await node([...options, ...files], true, { CHROMIUM_PATH: findBrowser() });
}

/** @returns {string[]} every test file under tests/, relative to the root */
function testFiles() {
  const names = readdirSync(join(ROOT, "tests"), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".test.js")).map((name) => join("tests", name)).sort();
}

/** @param {string} file */
function isBrowserTest(file) {
  return file.startsWith(join("tests", "browser"));
}
