// @ts-check
/** Everyone sees what was said: as it was sent, in the same order, without gaps. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/** @typedef {import("./client.js").Frame} Frame */

/** Asserts that these are the room's messages from `first` to `last`, in order. @param {Frame[]} log @param {number} first @param {number} last */
function assertContiguous(log, first, last) {
  const expected = Array.from({ length: last - first + 1 }, (_, n) => n + first);
  assert.deepEqual(log.map((message) => message.seq), expected);
}

test("a message reaches everyone, its sender too, in one and the same form", async () => {
  const alice = await Client.join(server, "form", "Alice");
  const bob = await Client.join(server, "form", "Bob");
  const before = Date.now();
  const echo = await alice.say("hello", { id: "an id of 64 ASCII characters~!@#$%^&*()_+{}|:<>?`-=[]\\;',./ 01" });
  const { sent_at, ...rest } = echo;
  assert.deepEqual(rest, {
    type: "message",
    seq: 1,
    id: "an id of 64 ASCII characters~!@#$%^&*()_+{}|:<>?`-=[]\\;',./ 01",
    from: alice.you,
    text: "hello",
  });
  assert.ok(Number.isInteger(sent_at) && sent_at >= before - 1_000 && sent_at <= Date.now() + 1_000, String(sent_at));
  assert.deepEqual(await bob.next("message"), echo);
});

for (const [what, text] of Object.entries({
  "white space around it": "  \n hello \t",
  "several lines": "one\ntwo\r\n\nthree",
  "decomposed letters": "Zoe\u0308",
  emoji: "\u{1F469}\u200d\u{1F680} \u{1F1E8}\u{1F1ED}",
  "right-to-left script": "\u05e9\u05dc\u05d5\u05dd \u202bx\u202c",
  "what HTML and JSON escape": `<b>&amp;</b> "quoted" \\ / ' \u2028 \u0001`,
  "a NUL": "a\u0000b",
})) {
  test(`a text with ${what} arrives and is stored as sent`, async () => {
    const room = `text-${what.replaceAll(/[^a-z]/gi, "-")}`;
    const alice = await Client.join(server, room, "Alice");
    const bob = await Client.join(server, room, "Bob");
    assert.equal((await alice.say(text)).text, text);
    assert.equal((await bob.next("message")).text, text);
    const carol = await Client.join(server, room, "Carol");
    assert.deepEqual(carol.welcome.messages.map((/** @type {Frame} */ message) => message.text), [text]);
  });
}

test("a reply carries the seq it answers, live and stored", async () => {
  const alice = await Client.join(server, "replies", "Alice");
  const question = await alice.say("who?");
  assert.ok(!("reply_to" in question));
  const reply = await alice.say("me", { reply_to: question.seq });
  assert.equal(reply.reply_to, 1);
  const bob = await Client.join(server, "replies", "Bob");
  assert.deepEqual(bob.welcome.messages, [question, reply]);
});

test("fields that the server doesn't know are ignored", async () => {
  const alice = await Client.join(server, "unknown-fields", "Alice");
  alice.write({ type: "send", id: "1", text: "hello", from: { id: 99 }, seq: 7, colour: "red", _from: 3 });
  const echo = await alice.acknowledged("1");
  assert.deepEqual([echo.seq, echo.from], [1, alice.you]);
  assert.ok(!("colour" in echo) && !("_from" in echo));
});

test("ten who talk at once are heard by all in one order, without gaps", async () => {
  const room = "crowd";
  const EACH = 30;
  const names = Array.from({ length: 10 }, (_, n) => `Speaker ${n}`);
  const speakers = await Promise.all(names.map((name) => Client.join(server, room, name)));
  const listeners = await Promise.all(["A", "B", "C"].map((name) => Client.join(server, room, name)));
  const acknowledgements = speakers.map(async (speaker) => {
    const ids = Array.from({ length: EACH }, (_, n) => speaker.send(`${speaker.you.name}: ${n}`));
    for (const id of ids) await speaker.acknowledged(id); // in the order in which they were sent
  });
  const late = await Client.join(server, room, "Late"); // in the midst of it
  await Promise.all(acknowledgements);
  await fence(speakers[0] ?? late, ...speakers, ...listeners, late);

  const total = names.length * EACH + 1;
  const [listener] = listeners;
  for (const client of [...speakers, ...listeners]) {
    assertContiguous(client.log, 1, total);
    assert.deepEqual(client.log, listener?.log);
  }
  assertContiguous(late.log, Number(late.log[0]?.seq), total);
  assert.equal(late.welcome.messages.at(-1)?.seq ?? 0, late.welcome.head);
});

test("who joins in the midst of a flood has no gap between the welcome and what follows", async () => {
  const room = "flood";
  const alice = await Client.join(server, room, "Alice");
  const joiners = [];
  for (let n = 0; n < 20; n++) {
    for (let m = 0; m < 10; m++) alice.send(`${n}.${m}`);
    joiners.push(Client.join(server, room, `Joiner ${n}`));
  }
  const clients = await Promise.all(joiners);
  await fence(alice, ...clients);
  for (const client of clients) {
    assertContiguous(client.log, Number(client.log[0]?.seq), 201);
    assert.equal(client.welcome.messages.at(-1)?.seq ?? 0, client.welcome.head);
  }
});
