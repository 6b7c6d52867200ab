// @ts-check
/** What a joiner is told, and what nobody else is. The server runs with the limits as shipped. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer } from "./harness.js";

const server = await startServer();
after(() => server.close());

/** @param {any} member */
function assertMember(member) {
  assert.ok(Number.isSafeInteger(member.id) && member.id > 0, `id ${member.id}`);
  assert.equal(typeof member.name, "string");
  assert.match(member.color, /^#[0-9a-f]{6}$/i);
}

test("the first one in is welcomed to an empty room", async () => {
  const alice = await Client.connect(server, "empty");
  const welcome = await alice.join("Alice");
  assert.equal(alice.frames[0], welcome, "nothing comes before the welcome");
  const { epoch, session, you, limits, ...rest } = welcome;
  assert.ok(typeof epoch === "string" && epoch !== "");
  assert.ok(typeof session === "string" && session !== "");
  assertMember(you);
  assert.equal(you.name, "Alice");
  assert.deepEqual(rest, {
    type: "welcome",
    protocol: 1,
    room: "empty",
    head: 0,
    members: [you],
    member_count: 1,
    recovered: false,
    messages: [],
    more: false,
  });
  assert.deepEqual(limits, {
    text_chars_max: 2000,
    name_chars_max: 30,
    rate_burst: 10,
    rate_per_second: 2,
    history_limit_max: 200,
    frame_bytes_max: 65_536,
  });
});

test("a second one is told of the first, the room's epoch and what was said", async () => {
  const alice = await Client.join(server, "second", "Alice");
  const said = await alice.say("hello");
  const bob = await Client.join(server, "second", "Bob");
  const { you, epoch, head, members, member_count, messages, more } = bob.welcome;
  assert.notEqual(you.id, alice.you.id);
  assert.equal(epoch, alice.welcome.epoch);
  assert.deepEqual({ head, member_count, messages, more }, { head: 1, member_count: 2, messages: [said], more: false });
  members.forEach(assertMember);
  assert.deepEqual(new Set(members.map((/** @type {any} */ member) => member.name)), new Set(["Alice", "Bob"]));
  const { member } = await alice.next("joined");
  assert.deepEqual(member, you);
});

test("a session is told to nobody else", async () => {
  const alice = await Client.join(server, "secrets", "Alice");
  const bob = await Client.join(server, "secrets", "Bob");
  alice.write({ type: "rename", name: "Alicia" });
  await fence(bob, alice);
  const { session } = bob.welcome;
  assert.notEqual(session, alice.welcome.session);
  assert.ok(!JSON.stringify(alice.frames).includes(session));
  assert.ok(!JSON.stringify(bob.frames).includes(alice.welcome.session));
});

test("nothing is broadcast to a connection before it joins", async () => {
  const alice = await Client.join(server, "before", "Alice");
  const lurker = await Client.connect(server, "before");
  await alice.say("does anybody hear me?");
  alice.write({ type: "typing", on: true });
  alice.write({ type: "rename", name: "Alicia" });
  await alice.next("renamed");
  const welcome = await lurker.join("Bob");
  assert.equal(lurker.frames[0], welcome);
  assert.equal(welcome.head, 1);
});

test("a name is trimmed and composed", async () => {
  const zoe = await Client.join(server, "names", "  Zoe\u0308 \u3000");
  assert.equal(zoe.you.name, "Zo\u00eb");
  const longest = "\u{1F600}".repeat(30);
  assert.equal((await Client.join(server, "names", longest)).you.name, longest);
  const decomposed = "e\u0301".repeat(30); // 60 scalar values as sent, 30 composed
  assert.equal((await Client.join(server, "names", decomposed)).you.name, "\u00e9".repeat(30));
});

test("two of one name are two members", async () => {
  const one = await Client.join(server, "namesakes", "Alice");
  const other = await Client.join(server, "namesakes", "Alice");
  assert.notEqual(one.you.id, other.you.id);
  assert.equal(other.welcome.member_count, 2);
});

test("a session takes the same member up again, with the same colour", async () => {
  const bob = await Client.join(server, "again", "Bob");
  const alice = await Client.join(server, "again", "Alice");
  await alice.close();
  await bob.next("left");
  const back = await Client.join(server, "again", "Alice", { session: alice.welcome.session });
  assert.deepEqual(back.you, alice.you);
  const second = await Client.join(server, "again", "Alice", { session: back.welcome.session });
  assert.deepEqual(second.you, alice.you);
});

test("a session that is not of this room makes a new member, not an error", async () => {
  const elsewhere = await Client.join(server, "elsewhere", "Mallory");
  const alice = await Client.join(server, "here", "Alice");
  for (const session of [elsewhere.welcome.session, "nonsense", "", "a.b.c", `${alice.welcome.session}x`, "\u{1F600}".repeat(500)]) {
    const stranger = await Client.join(server, "here", "Stranger", { session });
    assert.notEqual(stranger.you.id, alice.you.id, session);
    assert.equal(stranger.welcome.member_count, 2);
    await stranger.close();
    await alice.next("left");
  }
});

test("the newest 64 messages come with the welcome, and whether there are more", async () => {
  const room = "sixty-four";
  for (let n = 1; n <= 65; n++) {
    const answer = await server.request(`/api/rooms/${room}/messages`, {
      method: "POST",
      body: { id: `m${n}`, name: `Bot ${n}`, text: `message ${n}` }, // a name each, so no rate is exceeded
    });
    assert.equal(answer.status, 201, answer.text);
    if (n === 64) assert.equal((await Client.join(server, room, "Early")).welcome.more, false);
  }
  const { messages, more, head, recovered } = (await Client.join(server, room, "Late")).welcome;
  assert.deepEqual({ more, head, recovered }, { more: true, head: 65, recovered: false });
  assert.deepEqual(messages.map((/** @type {any} */ m) => m.seq), Array.from({ length: 64 }, (_, n) => n + 2));
});
