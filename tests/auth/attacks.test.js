// @ts-check
/**
 * The known attacks on tokens, each through the real Worker: 401, for the reason that it should be. They are
 * kept as data in attacks.json: a header and a payload as they are written, and a way to sign them (`WAYS` in
 * tokens.js), or a spelling of the whole. `$…` stands for what only the run knows.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, test } from "node:test";
import { startServer } from "../harness.js";
import { encode, jwk, jwks, OURS, SECRET, soon, THEIRS, token, WAYS } from "./tokens.js";

/** @typedef {{ name: string, header: string, payload: string, way: string, why: string, token?: string }} Attack */
/** @type {Attack[]} */
const ATTACKS = JSON.parse(readFileSync(new URL("attacks.json", import.meta.url), "utf8"));
/** @type {Record<string, string>} */
const REASONS = {
  Malformed: "the token is malformed",
  Unsigned: "the token is not signed by a key that is known here",
  Expired: "the token has expired",
  Early: "the token is not valid yet",
  Audience: "the token is for another audience",
  Room: "the token is for other rooms",
};

let visits = 0;
const evil = createServer((_, response) => {
  visits += 1;
  response.end(jwks([jwk(/** @type {any} */ (THEIRS["RS256"]), "theirs")]));
});
await once(evil.listen(0, "127.0.0.1"), "listening");
after(() => evil.close());
const { port } = /** @type {import("node:net").AddressInfo} */ (evil.address());

const { RS256, ES256, EdDSA } = /** @type {Record<string, import("./tokens.js").Pair>} */ (OURS);
const keys = [jwk(/** @type {any} */ (RS256), "rsa"), jwk(/** @type {any} */ (ES256), "ec"), jwk(/** @type {any} */ (EdDSA), "ed")];
const server = await startServer({ vars: { AUTH_SECRET: SECRET, AUTH_JWKS: jwks(keys) } });
after(() => server.close());

/** What stands for `$…`. @type {Record<string, string>} */
const KNOWN = {
  $EXPIRED: String(soon(-61)),
  $EXP: String(soon()),
  $LATER: String(soon(120)),
  $URL: `http://127.0.0.1:${port}/jwks.json`,
  ...Object.fromEntries(["RS256", "ES256", "EdDSA"].map((alg) => [`$JWK_${alg}`, JSON.stringify(jwk(/** @type {any} */ (THEIRS[alg])))])),
};

/** @param {string} text @param {Record<string, string>} known */
function fill(text, known) {
  const names = Object.keys(known).sort((a, b) => b.length - a.length);
  return names.reduce((filled, name) => filled.replaceAll(name, () => known[name] ?? ""), text);
}

/** @param {Attack} attack */
function forge({ header, payload, way, token: spelling = "$HEADER.$PAYLOAD.$SIGNATURE" }) {
  const good = token({ exp: soon() }, "HS256");
  const rawPayload = fill(payload, { ...KNOWN, $GOOD: good });
  const parts = [encode(fill(header, KNOWN)), encode(rawPayload)];
  const sign = WAYS[way];
  assert.ok(sign, `no way to sign: ${way}`);
  const signature = Buffer.from(sign(parts.join(".")));
  const text = encode(signature);
  return fill(spelling, {
    $HEADER: parts[0] ?? "",
    $PAYLOAD: parts[1] ?? "",
    $SIGNATURE: text,
    $GOOD: good,
    $RAWPAYLOAD: rawPayload,
    $OTHERHEADER: encode('{"typ":"x","alg":"HS256"}'),
    $OTHERPAYLOAD: encode(`{"exp":${soon()},"role":"moderator"}`),
    $LONG: encode(JSON.stringify({ exp: soon(), iss: "x".repeat(8_192) })),
    $STANDARD: `${text.slice(0, -2)}+/`,
    // 32 bytes end in a digit of four bits: two of its six mean nothing, and must be zero.
    $SPARE: text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1),
  });
}

/** @param {string} shown @param {boolean} upgrade */
async function knock(shown, upgrade) {
  const path = `?token=${encodeURIComponent(shown)}`;
  return upgrade ? server.upgrade(`/attacked${path}`) : server.request(`/api/rooms/attacked/messages${path}`);
}

test("a good token of each kind is let in", async () => {
  for (const alg of ["HS256", "RS256", "ES256", "EdDSA"]) {
    assert.equal((await knock(token({ exp: soon() }, alg), true)).status, 101, alg);
    assert.equal((await knock(token({ exp: soon() }, alg), false)).status, 200, alg);
  }
  for (const [alg, kid] of [["RS256", "rsa"], ["ES256", "ec"], ["EdDSA", "ed"]]) {
    assert.equal((await knock(token({ exp: soon() }, String(alg), { kid }), true)).status, 101, kid);
  }
});

test(`${ATTACKS.length} attacks are refused, each for what is wrong with it`, async () => {
  assert.ok(ATTACKS.length >= 250);
  const wrong = [];
  for (const [at, attack] of ATTACKS.entries()) {
    const { status, json } = await knock(forge(attack), at % 2 === 0);
    const told = `${status} ${json?.error?.code} ${json?.error?.message}`;
    if (told !== `401 unauthorized ${REASONS[attack.why]}`) wrong.push(`${attack.name}: ${told}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal(visits, 0, "no key is fetched because a token says so");
});
