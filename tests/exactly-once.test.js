// @ts-check
/** A message that is sent again, for whatever reason, is stored once and answered to its sender alone. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/**
 * Asserts that Alice, who said `original` before, gets the same answer again and Bob nothing.
 * @param {Client} alice @param {Client} bob @param {import("./client.js").Frame} original
 */
async function assertRepeatIsAnswered(alice, bob, original) {
  await fence(alice, bob);
  const seen = bob.frames.length;
  assert.deepEqual(await alice.say(original.text, { id: original.id }), original);
  await fence(alice, bob);
  const news = bob.frames.slice(seen).filter((frame) => frame.type === "message");
  assert.deepEqual(news.map((message) => message.text), ["fence"]);
}

/** The stored texts. @param {string} room */
async function texts(room) {
  const { json } = await server.request(`/api/rooms/${room}/messages?limit=200`);
  return json.messages.map((/** @type {any} */ message) => message.text).filter((/** @type {string} */ text) => text !== "fence");
}

test("a repeat on the same connection", async () => {
  const alice = await Client.join(server, "repeat", "Alice");
  const bob = await Client.join(server, "repeat", "Bob");
  const original = await alice.say("once");
  await assertRepeatIsAnswered(alice, bob, original);
  await assertRepeatIsAnswered(alice, bob, original);
  assert.deepEqual(await texts("repeat"), ["once"]);
});

test("repeats in one breath with the first, before it is answered", async () => {
  const alice = await Client.join(server, "breath", "Alice");
  const bob = await Client.join(server, "breath", "Bob");
  for (let n = 0; n < 5; n++) alice.send("once", { id: "same" });
  await alice.acknowledged("same"); // one answer may serve for those that were on their way together
  await fence(alice, bob);
  assert.ok(alice.log.every((message) => message.id !== "same" || message.seq === 1));
  assert.deepEqual(bob.log.map((message) => message.text), ["once", "fence"]);
});

test("a repeat after a reconnect by session", async () => {
  const alice = await Client.join(server, "reconnect", "Alice");
  const bob = await Client.join(server, "reconnect", "Bob");
  const original = await alice.say("once");
  alice.vanish();
  const back = await Client.join(server, "reconnect", "Alice", alice.resume);
  await assertRepeatIsAnswered(back, bob, original);
  assert.deepEqual(await texts("reconnect"), ["once"]);
});

test("a repeat from a second connection of the same member answers that one", async () => {
  const alice = await Client.join(server, "tabs", "Alice");
  const tab = await Client.join(server, "tabs", "Alice", { session: alice.welcome.session });
  const original = await alice.say("once");
  await tab.next("message");
  await assertRepeatIsAnswered(tab, alice, original);
});

test("a repeat after the room's object was evicted", async () => {
  const alice = await Client.join(server, "evicted", "Alice");
  const bob = await Client.join(server, "evicted", "Bob");
  const original = await alice.say("once");
  await server.evict("evicted");
  await assertRepeatIsAnswered(alice, bob, original);
  assert.deepEqual(await texts("evicted"), ["once"]);
});

test("the same id with another text is a conflict, and nothing is stored", async () => {
  const alice = await Client.join(server, "conflict", "Alice");
  const bob = await Client.join(server, "conflict", "Bob");
  await alice.say("one", { id: "x" });
  alice.send("two", { id: "x" });
  const error = await alice.next("error");
  assert.deepEqual([error.code, error.id, error.temporary], ["id_conflict", "x", false]);
  await fence(alice, bob);
  await server.evict("conflict");
  alice.send("three", { id: "x" });
  assert.equal((await alice.next("error")).code, "id_conflict");
  assert.deepEqual(await texts("conflict"), ["one"]);
});

test("the same id from another member is another message", async () => {
  const alice = await Client.join(server, "two-members", "Alice");
  const bob = await Client.join(server, "two-members", "Bob");
  await alice.say("hello", { id: "1" });
  assert.equal((await bob.say("hello", { id: "1" })).seq, 2);
  const eve = await Client.join(server, "two-members", "Alice"); // the same name, yet somebody else
  assert.equal((await eve.say("hello", { id: "1" })).seq, 3);
});

test("ids are remembered for the newest 1,000 messages, awake and woken", async () => {
  const room = "thousand";
  const alice = await Client.join(server, room, "Alice");
  const original = await alice.say("message 1", { id: "1" });
  for (let n = 2; n <= 1_000; n++) alice.send(`message ${n}`, { id: String(n) });
  await alice.acknowledged("1000");
  assert.deepEqual(await alice.say("message 1", { id: "1" }), original);
  await server.evict(room);
  assert.deepEqual(await alice.say("message 1", { id: "1" }), original);
  assert.equal((await alice.say("next")).seq, 1_001);
});

test("a repeat after workerd was killed and started again", async () => {
  const alice = await Client.join(server, "killed", "Alice");
  const original = await alice.say("once");
  await server.kill();
  await alice.closed();
  const back = await Client.join(server, "killed", "Alice", alice.resume);
  const bob = await Client.join(server, "killed", "Bob");
  await assertRepeatIsAnswered(back, bob, original);
  assert.deepEqual(await texts("killed"), ["once"]);
});
