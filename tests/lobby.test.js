// @ts-check
/** The lobby over the real worker: what it tells follows what happens in rooms, soon, at little cost. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Chatter } from "./dialects/chatter.js";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";
import { eventually, get, listed, samples } from "./numbers.js";
import { parseOpenMetrics } from "./openmetrics.js";

const LEASE_MS = 1_000;
/** Of a busy room: src/limits.rs. */
const REPORT_GAP_MS_MIN = 1_000;
const server = await startServer({ watched: true, vars: { ...UNHURRIED, LOBBY_LEASE_MS: String(LEASE_MS) } });
after(() => server.close());

/** @param {string} name @param {number} connections */
const seesConnections = (name, connections) =>
  eventually(() => listed(server, name), (room) => room?.connections === connections);

/** @param {string} field @returns {Promise<number>} */
const status = async (field) => (await get(server, "/status")).json[field];

test("before anybody came there is nothing, said in full", async () => {
  assert.deepEqual((await get(server, "/api/rooms")).json, []);
  const { json } = await get(server, "/status");
  assert.deepEqual([json.currentClients, json.totalHistory, json.rooms], [0, 0, 0]);
});

test("a room is listed as people come, talk and go", async () => {
  const before = Date.now();
  const alice = await Client.join(server, "kitchen", "Alice");
  await seesConnections("kitchen", 1);
  const bob = await Client.join(server, "kitchen", "Bob");
  await seesConnections("kitchen", 2);
  await alice.say("one");
  await alice.say("two");
  const room = await eventually(() => listed(server, "kitchen"), (room) => room?.messages === 2);
  assert.deepEqual(Object.keys(room ?? {}), ["name", "connections", "messages", "active_at"]);
  assert.ok(Number(room?.active_at) >= before - 1_000);
  assert.deepEqual(room, (await get(server, "/api/rooms/kitchen")).json, "as the room itself says");
  await bob.close();
  await seesConnections("kitchen", 1);
  alice.vanish();
  await seesConnections("kitchen", 0);
});

test("who only opened a connection is not counted as there", async () => {
  const lurker = await Client.connect(server, "lurked");
  const alice = await Client.join(server, "beside", "Alice");
  await seesConnections("beside", 1);
  assert.equal(await listed(server, "lurked"), undefined);
  await Promise.all([lurker.close(), alice.close()]);
});

test("the occupied come first, then the most active; limit cuts", async () => {
  const clients = [];
  for (const name of ["order-a", "order-b"]) {
    const client = await Client.join(server, name, "Alice");
    await client.say("hello");
    clients.push(client);
  }
  const post = { id: "1", name: "Bot", text: "hello" };
  await server.request("/api/rooms/order-empty/messages", { method: "POST", body: post });
  await eventually(() => listed(server, "order-empty"), (room) => room?.messages === 1);
  await eventually(() => listed(server, "order-b"), (room) => room?.messages === 1);
  await eventually(() => listed(server, "order-a"), (room) => room?.messages === 1);
  const names = (await get(server, "/api/rooms")).json.map((/** @type {any} */ room) => room.name);
  const order = names.filter((/** @type {string} */ name) => name.startsWith("order-"));
  assert.deepEqual(order, ["order-b", "order-a", "order-empty"]);
  assert.equal((await get(server, "/api/rooms?limit=1")).json.length, 1);
  assert.equal((await server.request("/api/rooms?limit=many")).json.error.code, "bad_frame");
  await Promise.all(clients.map((client) => client.close()));
});

test("a private room is counted and never named", async () => {
  const history = await status("totalHistory");
  const alice = await Client.join(server, "~hidden-away", "Alice");
  await alice.say("secret");
  await eventually(() => status("totalHistory"), (sum) => sum === history + 1);
  await eventually(() => status("currentClients"), (sum) => sum === 1); // those before have left
  for (const path of ["/api/rooms", "/status", "/metrics"]) assert.ok(!(await get(server, path)).text.includes("hidden-away"), path);
  await alice.close();
});

test("a hundred messages in a burst cost a few reports", async () => {
  const reports = async () => Number((await samples(server)).get("parlor_lobby_reports_total"));
  const alice = await Client.join(server, "burst", "Alice");
  await seesConnections("burst", 1);
  await eventually(() => status("currentClients"), (sum) => sum === 1); // those before have left, and no room but this one reports
  const began = performance.now();
  const before = await reports();
  const sent = Array.from({ length: 100 }, (_, n) => alice.send(`message ${n}`));
  for (const id of sent) await alice.acknowledged(id);
  await eventually(() => listed(server, "burst"), (room) => room?.messages === 100);
  const cost = (await reports()) - before;
  const most = 4 + (performance.now() - began) / REPORT_GAP_MS_MIN;
  assert.ok(cost >= 1 && cost <= most, `${cost} reports, at most ${most}`);
  await alice.close();
});

test("a room that sleeps stays counted, and is not woken for it before its lease is over", async () => {
  const begun = performance.now();
  const alice = await Client.join(server, "sleeper", "Alice");
  await seesConnections("sleeper", 1);
  const wakes = await server.wakes("sleeper");
  await server.evict("sleeper");
  assert.equal((await listed(server, "sleeper"))?.connections, 1);
  const wakesSoon = await server.wakes("sleeper");
  if (performance.now() - begun < LEASE_MS) assert.equal(wakesSoon, wakes, "its lease is not over");
  await eventually(() => server.wakes("sleeper"), (now) => (void get(server, "/api/rooms"), now > wakes));
  assert.equal((await listed(server, "sleeper"))?.connections, 1, "asked, it says that she is still there");
  await alice.say("still here");
  await alice.close();
  await seesConnections("sleeper", 0);
});

/** Runs a test on a server of its own, whose lobby was quiet before. @param {(server: import("./harness.js").Server) => Promise<void>} run */
async function onItsOwn(run) {
  const own = await startServer({ vars: { LOBBY_LEASE_MS: String(LEASE_MS) } });
  try {
    await run(own);
  } finally {
    await own.close();
  }
}

/** A lobby that was quiet writes what it is told at once, and within a second or two what it is told then. */
const written = () => new Promise((resolve) => setTimeout(resolve, 3_000));

test("a lobby thrown out of memory knows what it knew", () => onItsOwn(async (own) => {
  const alice = await Client.join(own, "remembered", "Alice");
  await alice.say("hello");
  const isTold = (/** @type {any} */ room) => room?.connections === 1 && room.messages === 1;
  await eventually(() => listed(own, "remembered"), isTold);
  await written();
  const before = await samples(own);
  await own.evictLobby();
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // the Worker looks again
  const after = await samples(own);
  for (const name of ["parlor_messages_total", "parlor_connections", "parlor_connections_opened_total", "parlor_lobby_reports_total"]) {
    assert.ok(Number(after.get(name)) > 0 && Number(after.get(name)) >= Number(before.get(name)), name);
  }
  assert.ok(isTold(await listed(own, "remembered")));
  await alice.close();
}));

test("rooms killed with workerd drop out soon, or say who is back", () => onItsOwn(async (own) => {
  const count = async () => (await get(own, "/status")).json.currentClients;
  const rooms = ["dies", "comes-back", "~dies-in-private"];
  const [, bob] = await Promise.all(rooms.map((room) => Client.join(own, room, "Bob")));
  await eventually(count, (sum) => sum === rooms.length);
  await written();
  await own.kill();
  assert.equal(await count(), rooms.length, "the lobby knows no better yet");
  const back = await Client.join(own, "comes-back", "Bob", bob?.resume);
  await eventually(count, (sum) => sum === 1);
  assert.equal((await listed(own, "dies"))?.connections, 0);
  assert.equal((await listed(own, "comes-back"))?.connections, 1);
  await back.close();
}));

test("metrics are OpenMetrics, and count what happened", async () => {
  const before = await samples(server);
  const [alice, bob] = [await Client.join(server, "counted", "Alice"), await Client.join(server, "counted", "Bob")];
  await alice.say("one");
  await fence(alice, bob);
  alice.writeRaw("not json");
  await alice.next("error");
  const rose = (/** @type {Map<string, number>} */ now, /** @type {string} */ name) => (now.get(name) ?? 0) - (before.get(name) ?? 0);
  const now = await eventually(() => samples(server), (now) =>
    rose(now, 'parlor_refusals_total{code="bad_frame"}') === 1 && rose(now, "parlor_messages_total") === 2 &&
    now.get('parlor_room_connections{room="counted"}') === 2);
  assert.equal(rose(now, "parlor_connections_opened_total"), 2);
  assert.ok(rose(now, "parlor_fanout_frames_total") >= 4, "two messages to two people");
  assert.ok(rose(now, "parlor_batch_size_count") >= 2);
  assert.ok(rose(now, "parlor_batch_size_sum") >= 4, "two joined and two messages");
  assert.ok(Number(now.get("parlor_storage_bytes")) > 0);
  assert.ok(Number(now.get("parlor_room_wakes_total")) > 0);
  assert.ok(Number(now.get("parlor_lobby_rows_written_total")) <= Number(now.get("parlor_lobby_reports_total")), "a row a report at most");

  const answer = await get(server, "/metrics");
  assert.equal(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
  assert.ok(answer.text.endsWith("# EOF\n"));
  const families = await parseOpenMetrics(answer.text);
  assert.deepEqual(families["parlor_batch_size"], "histogram");
  assert.deepEqual(families["parlor_messages"], "counter");
  assert.deepEqual(families["parlor_storage_bytes"], "gauge");
  await Promise.all([alice.close(), bob.close()]);
});

test("what is dropped without a word in a dialect is counted as refused", async () => {
  const count = async () => (await samples(server)).get('parlor_refusals_total{code="text_too_long"}') ?? 0;
  const before = await count();
  const eve = await Chatter.connect(server, "counted-drops", "text");
  eve.say("x".repeat(2_001));
  await eventually(count, (now) => now === before + 1);
  await eve.close();
});

test("the reader of metrics is strict", async () => {
  await assert.rejects(parseOpenMetrics("# TYPE a counter\na 1\n# EOF\n"));
  await assert.rejects(parseOpenMetrics("# TYPE a gauge\na 1\n"));
});

test("several lobbies tell as one does", async () => {
  const shared = await startServer({ vars: { LOBBIES: "4" } });
  try {
    const clients = [];
    for (let n = 0; n < 8; n++) clients.push(await Client.join(shared, `room-${n}`, "Alice"));
    const { json } = await eventually(() => get(shared, "/api/rooms"), ({ json }) => json.length === 8);
    assert.ok(json.every((/** @type {any} */ room) => room.connections === 1));
    assert.equal((await get(shared, "/status")).json.currentClients, 8);
  } finally {
    await shared.close();
  }
});
