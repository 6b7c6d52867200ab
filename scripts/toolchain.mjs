// @ts-check
// Says which tools the project needs, where they are, and with which environment to call them.
// It only looks; scripts/setup.mjs installs.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What we install ourselves; git ignores it, and deleting it is always safe. */
export const TOOLS = join(ROOT, ".tools");
export const WASM_TARGET = "wasm32-unknown-unknown";
/** A sysroot and launchers for Debian's Rust: see scripts/wasm-target.mjs. */
export const DEBIAN_RUST = join(TOOLS, "debian-rust");

const BINARIES = join(ROOT, "node_modules", ".bin");
const CARGO_DENY_VERSION = "0.20.2";
const CARGO_FUZZ_VERSION = "0.13.2";
const CARGO_MUTANTS_VERSION = "27.1.0";

/**
 * The tools that Cargo builds. worker-build and wasm-bindgen must match their libraries, so
 * Cargo.lock pins them: one place for both.
 * @returns {{ binary: string, crate: string, version: string, locked: boolean, asked?: string[] }[]} `asked`: before `--version`
 */
export function cargoTools() {
  return [
    { binary: "worker-build", crate: "worker-build", version: lockedVersion("worker"), locked: true },
    // Its own lock file doesn't resolve for some releases, so it is built without.
    { binary: "wasm-bindgen", crate: "wasm-bindgen-cli", version: lockedVersion("wasm-bindgen"), locked: false },
    { binary: "cargo-deny", crate: "cargo-deny", version: CARGO_DENY_VERSION, locked: true },
    { binary: "cargo-fuzz", crate: "cargo-fuzz", version: CARGO_FUZZ_VERSION, locked: true },
    { binary: "cargo-mutants", crate: "cargo-mutants", version: CARGO_MUTANTS_VERSION, locked: true, asked: ["mutants"] },
  ];
}

/**
 * Finds a Cargo-built tool of the right version: ours, or one that is already on the PATH.
 * @param {string} binary
 * @returns {string | undefined} its path
 */
export function findCargoTool(binary) {
  const tool = cargoTools().find((candidate) => candidate.binary === binary);
  const folders = [join(TOOLS, "cargo", "bin"), ...(process.env.PATH ?? "").split(delimiter)];
  return folders
    .map((folder) => join(folder, binary))
    .filter((path) => existsSync(path))
    .find((path) => output(path, [...(tool?.asked ?? []), "--version"])?.trim().split(" ").at(-1) === tool?.version);
}

/** Whether the Rust on the PATH has a standard library for WebAssembly. */
export function defaultRustHasWasm() {
  const libraries = output("rustc", ["--print", "target-libdir", "--target", WASM_TARGET])?.trim();
  return libraries !== undefined && hasStandardLibrary(libraries);
}

/** Whether Debian's Rust has been set up in `.tools`, for the version that is installed now. */
export function debianRustReady() {
  const libraries = join(DEBIAN_RUST, "sysroot", "lib", "rustlib", WASM_TARGET, "lib");
  const stamp = join(DEBIAN_RUST, "version");
  return existsSync(stamp) && hasStandardLibrary(libraries) && readFileSync(stamp, "utf8") === debianRustVersion();
}

/** The version of Debian's rustc, with the hash of its sources; undefined if it isn't installed. */
export function debianRustVersion() {
  return output("/usr/bin/rustc", ["-vV"]);
}

/**
 * Which Rust builds for WebAssembly. `PARLOR_WASM_ROUTE=debian` forces the second choice, to test it.
 * @returns {"default" | "debian" | undefined}
 */
export function wasmRoute() {
  if (process.env.PARLOR_WASM_ROUTE !== "debian" && defaultRustHasWasm()) return "default";
  return debianRustReady() ? "debian" : undefined;
}

/**
 * The environment for npm-installed programs: Node 24 and its friends first.
 * @returns {NodeJS.ProcessEnv}
 */
export function nodeEnvironment() {
  return { ...process.env, PATH: [BINARIES, process.env.PATH].join(delimiter), ...QUIET_WRANGLER };
}

/**
 * The environment in which cargo, worker-build and the rest build WebAssembly.
 * @returns {NodeJS.ProcessEnv}
 */
export function wasmEnvironment() {
  const environment = nodeEnvironment();
  if (wasmRoute() === "debian") {
    environment.PATH = [join(DEBIAN_RUST, "bin"), environment.PATH].join(delimiter);
    // clippy takes no other word for it.
    environment.SYSROOT = join(DEBIAN_RUST, "sysroot");
  }
  return {
    ...environment,
    WASM_BINDGEN_BIN: findCargoTool("wasm-bindgen"),
    WASM_OPT_BIN: join(BINARIES, "wasm-opt"),
    ESBUILD_BIN: join(BINARIES, "esbuild"),
    // SHA-256 in a loop: unrolled, it is some 2 % of the bundle, and nothing here hashes much.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: `${process.env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS ?? ""} --cfg sha2_backend_soft="compact"`.trim(),
  };
}

/** @param {string} name of a program that npm installs */
export function npmBinary(name) {
  return join(BINARIES, name);
}

/**
 * Whether node_modules holds exactly what package-lock.json names.
 */
export function nodeModulesReady() {
  const installed = readLock(join(ROOT, "node_modules", ".package-lock.json"));
  const wanted = readLock(join(ROOT, "package-lock.json"));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) =>
    path === "" || (installed[path] ? installed[path].version === version : optional === true),
  ) && output(npmBinary("node"), ["--version"]) !== undefined;
}

/**
 * Runs a short command.
 * @param {string} command
 * @param {string[]} args
 * @returns {string | undefined} its standard output, or nothing if it failed
 */
export function output(command, args) {
  try {
    return execFileSync(command, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}

/** So that wrangler neither asks nor reports anything, and looks for nothing on the network. */
const QUIET_WRANGLER = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  WRANGLER_WRITE_LOGS: "false",
};

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : undefined;
}

/** @param {string} folder */
function hasStandardLibrary(folder) {
  return existsSync(folder) && readdirSync(folder).some((name) => /^libstd-.*\.rlib$/.test(name));
}

/** @param {string} crate */
function lockedVersion(crate) {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const version = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`))?.[1];
  if (!version) throw new Error(`Cargo.lock has no ${crate}`);
  return version;
}
