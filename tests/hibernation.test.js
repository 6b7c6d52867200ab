// @ts-check
/**
 * A quiet room sleeps and its sockets stay. That it slept is seen from workerd making its object
 * anew (`wakes`), not supposed.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer } from "./harness.js";

const server = await startServer({ watched: true });
after(() => server.close());

/** workerd puts an object to sleep 10 s after its last event. */
const IDLE_MS = 10_000;
/** For the quickest of several; alone it is some 20 ms, and 250 ms is the promise. */
const WAKE_MS_MAX = 1_000;

/** Has Alice say something to a sleeping room, and measures until Bob sees it. @param {Client} alice @param {Client} bob @param {string} text */
async function measure(alice, bob, text) {
  const started = performance.now();
  alice.send(text);
  const message = await bob.next((frame) => frame.text === text);
  return { message, ms: performance.now() - started };
}

test("a message to a sleeping room reaches the others, soon", async (t) => {
  const room = "asleep";
  const alice = await Client.join(server, room, "Alice");
  const bob = await Client.join(server, room, "Bob");
  await alice.say("before");
  const times = [];
  for (let round = 1; round <= 5; round++) {
    const wakes = await server.wakes(room);
    await server.evict(room);
    const { message, ms } = await measure(alice, bob, `after sleep ${round}`);
    assert.equal(await server.wakes(room), wakes + 1, "it slept");
    assert.deepEqual([message.seq, message.from], [round + 1, alice.you]);
    times.push(ms);
  }
  t.diagnostic(`from send to delivery through a sleeping room: ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  assert.ok(Math.min(...times) < WAKE_MS_MAX, `${times}`);
  assert.ok(alice.isOpen && bob.isOpen);
});

test("a room left alone falls asleep by itself, keeps its sockets and wakes as it was", async (t) => {
  const room = "left-alone";
  const alice = await Client.join(server, room, "Alice");
  const bob = await Client.join(server, room, "Bob");
  const carol = await Client.join(server, room, "Carol");
  carol.write({ type: "rename", name: "Caroline" });
  await bob.next("renamed");
  await fence(alice, bob, carol);
  assert.equal(await server.wakes(room), 1);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS + 2_000)); // the platform's time, and some for a busy machine
  const { message, ms } = await measure(alice, bob, "good morning");
  assert.equal(await server.wakes(room), 2, "it slept");
  t.diagnostic(`from send to delivery after ${IDLE_MS / 1_000} s idle: ${ms.toFixed(0)} ms`);
  assert.equal(message.seq, 2);
  const dave = await Client.join(server, room, "Dave");
  assert.equal(dave.welcome.member_count, 4);
  const names = dave.welcome.members.map((/** @type {any} */ member) => member.name).sort();
  assert.deepEqual(names, ["Alice", "Bob", "Caroline", "Dave"]);
  assert.deepEqual(dave.log.map(({ text }) => text), ["fence", "good morning"]);
});

test("a ping is answered without waking the room; any other spelling wakes it", async () => {
  const room = "ping";
  const alice = await Client.join(server, room, "Alice");
  await server.evict(room);
  const wakes = await server.wakes(room);
  for (let n = 0; n < 5; n++) {
    alice.writeRaw('{"type":"ping"}');
    assert.deepEqual(await alice.next("pong"), { type: "pong" });
  }
  assert.equal(await server.wakes(room), wakes);
  alice.writeRaw('{ "type": "ping" }');
  assert.deepEqual(await alice.next("pong"), { type: "pong" });
  assert.equal(await server.wakes(room), wakes + 1);
});

test("a ping is answered before joining, too", async () => {
  const lurker = await Client.connect(server, "ping-unjoined");
  lurker.writeRaw('{"type":"ping"}');
  assert.deepEqual(await lurker.next("pong"), { type: "pong" });
});

test("a page view, the API's refusals and an illegal name wake nobody", async () => {
  await server.request("/viewed");
  await server.request("/api/rooms/viewed/nothing");
  await server.request("/api/rooms/-viewed");
  await server.upgrade("/viewed?dialect=klingon");
  assert.equal(await server.wakes("viewed"), 0);
  assert.equal(server.logs.filter((line) => line.includes("viewed")).length, 0);
});
