// @ts-check
/** Who is here follows connections: however they begin and end, and whether or not the room slept. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/** Above what a loaded machine needs; `ws` waits 30 s for the answer to its close. */
const CLOSE_MS_MAX = 15_000;

/** Asserts what a newcomer is told of who is here, beside the newcomer. @param {string} room @param {Client[]} present */
async function assertPresent(room, ...present) {
  const newcomer = await Client.join(server, room, "Newcomer");
  const others = newcomer.welcome.members.filter((/** @type {any} */ member) => member.id !== newcomer.you.id);
  const byId = (/** @type {any} */ a, /** @type {any} */ b) => a.id - b.id;
  assert.deepEqual(others.sort(byId), present.map((client) => client.you).sort(byId));
  assert.equal(newcomer.welcome.member_count, present.length + 1);
  await newcomer.close();
  const isNewcomer = (/** @type {import("./client.js").Frame} */ frame) =>
    frame.type === "left" && frame.member.id === newcomer.you.id;
  await Promise.all(present.map((client) => client.next(isNewcomer)));
}

/** The presence frames that a client got. @param {Client} client */
const news = (client) => client.frames.filter(({ type }) => ["joined", "left", "renamed"].includes(type));

test("who joins and who leaves is told to the others", async () => {
  const alice = await Client.join(server, "coming", "Alice");
  const bob = await Client.join(server, "coming", "Bob");
  assert.deepEqual(await alice.next("joined"), { type: "joined", member: bob.you, member_count: 2 });
  const carol = await Client.join(server, "coming", "Carol");
  for (const client of [alice, bob]) {
    const joined = await client.next((frame) => frame.type === "joined" && frame.member.id === carol.you.id);
    assert.equal(joined.member_count, 3);
  }
  await assertPresent("coming", alice, bob, carol);
  await bob.close();
  for (const client of [alice, carol]) {
    const left = await client.next((frame) => frame.type === "left" && frame.member.id === bob.you.id);
    assert.deepEqual(left, { type: "left", member: { id: bob.you.id }, member_count: 2 });
  }
  await assertPresent("coming", alice, carol);
});

test("a member's second connection is not announced; only the end of the last one is", async () => {
  const alice = await Client.join(server, "tabs", "Alice");
  const bob = await Client.join(server, "tabs", "Bob");
  const tab = await Client.join(server, "tabs", "Alice", { session: alice.welcome.session });
  assert.deepEqual(tab.you, alice.you);
  assert.equal(tab.welcome.member_count, 2);
  assert.equal(tab.welcome.members.length, 2);
  await alice.close();
  await fence(tab, bob);
  assert.deepEqual(news(bob), []);
  assert.equal((await bob.say("still here?")).seq, (await tab.next((frame) => frame.text === "still here?")).seq);
  await tab.close();
  assert.deepEqual(await bob.next("left"), { type: "left", member: { id: alice.you.id }, member_count: 1 });
});

test("a connection that has not joined is nobody", async () => {
  const alice = await Client.join(server, "lurkers", "Alice");
  const lurker = await Client.connect(server, "lurkers");
  await assertPresent("lurkers", alice);
  await lurker.close();
  await fence(alice);
  assert.deepEqual(alice.frames.filter(({ type }) => type === "left").length, 1); // the newcomer's
});

/** Ways in which a connection ends. @type {Record<string, (client: Client) => void>} */
const ENDS = {
  "closes in order": (client) => client.socket.close(1000, "bye"),
  "closes without a code": (client) => client.socket.close(),
  "is killed": (client) => client.vanish(),
  "resets the TCP connection": (client) => client.tcp.resetAndDestroy(),
  "closes only its half of the TCP connection": (client) => client.tcp.end(),
  "says close and then neither reads nor closes": (client) => {
    client.tcp.pause();
    client.tcp.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])); // a masked close frame, code 1000
  },
};

for (const [how, end] of Object.entries(ENDS)) {
  test(`a member whose client ${how} has left`, async () => {
    const room = how.replaceAll(" ", "-");
    const alice = await Client.join(server, room, "Alice");
    const bob = await Client.join(server, room, "Bob");
    end(bob);
    assert.deepEqual(await alice.next("left"), { type: "left", member: { id: bob.you.id }, member_count: 1 });
    await assertPresent(room, alice);
    bob.vanish();
    await fence(alice);
    const lefts = news(alice).filter((frame) => frame.type === "left" && frame.member.id === bob.you.id);
    assert.equal(lefts.length, 1, "announced once");
  });

  test(`a member whose client ${how} while the room sleeps has left`, async () => {
    const room = `asleep-${how.replaceAll(" ", "-")}`;
    const alice = await Client.join(server, room, "Alice");
    const bob = await Client.join(server, room, "Bob");
    await server.evict(room);
    end(bob);
    assert.deepEqual(await alice.next("left"), { type: "left", member: { id: bob.you.id }, member_count: 1 });
    await assertPresent(room, alice);
    bob.vanish();
  });
}

for (const [code, reason] of /** @type {[number | undefined, string][]} */ ([[1000, "bye"], [4321, "my own"], [undefined, ""]])) {
  test(`a client that closes with ${code ?? "no code"} sees just that, at once`, async () => {
    const room = `code-${code}`;
    const alice = await Client.join(server, room, "Alice");
    await Client.join(server, room, "Bob");
    const lurker = await Client.connect(server, room);
    for (const client of [alice, lurker]) {
      const started = performance.now();
      assert.deepEqual(await client.close(code, reason), { code: code ?? 1005, reason });
      assert.ok(performance.now() - started < CLOSE_MS_MAX, "the close was answered, not timed out");
    }
  });
}

test("after a sleep everybody is there as before, under the same name and colour", async () => {
  const room = "slept";
  const alice = await Client.join(server, room, "Alice");
  const bob = await Client.join(server, room, "Bob");
  const tab = await Client.join(server, room, "Bob", { session: bob.welcome.session });
  const carol = await Client.join(server, room, "Carol");
  carol.write({ type: "rename", name: "Caroline" });
  carol.welcome.you = (await carol.next("renamed")).member;
  await fence(carol, alice, bob, tab);
  await server.evict(room);
  await assertPresent(room, alice, bob, carol);
  await server.evict(room);
  const from = (await carol.say("I am Caroline")).from;
  assert.deepEqual(from, carol.you);
  await server.evict(room);
  await bob.close();
  await fence(alice, tab, carol);
  assert.ok(!news(alice).some((frame) => frame.member.id === bob.you.id && frame.type === "left"));
  await server.evict(room);
  await tab.close();
  const left = await alice.next((frame) => frame.type === "left" && frame.member.id === bob.you.id);
  assert.equal(left.member_count, 2);
});

test("a room whose sockets were all closed by the platform is empty", async () => {
  const alice = await Client.join(server, "moved", "Alice");
  await server.evict("moved", "close");
  await alice.closed();
  const back = await Client.join(server, "moved", "Alice", { session: alice.welcome.session });
  assert.deepEqual(back.welcome.members, [alice.you]);
  assert.equal(back.welcome.member_count, 1);
});

test("at most 200 members are listed, and all are counted", async () => {
  const room = "full-house";
  const alice = await Client.join(server, room, "Alice");
  await Promise.all(Array.from({ length: 203 }, (_, n) => Client.join(server, room, `Guest ${n}`)));
  const last = await Client.join(server, room, "Last");
  const { members, member_count, you } = last.welcome;
  assert.deepEqual([members.length, member_count], [200, 205]);
  assert.equal(new Set(members.map((/** @type {any} */ member) => member.id)).size, 200);
  assert.equal((await alice.next((frame) => frame.type === "joined" && frame.member.id === you.id)).member_count, 205);
});
