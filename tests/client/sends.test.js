// @ts-check
// What becomes of a send: stored once, in order, or refused with a reason.

import assert from "node:assert/strict";
import test from "node:test";
import { Refused } from "../../public/client/refused.js";
import { ADA, message, openRoom } from "./fake-room.js";

/** A stored message of one's own. @param {number} seq @param {string} id */
const own = (seq, id) => message(seq, { id, from: ADA });

/** Ids and codes of what failed. @param {ReturnType<typeof openRoom>} room */
const failures = (room) => room.events("failed").map(([send, why]) => [send.id, why.code]);

/** Ids that went out on the newest socket. @param {ReturnType<typeof openRoom>} room */
const sentIds = (room) => room.sent("send").map(({ id }) => id);

test("a send made before the welcome goes out after it", () => {
  const room = openRoom();
  const { id, status } = room.client.send("early");
  assert.match(id, /^[\w-]{22}$/);
  assert.equal(status, "pending");
  room.welcome();
  assert.deepEqual(room.sent("send"), [{ type: "send", id, text: "early" }]);
});

test("a send is pending, then sent, and its promise has the stored message", async () => {
  const room = openRoom();
  room.welcome();
  const send = room.client.send("hello", { replyTo: 3 });
  assert.deepEqual(room.events("pending"), [[send]]);
  assert.deepEqual(room.client.unsent, [send]);
  room.say(own(1, send.id));
  assert.equal(send.status, "sent");
  assert.deepEqual(room.client.unsent, []);
  assert.deepEqual(room.events("sent"), [[send, own(1, send.id)]]);
  assert.deepEqual(room.eventNames.slice(-2), ["message", "sent"]);
  assert.deepEqual(await send.stored, own(1, send.id));
});

test("sends one at a time, the next once the one before is acknowledged", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("first", { id: "a" });
  room.client.send("second", { id: "b", replyTo: 3 });
  assert.deepEqual(sentIds(room), ["a"]);
  room.say({ type: "batch", frames: [own(1, "a")] });
  assert.deepEqual(room.sent("send")[1], { type: "send", id: "b", text: "second", reply_to: 3 });
});

test("an id given again is the same send", () => {
  const room = openRoom();
  assert.equal(room.client.send("first", { id: "a" }), room.client.send("first", { id: "a" }));
  assert.equal(room.client.unsent.length, 1);
});

test("somebody else's message with the same id acknowledges nothing", () => {
  const room = openRoom();
  room.welcome();
  const send = room.client.send("mine", { id: "1" });
  room.say(message(1, { id: "1" }));
  assert.equal(send.status, "pending");
  room.say(own(2, "1"));
  assert.equal(send.status, "sent");
});

test("repeats an unacknowledged send with its id after a reconnect", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("hello", { id: "a" });
  room.reconnect({ recovered: true });
  assert.deepEqual(room.sent("send"), [{ type: "send", id: "a", text: "hello" }]);
  room.say(own(1, "a"));
  room.reconnect({ recovered: true, head: 1 });
  assert.deepEqual(sentIds(room), []);
});

test("does not repeat a send that the welcome shows to be stored", () => {
  for (const recovered of [true, false]) {
    const room = openRoom();
    room.welcome();
    const send = room.client.send("hello");
    room.reconnect({ recovered, head: 1, messages: [own(1, send.id)] });
    assert.deepEqual(sentIds(room), []);
    assert.equal(send.status, "sent");
  }
});

test("the old message that answers a repeated send acknowledges it, and is not shown again", () => {
  const room = openRoom();
  room.welcome();
  const send = room.client.send("hello");
  room.reconnect({ head: 900, messages: [message(900)] });
  room.say(own(3, send.id));
  assert.equal(send.status, "sent");
  assert.deepEqual(room.seqs, []);
});

test("no echo within 10 s: sends the same again, and gives up after five tries", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("hello", { id: "a" });
  room.client.send("next", { id: "b" });
  for (let tries = 1; tries <= 5; tries += 1) {
    assert.equal(sentIds(room).filter((id) => id === "a").length, tries);
    assert.deepEqual(failures(room), []);
    room.clock.pass(5_000);
    room.say({ type: "pong" }); // the connection itself is alive
    room.clock.pass(5_000);
  }
  assert.deepEqual(failures(room), [["a", "no_answer"]]);
  assert.equal(sentIds(room).at(-1), "b");
});

test("rate_limited: waits as told, sends the same id again, in order", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("one", { id: "a" });
  room.client.send("two", { id: "b" });
  for (let refusals = 1; refusals <= 30; refusals += 1) {
    room.say({ type: "error", code: "rate_limited", message: "Slow down.", temporary: true, retry_after_ms: 400, id: "a" });
    room.clock.pass(399);
    assert.equal(sentIds(room).length, refusals);
    room.clock.pass(1);
  }
  assert(sentIds(room).every((id) => id === "a"));
  room.say(own(1, "a"));
  assert.equal(sentIds(room).at(-1), "b");
  assert.deepEqual(failures(room), []);
});

test("a send refused for good fails with the reason, the next one goes on", async () => {
  const room = openRoom();
  room.welcome();
  const send = room.client.send("x", { id: "a" });
  room.client.send("y", { id: "b" });
  room.say({ type: "error", code: "id_conflict", message: "No.", temporary: false, id: "a" });
  assert.deepEqual(room.events("failed"), [[send, { code: "id_conflict", message: "No." }]]);
  assert.deepEqual(send.failure, { code: "id_conflict", message: "No." });
  assert.deepEqual(room.events("error"), [], "the sender of a line is told once");
  assert.equal(sentIds(room).at(-1), "b");
  await assert.rejects(send.stored, (why) => why instanceof Refused && why.code === "id_conflict");
});

test("what failed is kept until it is sent after all, behind the others, or discarded", async () => {
  const room = openRoom();
  room.welcome();
  const send = room.client.send("x", { id: "a" });
  room.client.send("y", { id: "b" });
  room.say({ type: "error", code: "empty_text", message: "No.", temporary: false, id: "a" });
  assert.equal(room.client.retry("a"), send);
  assert.equal(room.client.retry("a"), undefined, "it is on its way already");
  assert.equal(send.status, "pending");
  assert.deepEqual(room.client.unsent.map(({ id }) => id), ["b", "a"]);
  room.say(own(1, "b"));
  room.say({ type: "error", code: "empty_text", message: "No.", temporary: false, id: "a" });
  room.client.discard("a");
  room.client.discard("a");
  assert.deepEqual(room.client.unsent, []);
  await assert.rejects(send.stored);
});

test("a line that is discarded on its way makes room for the next", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("x", { id: "a" });
  room.client.send("y", { id: "b" });
  room.client.discard("a");
  assert.deepEqual(sentIds(room), ["a", "b"]);
  room.say(own(1, "a")); // too late to call back
  room.say(own(2, "b"));
  assert.deepEqual(room.seqs, [1, 2]);
  assert.deepEqual(room.client.unsent, []);
});

test("a line that fails the room again and again is given up", () => {
  const room = openRoom({ random: () => 0 });
  room.client.send("poison", { id: "a" });
  for (let faults = 1; faults <= 5; faults += 1) {
    room.welcome();
    assert.equal(sentIds(room).length, 1);
    room.drop(1011);
    room.clock.pass(0);
  }
  assert.deepEqual(failures(room), [["a", "no_answer"]]);
  room.welcome();
  assert.deepEqual(sentIds(room), []);
});

test("a line that the storage refuses again and again fails with that reason", () => {
  const room = openRoom({ random: () => 0 });
  room.client.send("hello", { id: "a" });
  for (let refusals = 1; refusals <= 5; refusals += 1) {
    room.welcome();
    assert.deepEqual(sentIds(room), ["a"]);
    room.say({ type: "error", code: "not_stored", message: "Not stored.", temporary: true, id: "a" });
    room.drop(1011); // the same refusal once more, not another
    room.clock.pass(0);
  }
  assert.deepEqual(failures(room), [["a", "not_stored"]]);
});

test("a frame over the server's limit is refused here: sent, it would end the connection", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("é".repeat(40_000), { id: "a" });
  room.client.send("short", { id: "b" });
  assert.deepEqual(sentIds(room), ["b"]);
  assert.deepEqual(failures(room), [["a", "text_too_long"]]);
});

test("a listener that hangs up when a line fails leaves the next line for the next connection", () => {
  const room = openRoom();
  room.client.send("é".repeat(40_000), { id: "a" });
  room.client.send("short", { id: "b" });
  room.client.on("failed", () => room.client.offline());
  room.welcome();
  assert.deepEqual(sentIds(room), []);
  room.client.online();
  room.welcome();
  assert.deepEqual(sentIds(room), ["b"]);
});

test("where the connection ended for good, sends fail instead of waiting for ever", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("x", { id: "a" });
  room.drop(4403);
  room.client.send("y", { id: "b" });
  assert.deepEqual(failures(room), [["a", "disconnected"], ["b", "disconnected"]]);
});

test("close() tells who waits for a send", async () => {
  const room = openRoom();
  const send = room.client.send("x");
  room.client.close();
  await assert.rejects(send.stored, { code: "closed" });
});

test("a line that waited for more than a day is offered as failed, and sent when asked for", () => {
  const room = openRoom();
  const send = room.client.send("yesterday");
  room.client.offline();
  room.clock.pass(24 * 3_600_000 + 1);
  room.client.online();
  room.welcome();
  assert.deepEqual(sentIds(room), []);
  assert.equal(send.failure?.code, "expired");
  room.client.retry(send.id);
  assert.deepEqual(sentIds(room), [send.id]);
});

test("who is muted, locked out or made to wait for long is told at once; the lines behind go on", () => {
  for (const why of [{ code: "muted", retry_after_ms: 5_000 }, { code: "room_locked" }, { code: "rate_limited", retry_after_ms: 60_001 }]) {
    const room = openRoom();
    room.welcome();
    room.client.send("first", { id: "a" });
    room.client.send("second", { id: "b" });
    room.say({ type: "error", message: "no", temporary: true, id: "a", ...why });
    assert.deepEqual(room.client.unsent.map(({ id, status, failure }) => [id, status, failure?.code]), [["a", "failed", why.code], ["b", "pending", undefined]]);
    assert.deepEqual(room.sent("send").map(({ id }) => id), ["a", "b"]);
  }
});
