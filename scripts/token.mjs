// @ts-check
// `npm run token`: signs a token with AUTH_SECRET, for development and for tests.

import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ROOT } from "./toolchain.mjs";

const HELP = `npm run token -- [options]     prints a token that AUTH_SECRET signs (from the environment, or from .dev.vars)
  --sub ada            lasting identity: the same one, the same member
  --name Ada           the name that it gives; without it, whoever has the token chooses
  --room 'team-*'      a room, or a prefix with *; may be repeated; without it, every room
  --role moderator     reader, member, moderator or owner; member without it
  --minutes 60         for how long; an hour without it
  --burst 100 --per-second 20    another rate of messages`;

/**
 * Signs claims as a JSON Web Token (RFC 7519) with HS256.
 * @param {Record<string, unknown>} claims
 * @param {string} secret
 */
export function sign(claims, secret) {
  const encode = (/** @type {unknown} */ part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** The secret that `wrangler dev` takes too. */
function findSecret() {
  const file = join(ROOT, ".dev.vars");
  const line = existsSync(file) ? /^\s*AUTH_SECRET\s*=\s*"?([^"\r\n]*)"?\s*$/m.exec(readFileSync(file, "utf8")) : null;
  return process.env["AUTH_SECRET"] ?? line?.[1];
}

function main() {
  const text = /** @type {const} */ ({ type: "string" });
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      room: { type: "string", multiple: true },
      sub: text, name: text, role: text, minutes: text, burst: text, "per-second": text,
    },
  });
  if (values.help) return console.log(HELP);
  const secret = findSecret();
  if (!secret) throw new Error("AUTH_SECRET is neither in the environment nor in .dev.vars");
  const minutes = Number(values.minutes ?? 60);
  if (!(minutes > 0)) throw new Error("--minutes must be a number above 0");
  const number = (/** @type {string | undefined} */ value) => (value === undefined ? undefined : Number(value));
  const { room: rooms, sub, name, role } = values;
  const exp = Math.floor(Date.now() / 1_000 + minutes * 60);
  // What is undefined is left out of the JSON.
  console.log(sign({ exp, sub, name, rooms, role, rate_burst: number(values.burst), rate_per_second: number(values["per-second"]) }, secret));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n\n${HELP}`);
    process.exitCode = 1;
  }
}
