// @ts-check
// Copies public/ to build/public as it is deployed: the same files, with the comments left out of the modules.
// They are a fifth of what a visitor fetches, and no browser reads them. Nothing is bundled, renamed or
// minified, and the files run as they lie in public/, which is how the tests serve them.

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";
import { ROOT } from "./toolchain.mjs";

/** Where wrangler.toml finds the page. */
const FOLDER = join(ROOT, "build", "public");

/** A module without its comments. @param {string} source */
export async function withoutComments(source) {
  const { code } = await transform(source, { loader: "js", target: "esnext", charset: "utf8", legalComments: "none" });
  return code;
}

export async function copyPage() {
  rmSync(FOLDER, { recursive: true, force: true });
  cpSync(join(ROOT, "public"), FOLDER, { recursive: true });
  const modules = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  await Promise.all(
    modules.map(async (name) => {
      const path = join(FOLDER, name);
      writeFileSync(path, await withoutComments(readFileSync(path, "utf8")));
    }),
  );
}
