// @ts-check
// `node scripts/shell.mjs`: writes what has to be known of the page's files in three places. public/sw.js
// lists them all, for the snapshot that is served offline; index.html preloads the modules that main.js
// stands on, and main.js those of a room, so that a slow network is asked for them at once and not one
// import after the other.
// tests/page/shell.test.js fails when they are not up to date.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "./toolchain.mjs";

const PUBLIC = join(ROOT, "public");
const ENTRY = "/page/main.js";
const CONVERSATION = "/page/conversation.js";
/** For pages of other sites, which the service worker has no part in. */
const EMBEDDING = new Set(["/client/parlor-chat.js", "/style/embed.css"]);
const IMPORT = /^(?:import|export)\s[^;]*?from "(\.[^"]+)";|^import "(\.[^"]+)";/gm;

/** @typedef {{ file: string, written: string, right: string }} Part */

/** What stands in each file, and what should. @returns {Part[]} */
export function parts() {
  const worker = readFileSync(join(PUBLIC, "sw.js"), "utf8");
  const page = readFileSync(join(PUBLIC, "index.html"), "utf8");
  const links = preloaded(ENTRY).map((path) => `  <link rel="modulepreload" href="${path}">\n`).join("");
  const entry = readFileSync(join(PUBLIC, ENTRY), "utf8");
  const loaded = new Set(preloaded(ENTRY));
  const rest = [CONVERSATION, ...preloaded(CONVERSATION)].filter((path) => !loaded.has(path));
  return [
    { file: "page/main.js", written: entry, right: entry.replace(/(const CONVERSATION = \[\n)[^\]]*/, (_, head) => head + quoted(rest)) },
    { file: "sw.js", written: worker, right: worker.replace(/(const SHELL = \[\n)[^\]]*/, (_, head) => head + quoted(shellFiles())) },
    { file: "index.html", written: page, right: page.replace(/(?: *<link rel="modulepreload"[^>]*>\n)*(?= *<script type="module" src="\/page\/main\.js")/, links) },
  ];
}

/** Paths of all that the page may ask for, itself first. */
function shellFiles() {
  const names = readdirSync(PUBLIC, { recursive: true, encoding: "utf8" }).map((name) => `/${name}`);
  const isShell = (/** @type {string} */ path) => /^\/(page|client|style)\/.*\.(js|css|png|webmanifest)$/.test(path) && !EMBEDDING.has(path);
  return ["/", "/favicon.svg", ...names.filter(isShell).sort()];
}

/** @param {string[]} paths */
const quoted = (paths) => paths.map((path) => `  ${JSON.stringify(path)},\n`).join("");

/** Modules that this one imports, directly or not, in the order in which they are found. @param {string} entry */
function preloaded(entry) {
  const found = new Set([entry]);
  for (const path of found) {
    for (const [, from, bare] of readFileSync(join(PUBLIC, path), "utf8").matchAll(IMPORT)) {
      found.add(join(dirname(path), from ?? bare ?? ""));
    }
  }
  found.delete(entry);
  return [...found];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, right } of parts()) writeFileSync(join(PUBLIC, file), right);
}
