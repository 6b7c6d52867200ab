// @ts-check
// Gets Rust's standard library for WebAssembly, in one of two ways:
//
// 1. `rustup target add`, where rustup is in use and its server answers.
// 2. Debian's Rust (the rustc-web packages, /usr/bin/cargo beside the one in use), with which the
//    library is built from source, once. It goes into a sysroot of our own under .tools, whose
//    other entries are links to Debian's, so that nothing outside the project changes.
//
// PARLOR_WASM_ROUTE=debian takes the second way even where the first works, to test it.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installDebianPackages } from "./debian.mjs";
import { Failure, run, step } from "./run.mjs";
import { DEBIAN_RUST, WASM_TARGET, debianRustReady, debianRustVersion, defaultRustHasWasm, output } from "./toolchain.mjs";

const RUSTUP_TIMEOUT_S = 120;
const PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "lld-22"];
const REMEDY = `add the ${WASM_TARGET} target to your Rust (\`rustup target add ${WASM_TARGET}\`)`;
const SYSROOT = join(DEBIAN_RUST, "sysroot");
const RUSTLIB = join(SYSROOT, "lib", "rustlib");

export async function installWasmTarget() {
  if (process.env.PARLOR_WASM_ROUTE !== "debian" && (await addWithRustup())) return;
  if (PACKAGES.some((name) => !debianPackageInstalled(name))) await installDebianPackages(PACKAGES, REMEDY);
  await step("Rust's standard library for WebAssembly, from source (a minute or two, once)", buildStandardLibrary);
  if (!debianRustReady()) throw new Failure(`Debian's Rust could not be set up for ${WASM_TARGET}; ${REMEDY}`);
}

/** @returns {Promise<boolean>} whether it worked */
async function addWithRustup() {
  if (!output("rustup", ["--version"])) return false;
  try {
    await step(`rustup target add ${WASM_TARGET}`, () =>
      run("rustup", ["target", "add", WASM_TARGET], { silent: true, timeout_s: RUSTUP_TIMEOUT_S }),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  // rustup may also call a target installed whose files are gone.
  const added = defaultRustHasWasm();
  if (!added) console.log("  rustup could not add the target: Debian's packages instead");
  return added;
}

/** @param {string} name */
function debianPackageInstalled(name) {
  return output("dpkg-query", ["-W", "-f", "${db:Status-Status}", name]) === "installed";
}

async function buildStandardLibrary() {
  rmSync(DEBIAN_RUST, { recursive: true, force: true });
  linkDebianSysroot();
  const built = await compileStandardLibrary();
  const libraries = join(RUSTLIB, WASM_TARGET, "lib");
  mkdirSync(libraries, { recursive: true });
  for (const file of readdirSync(built)) {
    if (file.endsWith(".rlib") && !file.startsWith("libempty")) cpSync(join(built, file), join(libraries, file));
  }
  rmSync(join(DEBIAN_RUST, "empty"), { recursive: true });
  writeLaunchers();
  writeFileSync(join(DEBIAN_RUST, "version"), debianRustVersion() ?? "");
}

/** Makes a sysroot like Debian's, in which only the WebAssembly target is our own. */
function linkDebianSysroot() {
  const debian = output("/usr/bin/rustc", ["--print", "sysroot"])?.trim();
  if (!debian) throw new Failure("/usr/bin/rustc does not run: reinstall rustc-web");
  mkdirSync(RUSTLIB, { recursive: true });
  linkEntries(join(debian, "lib", "rustlib"), RUSTLIB, WASM_TARGET);
}

/**
 * @param {string} from
 * @param {string} to
 * @param {string} except
 */
function linkEntries(from, to, except) {
  for (const name of readdirSync(from)) {
    if (name !== except) symlinkSync(join(from, name), join(to, name));
  }
}

/** @returns {Promise<string>} the folder with the compiled libraries */
async function compileStandardLibrary() {
  const crate = join(DEBIAN_RUST, "empty");
  mkdirSync(join(crate, "src"), { recursive: true });
  // `[workspace]`: this is not a member of the project around it.
  writeFileSync(join(crate, "Cargo.toml"), '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n');
  writeFileSync(join(crate, "src", "lib.rs"), "#![no_std]\n");
  const env = {
    ...process.env,
    RUSTC: "/usr/bin/rustc",
    // A stable compiler builds its own standard library only when told that it may.
    RUSTC_BOOTSTRAP: "1",
    RUSTFLAGS: "-Cembed-bitcode=yes", // for the release profile's link-time optimization
    CARGO_TARGET_DIR: join(crate, "target"),
  };
  const args = ["build", "--release", "--target", WASM_TARGET, "-Z", "build-std=std,panic_abort"];
  await run("/usr/bin/cargo", args, { cwd: crate, env });
  return join(crate, "target", WASM_TARGET, "release", "deps");
}

/** Puts `cargo` and `rustc` into a folder for the front of the PATH. */
function writeLaunchers() {
  const folder = join(DEBIAN_RUST, "bin");
  mkdirSync(folder);
  for (const name of ["cargo", "cargo-clippy", "clippy-driver"]) {
    if (existsSync(`/usr/bin/${name}`)) symlinkSync(`/usr/bin/${name}`, join(folder, name));
  }
  const launcher = '#!/bin/sh\nexec /usr/bin/rustc --sysroot "$(dirname "$(dirname "$0")")/sysroot" "$@"\n';
  writeFileSync(join(folder, "rustc"), launcher, { mode: 0o755 });
}
