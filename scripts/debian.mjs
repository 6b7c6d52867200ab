// @ts-check
// Installs packages of Debian and its relatives, where we may.

import { existsSync } from "node:fs";
import { Failure, run, step } from "./run.mjs";

/**
 * @param {string[]} packages
 * @param {string} remedy what a person can do where this can't be done
 */
export async function installDebianPackages(packages, remedy) {
  const names = packages.join(" ");
  if (!existsSync("/usr/bin/apt-get")) throw new Failure(`${names}: no apt-get here; ${remedy}`);
  if (process.getuid?.() !== 0) throw new Failure(`${names}: installing needs root; \`sudo apt-get install ${names}\`, or ${remedy}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await step(`Debian packages: ${names}`, async () => {
    await run("apt-get", ["update"], { env });
    await run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], { env });
  });
}
