// @ts-check
// Lines that are not known to be stored survive the page: sent once by the next one, by nobody else.

import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "./fake-clock.js";
import { ADA, BO, FakeStore, message, openRoom, welcome } from "./fake-room.js";

const DAY_MS = 24 * 3_600_000;

/** @param {ReturnType<typeof openRoom>} room */
const sentTexts = (room) => room.sent("send").map(({ text }) => text);

/** @param {ReturnType<typeof openRoom>} room */
const unsent = (room) => room.client.unsent.map(({ text, status, failure }) => [text, failure?.code ?? status]);

/** Acknowledges what is in flight. @param {ReturnType<typeof openRoom>} room @param {number} seq @param {string} [id] */
const acknowledge = (room, seq, id = room.sent("send").at(-1).id) => room.say(message(seq, { id, from: ADA }));

test("lines said without a connection are there after a reload, and sent once, in order, under the same ids", () => {
  const store = new FakeStore();
  const before = openRoom({ store });
  const ids = ["one", "two", "three"].map((text) => before.client.send(text, { replyTo: 7 }).id);

  const after = openRoom({ store });
  assert.deepEqual(after.client.unsent.map(({ id, replyTo, status }) => [id, replyTo, status]), ids.map((id) => [id, 7, "pending"]));
  assert.deepEqual(after.events("pending"), []);
  after.welcome();
  for (const seq of [1, 2, 3]) acknowledge(after, seq);
  assert.deepEqual(after.sent("send").map(({ id }) => id), ids);
  assert.deepEqual(store.texts, []);
  const later = openRoom({ store });
  later.welcome();
  assert.deepEqual(later.sent("send"), []);
});

test("a reload takes the same member up, and repeats what may have been sent with its id", () => {
  const store = new FakeStore();
  const before = openRoom({ store });
  before.welcome();
  const { id } = before.client.send("hello");

  const after = openRoom({ store });
  after.welcome();
  assert.equal(after.sent("join")[0].session, "session-1");
  assert.deepEqual(after.sent("send"), [{ type: "send", id, text: "hello" }]);
});

test("what the welcome shows to be stored is not repeated after a reload", () => {
  const store = new FakeStore();
  const before = openRoom({ store });
  before.welcome();
  const { id } = before.client.send("hello");

  const after = openRoom({ store });
  after.welcome({ head: 1, messages: [message(1, { id, from: ADA })] });
  assert.deepEqual(after.sent("send"), []);
  assert.deepEqual(store.texts, []);
});

test("another member does not repeat what may have been sent: it is offered as failed", () => {
  for (const other of [{ you: BO }, { epoch: "e2" }]) {
    const store = new FakeStore();
    const before = openRoom({ store });
    before.welcome();
    before.client.send("tried");
    before.client.send("not tried");

    const after = openRoom({ store });
    after.welcome(other);
    assert.deepEqual(sentTexts(after), ["not tried"]);
    assert.deepEqual(unsent(after), [["tried", "maybe_sent"], ["not tried", "pending"]]);
    after.client.retry(after.client.unsent[0]?.id ?? "");
    after.say(message(1, { id: after.sent("send")[0].id, from: other.you ?? ADA }));
    assert.deepEqual(sentTexts(after), ["not tried", "tried"], "who asks for it knows");
    after.reconnect(other);
    assert.deepEqual(sentTexts(after), ["tried"], "and is not asked again");
  }
});

test("as another member, the message of the one before still acknowledges its line", () => {
  const store = new FakeStore();
  const before = openRoom({ store });
  before.welcome();
  const { id } = before.client.send("tried");

  const after = openRoom({ store });
  after.welcome({ you: BO, head: 1, messages: [message(1, { id, from: ADA })] });
  assert.deepEqual(unsent(after), []);
  assert.deepEqual(after.events("failed"), []);
});

test("two tabs of one member: either sends the line, under one id; both know when it is stored", () => {
  const store = new FakeStore();
  const first = openRoom({ store });
  first.welcome();
  const { id } = first.client.send("hello");
  const second = openRoom({ store });
  second.welcome();
  assert.deepEqual(second.sent("send"), first.sent("send"));
  for (const tab of [first, second]) acknowledge(tab, 1, id);
  assert.deepEqual(unsent(first), []);
  assert.deepEqual(unsent(second), []);
  assert.deepEqual(store.texts, []);
});

test("two tabs that became two members: the one that comes second asks before it repeats a line", () => {
  const store = new FakeStore();
  const first = openRoom({ store });
  first.client.send("hello");
  const second = openRoom({ store }); // has the line too, before anybody tried it
  first.socket.onopen?.({});
  second.socket.onopen?.({});
  first.say(welcome());
  second.say(welcome({ you: { ...BO, name: "Ada" }, session: "session-2" }));
  assert.deepEqual(sentTexts(first), ["hello"]);
  assert.deepEqual(sentTexts(second), []);
  assert.deepEqual(unsent(second), [["hello", "maybe_sent"]]);
});

test("two tabs say lines at once: neither overwrites the other's", () => {
  const store = new FakeStore();
  const first = openRoom({ store });
  const second = openRoom({ store });
  first.client.send("from the first");
  second.client.send("from the second");
  assert.deepEqual(openRoom({ store }).client.unsent.length, 2);
});

test("another name, room or server has another outbox", () => {
  const store = new FakeStore();
  openRoom({ store, name: "Ada" }).client.send("mine");
  for (const other of [{ name: "Ada B" }, { name: "A" }, { url: "https://parlor.example/te" }, { url: "https://parlor.example:8443/tea" }]) {
    const room = openRoom({ store, ...other });
    assert.deepEqual(room.client.unsent, []);
    assert.equal(room.client.session, undefined);
  }
  assert.equal(openRoom({ store, name: " Ada ", url: "wss://parlor.example/tea?token=t#x" }).client.unsent.length, 1);
});

test("who is renamed takes session and outbox along", () => {
  const store = new FakeStore();
  const before = openRoom({ store });
  before.welcome();
  before.client.send("hello");
  before.say({ type: "renamed", member: { ...ADA, name: "Countess: A" }, member_count: 1 });
  assert.deepEqual(openRoom({ store }).client.unsent, []);
  const after = openRoom({ store, name: "Countess: A" });
  assert.equal(after.client.session, "session-1");
  assert.equal(after.client.unsent.length, 1);
});

test("who is renamed in two tabs brings nothing back that was sent in between", () => {
  const store = new FakeStore();
  const countess = { type: "renamed", member: { ...ADA, name: "Countess" }, member_count: 1 };
  const first = openRoom({ store });
  first.welcome();
  const { id } = first.client.send("hello");
  const second = openRoom({ store });
  second.welcome();
  first.say(countess);
  acknowledge(first, 1, id);
  second.say(countess);
  assert.deepEqual(store.texts, []);
});

test("no name and id run together with another name and id", () => {
  const store = new FakeStore();
  openRoom({ store, name: "Ada" }).client.send("one", { id: "B x" });
  openRoom({ store, name: "Ada B" }).client.send("two", { id: "x" });
  assert.deepEqual(store.texts, ["one", "two"]);
});

test("what failed is offered again after a reload, until discarded", () => {
  const store = new FakeStore();
  const before = openRoom({ store });
  before.welcome();
  before.client.send("no good", { id: "a" });
  before.say({ type: "error", code: "text_too_long", message: "Too long.", temporary: false, id: "a" });

  const after = openRoom({ store });
  after.welcome();
  assert.deepEqual(unsent(after), [["no good", "text_too_long"]]);
  assert.deepEqual(after.sent("send"), []);
  after.client.discard("a");
  assert.deepEqual(store.texts, []);
});

test("close() leaves what is pending for the next run", () => {
  const store = new FakeStore();
  const before = openRoom({ store });
  before.client.send("later");
  before.client.close();
  assert.deepEqual(unsent(openRoom({ store })), [["later", "pending"]]);
});

test("a line older than a day is not sent silently, whichever way the clock went", () => {
  for (const [days, expected] of /** @type {const} */ ([[0.9, "pending"], [1.1, "expired"], [-1.1, "expired"]])) {
    const store = new FakeStore();
    const clock = new FakeClock();
    openRoom({ store, clock }).client.send("hello");
    const later = new FakeClock();
    later.pass(days * DAY_MS);
    const room = openRoom({ store, clock: later });
    assert.deepEqual(unsent(room), [["hello", expected]]);
    room.welcome();
    assert.equal(room.sent("send").length, expected === "pending" ? 1 : 0);
  }
});

test("a store that denies, is full or holds rubbish costs no more than what it would keep", () => {
  const denied = /** @type {any} */ (new Proxy({}, { get: () => { throw new Error("denied"); } }));
  const rubbish = new FakeStore();
  rubbish.setItem("parlor.send parlor.example/tea Ada x", "{");
  rubbish.setItem("parlor.send parlor.example/tea Ada y", '{"id":"z","text":5}');
  for (const store of [denied, rubbish, null]) {
    const room = openRoom({ store });
    assert.deepEqual(room.client.unsent, []);
    room.welcome();
    const send = room.client.send("hello");
    acknowledge(room, 1);
    assert.equal(send.status, "sent");
  }
});

test("without a page and without a store nothing is kept", () => {
  openRoom().client.send("hello");
  assert.deepEqual(openRoom().client.unsent, []);
});
