// @ts-check
/** Changing one's name and showing that one types: both reach everyone, their author too. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

test("a new name reaches everyone and every tab, and stays", async () => {
  const alice = await Client.join(server, "rename", "Alice");
  const tab = await Client.join(server, "rename", "Alice", { session: alice.welcome.session });
  const bob = await Client.join(server, "rename", "Bob");
  alice.write({ type: "rename", name: "  Zoe\u0308 " });
  const expected = { type: "renamed", member: { ...alice.you, name: "Zo\u00eb" }, member_count: 2 };
  for (const client of [alice, tab, bob]) assert.deepEqual(await client.next("renamed"), expected);
  assert.equal((await alice.say("hello")).from.name, "Zo\u00eb");
  assert.equal((await tab.say("hello from my other tab")).from.name, "Zo\u00eb");
  const carol = await Client.join(server, "rename", "Carol");
  const names = carol.welcome.members.map((/** @type {any} */ member) => member.name).sort();
  assert.deepEqual(names, ["Bob", "Carol", "Zo\u00eb"]);
});

test("what was said before keeps the name of that time", async () => {
  const alice = await Client.join(server, "old-names", "Alice");
  await alice.say("as Alice");
  alice.write({ type: "rename", name: "Zoe" });
  await alice.next("renamed");
  await alice.say("as Zoe");
  const bob = await Client.join(server, "old-names", "Bob");
  const lines = bob.welcome.messages.map((/** @type {any} */ message) => `${message.from.name} ${message.text}`);
  assert.deepEqual(lines, ["Alice as Alice", "Zoe as Zoe"]);
});

test("typing reaches everyone, with nothing more than who and whether", async () => {
  const alice = await Client.join(server, "typing", "Alice");
  const tab = await Client.join(server, "typing", "Alice", { session: alice.welcome.session });
  const bob = await Client.join(server, "typing", "Bob");
  for (const on of [true, false]) {
    alice.write({ type: "typing", on });
    for (const client of [alice, tab, bob]) {
      assert.deepEqual(await client.next("typing"), { type: "typing", member: { id: alice.you.id }, on });
    }
  }
});

test("typing and renaming leave nothing in the history", async () => {
  const alice = await Client.join(server, "traces", "Alice");
  alice.write({ type: "typing", on: true });
  alice.write({ type: "rename", name: "Alicia" });
  await alice.next("renamed");
  assert.equal((await alice.say("first")).seq, 1);
});

test("a room that slept tells of typing and renaming as before", async () => {
  const alice = await Client.join(server, "slept", "Alice");
  const bob = await Client.join(server, "slept", "Bob");
  await server.evict("slept");
  alice.write({ type: "typing", on: true });
  assert.equal((await bob.next("typing")).member.id, alice.you.id);
  await server.evict("slept");
  alice.write({ type: "rename", name: "Alicia" });
  assert.equal((await bob.next("renamed")).member_count, 2);
  await fence(alice, bob);
});
