// @ts-check
/**
 * Closed doors and kept order over real sockets: tokens, roles, bans, deletions, what others see of them.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import { sign } from "../scripts/token.mjs";
import { Client, fence, startServer, UpgradeRefused } from "./harness.js";

const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
const server = await startServer({ vars: { AUTH_SECRET, ALLOWED_ORIGINS: "https://site.example" } });
after(() => server.close());

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;
/** @param {Record<string, unknown>} [claims] */
const token = (claims = {}) => sign({ exp: inAnHour(), ...claims }, AUTH_SECRET);
/** @param {string} shown */
const bearer = (shown) => ({ headers: { Authorization: `Bearer ${shown}` } });
/** @param {string} room @param {string} name @param {Record<string, unknown>} [claims] */
const join = (room, name, claims) => Client.join(server, room, name, bearer(token(claims)));

/** @param {Promise<unknown>} upgrade @param {string} [what] */
async function refusal(upgrade, what) {
  const refused = await upgrade.then(() => assert.fail(`let in: ${what}`), (error) => error);
  if (!(refused instanceof UpgradeRefused)) throw refused;
  return `${refused.answer.status} ${refused.answer.json.error.code}`;
}

test("without a token nobody comes in, and no room is made", async () => {
  assert.equal(await refusal(Client.connect(server, "closed")), "401 unauthorized");
  for (const path of ["closed", "closed/messages", "closed/moderation"]) {
    const answer = await server.request(`/api/rooms/${path}`);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers["www-authenticate"], "Bearer");
    assert.equal(answer.json.error.code, "unauthorized");
  }
  const body = { id: "1", name: "Bot", text: "x" };
  assert.equal((await server.request("/api/rooms/closed/messages", { method: "POST", body })).status, 401);
  assert.equal((await server.request("/api/rooms/closed", bearer(token()))).status, 404, "nothing was touched");
  assert.equal((await server.request("/health")).status, 200);
  assert.equal((await server.request("/status")).status, 200);
});

test("a token is taken from each of its three places, and goes no further", async () => {
  const shown = token({ sub: "ada", name: "Ada" });
  const ways = [bearer(shown), { protocols: ["parlor.v1", `bearer.${shown}`] }, { query: { token: shown } }];
  const members = new Set();
  for (const way of ways) {
    const ada = await Client.join(server, "ways", "Somebody", way);
    assert.equal(ada.you.name, "Ada");
    members.add(ada.you.id);
  }
  assert.equal(members.size, 1, "one identity, one member");
  const offered = await Client.connect(server, "ways", { protocols: ["parlor.v1", `bearer.${shown}`] });
  assert.equal(offered.socket.protocol, "parlor.v1", "the token is not echoed");
  const twice = { ...bearer(shown), query: { token: token({ sub: "bo" }) } };
  assert.equal(await refusal(Client.connect(server, "ways", twice)), "401 unauthorized");
});

test("known attacks on tokens are refused", async () => {
  const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = part({ exp: inAnHour(), role: "owner" });
  const [header, body, signature] = token({ role: "reader" }).split(".");
  const attacks = {
    "alg none": `${part({ alg: "none" })}.${claims}.`,
    "alg None": `${part({ alg: "None" })}.${claims}.`,
    "no signature": `${header}.${body}.`,
    "cut signature": `${header}.${body}.${signature?.slice(0, 20)}`,
    "another's claims": `${header}.${claims}.${signature}`,
    "an empty secret": sign({ exp: inAnHour() }, ""),
    "HS512": `${part({ alg: "HS512" })}.${claims}.${createHmac("sha512", AUTH_SECRET).update(`${part({ alg: "HS512" })}.${claims}`).digest("base64url")}`,
    "expired": token({ exp: Math.floor(Date.now() / 1_000) - 61 }),
    "not yet": token({ nbf: Math.floor(Date.now() / 1_000) + 120 }),
    "exp as text": token({ exp: String(inAnHour()) }),
    "another room": token({ rooms: ["den", "attack"] }),
    "another audience": token({ aud: "elsewhere" }),
    "a role that is none": token({ role: "king" }),
    "too long": token({ sub: "x".repeat(9_000) }),
  };
  for (const [name, forged] of Object.entries(attacks)) {
    assert.equal(await refusal(Client.connect(server, "attacked", bearer(forged)), name), "401 unauthorized", name);
  }
  // Nor does a client that introduces itself to the room.
  const forged = { headers: { ...bearer(token()).headers, "Parlor-Visitor": '{"role":"owner"}' } };
  const eve = await Client.join(server, "attacked", "Eve", forged);
  eve.write({ type: "clear" });
  assert.equal((await eve.next("error")).code, "forbidden");
});

test("a token that runs out ends its connection with 4401, asleep or not", async () => {
  const bo = await join("brief", "Bo");
  // The leeway is a minute: this one has three seconds left of it, time to come in on a loaded machine.
  const ada = await join("brief", "Ada", { exp: Math.floor(Date.now() / 1_000) - 56 });
  assert.equal((await ada.closed()).code, 4401);
  await bo.next("left");
});

test("in the dialect text a bad token is a close code", async () => {
  const stranger = await Client.connect(server, "plain", { dialect: "text" });
  assert.deepEqual(await stranger.closed(), { code: 4001, reason: "Unauthorized" });
});

test("pages of other origins are turned away", async () => {
  for (const [origin, allowed] of /** @type {[string, boolean][]} */ ([
    ["https://site.example", true], ["https://evil.example", false], ["null", false], ["https://site.example.evil.example", false],
  ])) {
    const headers = { ...bearer(token()).headers, Origin: origin };
    const upgrade = Client.connect(server, "origins", { headers });
    if (allowed) await upgrade;
    else assert.equal(await refusal(upgrade), "403 forbidden_origin", origin);
    const body = { id: origin.length.toString(), name: "Bot", text: "x" };
    const posted = await server.request("/api/rooms/origins/messages", { method: "POST", body, headers });
    assert.equal(posted.status, allowed ? 201 : 403, origin);
  }
});

test("a reader reads", async () => {
  const ada = await join("read", "Ada");
  const eve = await join("read", "Eve", { role: "reader" });
  assert.equal(eve.welcome.role, "reader");
  eve.send("let me");
  assert.equal((await eve.next("error")).code, "forbidden");
  await ada.say("hello");
  assert.equal((await eve.next("message")).text, "hello");
});

test("a deleted message is gone from every page, from history and from storage", async () => {
  const ada = await join("deleted", "Ada");
  const mo = await join("deleted", "Mo", { role: "moderator", sub: "mo" });
  const scale = await Client.connect(server, "deleted", { dialect: "scalesocket", ...bearer(token()) });
  const { seq } = await ada.say("a secret nobody should see");
  mo.write({ type: "delete", seq });
  assert.equal((await ada.next("deleted")).seq, seq);
  assert.equal((await mo.next("record")).action, "delete");
  await server.evict("deleted");
  const { json } = await server.request("/api/rooms/deleted/messages", bearer(token()));
  assert.deepEqual([json.messages[0].text, json.messages[0].deleted, json.messages[0].seq], ["", true, seq]);
  const late = await Client.connect(server, "deleted", { dialect: "scalesocket", ...bearer(token()) });
  await fence(ada);
  assert.ok(!JSON.stringify(late.frames).includes("secret"));
  assert.ok(scale.frames.every(({ type }) => type === undefined), "no frame that it doesn't know");
});

test("who is banned is out, by socket and by HTTP, across sleep, until lifted", async () => {
  const bo = await join("banned", "Bo", { sub: "bo" });
  const mo = await join("banned", "Mo", { role: "moderator", sub: "mo" });
  mo.write({ type: "ban", member: bo.you.id });
  assert.equal((await bo.closed()).code, 4403);
  await server.evict("banned");
  assert.equal(await refusal(join("banned", "Bo", { sub: "bo" })), "403 banned");
  const say = { method: "POST", body: { id: "1", name: "Bo", text: "x" }, ...bearer(token({ sub: "bo" })) };
  assert.equal((await server.request("/api/rooms/banned/messages", say)).status, 403);
  const lift = { method: "POST", body: { type: "unban", sub: "bo" }, ...bearer(token({ role: "moderator", sub: "may" })) };
  const lifted = await server.request("/api/rooms/banned/moderation", lift);
  assert.deepEqual([lifted.status, lifted.json.action, lifted.json.by.sub], [200, "unban", "may"]);
  await join("banned", "Bo", { sub: "bo" });
  const kept = await server.request("/api/rooms/banned/moderation", bearer(token({ role: "moderator" })));
  assert.deepEqual(kept.json.records.map((/** @type {any} */ { record }) => record.action), ["unban", "ban"]);
  assert.deepEqual(kept.json.rules.bans, []);
  const refused = await server.request("/api/rooms/banned/moderation", bearer(token()));
  assert.equal(refused.json.error.code, "forbidden");
});

test("mute, lock, slow mode and clear hold for all and across sleep", async () => {
  const ada = await join("order", "Ada");
  const olga = await join("order", "Olga", { role: "owner", sub: "olga" });
  await ada.next("joined");
  olga.write({ type: "mute", member: ada.you.id, for_ms: 60_000 });
  await olga.next("record");
  await server.evict("order");
  ada.send("psst");
  const muted = await ada.next("error");
  assert.deepEqual([muted.code, muted.temporary], ["muted", true]);
  olga.write({ type: "unmute", member: ada.you.id });
  olga.write({ type: "lock", on: true });
  assert.equal((await ada.next("rules")).locked, true);
  ada.send("hello?");
  assert.equal((await ada.next("error")).code, "room_locked");
  olga.write({ type: "lock", on: false });
  olga.write({ type: "slow_mode", interval_ms: 60_000 });
  await ada.next("rules");
  assert.deepEqual((await ada.next("rules")).slow_mode_ms, 60_000);
  await ada.say("one");
  ada.send("two");
  const slow = await ada.next("error");
  assert.equal(slow.code, "rate_limited");
  assert.ok(slow.retry_after_ms > 50_000);
  const { epoch } = ada.welcome;
  olga.write({ type: "clear" });
  const cleared = await ada.next("cleared");
  assert.notEqual(cleared.epoch, epoch);
  assert.equal((await olga.say("anew")).seq, 1);
  assert.equal((await server.request("/api/rooms/order/messages", bearer(token()))).json.messages.length, 1);
});

test("a moderator's orders are bounded, over the socket and HTTP together", async () => {
  const olga = await join("hasty", "Olga", { role: "owner", sub: "olga" });
  // More than the thirty at once, for a slow machine regains some; fewer than end the connection.
  for (let n = 0; n < 45; n++) olga.write({ type: "lock", on: n % 2 === 0 });
  const over = await olga.next("error");
  assert.deepEqual([over.code, over.temporary], ["rate_limited", true]);
  assert.ok(over.retry_after_ms > 0 && over.retry_after_ms <= 200, over.retry_after_ms);
  const order = () => server.request("/api/rooms/hasty/moderation", { method: "POST", body: { type: "lock", on: false }, ...bearer(token({ role: "owner", sub: "olga" })) });
  const answers = await Promise.all(Array.from({ length: 40 }, order));
  const refused = answers.find(({ status }) => status === 429);
  assert.equal(refused?.json.error.code, "rate_limited");
  assert.ok(Number(refused?.headers["retry-after"]) >= 1);
  const other = await join("hasty", "May", { role: "moderator", sub: "may" });
  other.write({ type: "lock", on: false });
  assert.equal((await other.next("record")).action, "lock");
});

test("whose token does not open a room does not see it in the list", async () => {
  await (await join("listed", "Ada")).say("hello");
  const list = async (/** @type {object} */ options) => (await server.request("/api/rooms", options)).json;
  assert.deepEqual(await list({}), []);
  assert.deepEqual(await list(bearer(token({ rooms: ["other"] }))), []);
  assert.equal((await server.request("/api/rooms", bearer("nonsense"))).status, 401);
});
