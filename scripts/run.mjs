// @ts-check
// Runs commands and shows what is going on: one line per step with its time, and a sign of life
// every ten seconds while a step is long. Plain Node 20, no dependencies: it runs before `npm ci`.

import { spawn } from "node:child_process";

const ALIVE_INTERVAL_MS = 10_000;
const FAILURE_LINES_MAX = 80;
const COMMAND_CHARACTERS_MAX = 100;

/** A failure that its message explains in full: shown as one line, without a stack trace. */
export class Failure extends Error {}

/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();

/**
 * Runs `work`, then prints one line with the title and the time it took.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = Date.now();
  console.log(`· ${title}…`);
  try {
    const result = await work();
    console.log(`✓ ${title} (${seconds(started)} s)`);
    return result;
  } catch (error) {
    console.log(`✗ ${title} (${seconds(started)} s)`);
    throw error;
  }
}

/**
 * Runs a command to its end. Its output is held back and shown only if it fails, with a line
 * every ten seconds meanwhile; `live` passes it through as it comes, `silent` shows none even then.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, live?: boolean, silent?: boolean, timeout_s?: number }} [options]
 * @returns {Promise<string>} what it printed, both streams together; empty when `live`
 */
export async function run(command, args, options = {}) {
  const started = Date.now();
  const child = start(command, args, options);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text) => (output += text));
  }
  const alive = setInterval(() => {
    if (!options.live) console.log(`  … ${seconds(started)} s: ${lastLine(output)}`);
  }, ALIVE_INTERVAL_MS);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, (options.timeout_s ?? 3600) * 1000);
  try {
    const code = await ended(child);
    if (code === 0) return output;
    const shown = output.trimEnd().split("\n").slice(-FAILURE_LINES_MAX).join("\n");
    if (shown && !options.silent) console.log(shown);
    const why = late ? `gave no result within ${options.timeout_s} s` : `failed (${code})`;
    throw new Failure(`${[command, ...args].join(" ").slice(0, COMMAND_CHARACTERS_MAX)} ${why}`);
  } finally {
    clearInterval(alive);
    clearTimeout(limit);
  }
}

/**
 * Starts a command that ends when this process is told to end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, live?: boolean }} options
 */
export function start(command, args, { env, cwd, live }) {
  const child = spawn(command, args, { env, cwd, stdio: live ? "inherit" : ["ignore", "pipe", "pipe"] });
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/**
 * Waits for a process to end.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number | string>} its exit code, or the signal that ended it
 */
export function ended(child) {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Failure(error.message)));
    child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
  });
}

/**
 * Runs a script's main function: a `Failure` becomes one line and exit code 1, and a signal ends
 * the children too.
 * @param {() => Promise<unknown>} work
 */
export async function main(work) {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => stopAll(signal));
  }
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Failure ? `✗ ${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * Passes a signal on to every child, and leaves when all have ended; one that has not after five
 * seconds is killed.
 * @param {NodeJS.Signals} signal
 */
function stopAll(signal) {
  const leave = () => process.exit(signal === "SIGINT" ? 130 : 143);
  if (children.size === 0) leave();
  for (const child of children) {
    child.kill(signal);
    child.once("close", () => children.size === 0 && leave());
  }
  setTimeout(() => {
    for (const child of children) child.kill("SIGKILL");
    leave();
  }, 5_000).unref();
}

/** @param {number} since in ms */
function seconds(since) {
  const elapsed = (Date.now() - since) / 1000;
  return elapsed < 10 ? elapsed.toFixed(1) : elapsed.toFixed(0);
}

/** @param {string} text */
function lastLine(text) {
  return (text.trimEnd().split("\n").at(-1) ?? "").trim().slice(0, 100) || "working";
}
