// @ts-check
/**
 * Refusals of an upgrade for clients that can't see its status: with `?refusals=close` the connection is
 * made and closed at once, with the code that asks for the same and the reason in words.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sign } from "../scripts/token.mjs";
import { Client, startServer, UpgradeRefused } from "./harness.js";

const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
const vars = { AUTH_SECRET, ALLOWED_ORIGINS: "https://site.example", CONNECTIONS_MAX: "2" };
const server = await startServer({ vars });
after(() => server.close());

/** @param {Record<string, unknown>} [claims] */
const token = (claims = {}) => sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims }, AUTH_SECRET);
/** @param {Record<string, unknown>} [claims] */
const bearer = (claims) => ({ Authorization: `Bearer ${token(claims)}` });

/** @param {string} room @param {import("./client.js").ConnectOptions} [options] */
async function closed(room, options = {}) {
  const client = await Client.connect(server, room, { ...options, query: { ...options.query, refusals: "close" } });
  return client.closed();
}

test("the Worker's refusals", async () => {
  const expired = bearer({ exp: 1 });
  assert.deepEqual(await closed("a"), { code: 4401, reason: "a token is needed here" });
  assert.deepEqual(await closed("a", { headers: expired }), { code: 4401, reason: "the token has expired" });
  const foreign = { ...bearer(), Origin: "https://evil.example" };
  assert.deepEqual(await closed("a", { headers: foreign }), { code: 4403, reason: "pages of this origin may not connect" });
  assert.equal((await closed("-a")).code, 4400);
  assert.equal((await closed("a", { dialect: "klingon" })).code, 4400);
  assert.equal((await server.request("/api/rooms/a", { headers: bearer() })).status, 404, "no room was touched");
});

test("the room's refusals", async () => {
  const bo = await Client.join(server, "b", "Bo", { headers: bearer({ sub: "bo" }) });
  const mo = await Client.join(server, "b", "Mo", { headers: bearer({ role: "moderator", sub: "mo" }) });
  assert.equal((await closed("b", { headers: bearer() })).code, 1013, "full: come again");
  mo.write({ type: "ban", member: bo.you.id });
  await bo.closed();
  await mo.next("left");
  const banned = { code: 4403, reason: "a moderator has banned you from this room" };
  assert.deepEqual(await closed("b", { headers: bearer({ sub: "bo" }) }), banned);
});

test("the subprotocol is taken all the same, as browsers want it", async () => {
  const protocols = ["parlor.v1", `bearer.${token({ exp: 1 })}`];
  const client = await Client.connect(server, "c", { protocols, query: { refusals: "close" } });
  assert.equal(client.socket.protocol, "parlor.v1");
  assert.equal((await client.closed()).code, 4401);
});

test("who does not ask for it gets a status, and who is let in notices nothing", async () => {
  for (const query of [{}, { refusals: "" }, { refusals: "status" }]) {
    const refused = await Client.connect(server, "d", { query: /** @type {any} */ (query) }).catch((error) => error);
    assert.ok(refused instanceof UpgradeRefused);
    assert.equal(refused.answer.status, 401);
  }
  const ada = await Client.join(server, "d", "Ada", { headers: bearer(), query: { refusals: "close" } });
  await ada.say("hello");
  assert.equal((await server.request("/d?refusals=close")).status, 200, "the page");
});
