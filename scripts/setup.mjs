// @ts-check
// Installs what the project needs and isn't there yet; does nothing when all is there.
//
//   node scripts/setup.mjs            what building and serving need
//   node scripts/setup.mjs --tests    cargo-deny and a browser too
//
// `npm start`, `npm test` and scripts/build.mjs call it. Everything lands in node_modules, in
// .tools, or in the package managers' own places.

import { existsSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { installDebianPackages } from "./debian.mjs";
import { Failure, main, run, step } from "./run.mjs";
import { ROOT, TOOLS, cargoTools, findCargoTool, nodeModulesReady, output, wasmRoute } from "./toolchain.mjs";
import { installWasmTarget } from "./wasm-target.mjs";

/** What building and serving need. */
export async function setUp() {
  await installNodeModules();
  if (!output("cargo", ["--version"])) {
    throw new Failure("Rust is missing: install it from https://rustup.rs (or your system's packages), then try again");
  }
  if (!wasmRoute()) await installWasmTarget();
  await installCargoTools(["worker-build", "wasm-bindgen"]);
}

/** Installs the npm packages unless node_modules already holds what the lock file names. */
async function installNodeModules() {
  if (nodeModulesReady()) return;
  // Under `npm start` node_modules/.bin comes first in the PATH: npm must not run on a Node that it is about to delete.
  const PATH = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules")).join(delimiter);
  await step("npm packages", () => run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: ROOT, env: { ...process.env, PATH } }));
}

/**
 * Builds tools from crates.io that are missing or of another version.
 * @param {string[]} binaries
 */
export async function installCargoTools(binaries) {
  const missing = cargoTools().filter(({ binary }) => binaries.includes(binary) && !findCargoTool(binary));
  if (missing.length === 0) return;
  const target = join(TOOLS, "cargo-build");
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: target,
    // The dev profile without debug information compiles fastest, and its output is the same.
    CARGO_PROFILE_DEV_DEBUG: "false",
    CARGO_INCREMENTAL: "0",
  };
  for (const { binary, crate, version, locked } of missing) {
    const args = ["install", crate, "--version", `=${version}`, "--bin", binary, "--profile", "dev", "--force"];
    args.push("--root", join(TOOLS, "cargo"), ...(locked ? ["--locked"] : []));
    await step(`${crate} ${version} (some minutes, once)`, () => run("cargo", args, { env }));
  }
  rmSync(target, { recursive: true, force: true });
}

const BROWSERS = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** @returns {string | undefined} the path of a Chromium */
export function findBrowser() {
  return BROWSERS.find((path) => path && existsSync(path));
}

/**
 * Finds a Chromium, or installs Debian's.
 * @returns {Promise<string>} its path
 */
export async function installBrowser() {
  const found = findBrowser();
  if (found) return found;
  await installDebianPackages(["chromium"], "install Chromium or Chrome, or set CHROMIUM_PATH");
  return findBrowser() ?? "/usr/bin/chromium";
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await setUp();
    if (process.argv.includes("--tests")) {
      await installCargoTools(["cargo-deny"]);
      await installBrowser();
    }
  });
}
