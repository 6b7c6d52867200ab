// @ts-check
/**
 * Public keys that lie at a URL, through the real Worker: fetched once for many, renewed when they change, kept
 * while their source fails, and never fetched more often because of what strangers show.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, startServer } from "../harness.js";
import { jwk, jwks, soon, token } from "./tokens.js";

const GAP_MS = 500;
const VARS = { JWKS_GAP_MS: String(GAP_MS), JWKS_FRESH_MS: "1000" };

/** A source of keys: what it answers can be changed, and its visits are counted. */
async function startSource() {
  const source = { document: "", status: 200, visits: 0, url: "" };
  const web = createServer((_, response) => {
    source.visits += 1;
    response.writeHead(source.status).end(source.document);
  });
  await once(web.listen(0, "127.0.0.1"), "listening");
  after(() => web.close());
  source.url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (web.address()).port}/keys.json`;
  return source;
}

/** @param {string} kid */
function newKey(kid) {
  const pair = generateKeyPairSync("ed25519");
  return { jwk: jwk(pair, kid), sign: () => token({ exp: soon() }, "EdDSA", { kid }, pair.privateKey) };
}

/** @param {import("../harness.js").Server} server @param {string} shown */
const knock = async (server, shown) => (await server.request(`/api/rooms/tea/messages?token=${shown}`)).status;

test("one fetch of the keys serves all who wait", async () => {
  const source = await startSource();
  const key = newKey("1");
  source.document = jwks([key.jwk]);
  const server = await startServer({ vars: { AUTH_JWKS: source.url } }); // fresh for longer than any machine takes
  after(() => server.close());
  const crowd = await Promise.all(Array.from({ length: 20 }, () => knock(server, key.sign())));
  assert.deepEqual(new Set(crowd), new Set([200]));
  assert.equal(source.visits, 1);
});

test("keys change without dropping anyone, and stay while their source fails", async () => {
  const source = await startSource();
  const [first, second] = [newKey("1"), newKey("2")];
  source.document = jwks([first.jwk]);
  const server = await startServer({ vars: { ...VARS, AUTH_JWKS: source.url } });
  after(() => server.close());

  const ada = await Client.connect(server, "tea", { query: { token: first.sign() } });
  await ada.join("Ada");
  source.document = jwks([second.jwk]);
  await sleep(GAP_MS);
  assert.equal(await knock(server, second.sign()), 200, "a key that is new is looked for");
  assert.equal(await knock(server, first.sign()), 401, "a key that is gone opens nothing");
  await ada.say("still here");

  source.status = 500;
  await sleep(2 * GAP_MS + GAP_MS);
  for (let n = 0; n < 3; n++) assert.equal(await knock(server, second.sign()), 200, "known keys stay");
  assert.ok(source.visits >= 3, "it was asked again");
});

test("strangers with names of keys that nobody knows make no storm of fetches", async () => {
  const source = await startSource();
  const [ours, theirs] = [newKey("ours"), newKey("theirs")];
  source.document = jwks([ours.jwk]);
  const server = await startServer({ vars: { ...VARS, JWKS_GAP_MS: "60000", AUTH_JWKS: source.url } });
  after(() => server.close());
  assert.equal(await knock(server, ours.sign()), 200);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => knock(server, token({ exp: soon() }, "EdDSA", { kid: `k${n}` }, generateKeyPairSync("ed25519").privateKey))),
  );
  assert.deepEqual(new Set([...answers, await knock(server, theirs.sign())]), new Set([401]));
  assert.equal(source.visits, 1);
  assert.equal(await knock(server, ours.sign()), 200);
});

test("keys that can't be had let nobody in, and say that it is not the token's fault", async () => {
  const source = await startSource();
  source.document = "no document of keys";
  const server = await startServer({ vars: { ...VARS, AUTH_JWKS: source.url } });
  after(() => server.close());
  assert.equal(await knock(server, newKey("1").sign()), 503);
});
