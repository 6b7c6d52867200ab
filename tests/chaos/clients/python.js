// @ts-check
/** Runs websockets_driver.py for a guest, and installs Python's websockets for it under .tools/. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const VERSION = "17.4";
const FOLDER = fileURLToPath(new URL("../../../.tools/python-websockets", import.meta.url));
const DRIVER = fileURLToPath(new URL("websockets_driver.py", import.meta.url));
const INSTALL_MS_MAX = 120_000;

/** Its backoff, shorter than its own, in seconds. */
const BACKOFF = { WEBSOCKETS_BACKOFF_INITIAL_DELAY: "0.2", WEBSOCKETS_BACKOFF_MIN_DELAY: "0.1", WEBSOCKETS_BACKOFF_MAX_DELAY: "2" };

/** Installs what the driver needs; says why it can't, if so. @returns {Promise<string | undefined>} */
export async function missing() {
  if (existsSync(join(FOLDER, `websockets-${VERSION}.dist-info`))) return undefined;
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", FOLDER, `websockets==${VERSION}`];
  try {
    await promisify(execFile)("python3", args, { timeout: INSTALL_MS_MAX });
    return undefined;
  } catch (error) {
    return `Python's websockets can't be installed here: ${String(error).split("\n")[0]}`;
  }
}

export class PythonDriver {
  /** What went wrong in Python, as it wrote it. */
  complaints = "";
  #process;

  /** @param {import("./guest.js").Guest} guest @param {string} url @param {number} lines */
  constructor(guest, url, lines) {
    const env = { ...process.env, ...BACKOFF, PYTHONPATH: FOLDER };
    this.#process = spawn("python3", [DRIVER, url, guest.name, String(lines)], { env, stdio: ["ignore", "pipe", "pipe"] });
    createInterface(this.#process.stdout).on("line", (line) => {
      const frame = JSON.parse(line);
      if (frame.type === "said") guest.add(frame.id, frame.text);
      else guest.take(frame);
    });
    this.#process.stderr.on("data", (data) => (this.complaints += data));
    this.#process.on("exit", (code) => code && guest.violations.push(`${guest.name} ended with ${code}: ${this.complaints}`));
  }

  stop() {
    this.#process.kill("SIGKILL");
  }
}
