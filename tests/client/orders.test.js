// @ts-check
// What moderators ask for and reports: promises that the room's records and refusals settle, in order.

import assert from "node:assert/strict";
import test from "node:test";
import { ADA, BO, openRoom } from "./fake-room.js";

/** @param {string} action @param {{ id: number, name: string }} [by] */
const record = (action, by = ADA) => ({ type: "record", at: 1_700_000_000_000, action, by });
/** @param {string} code */
const refusal = (code) => ({ type: "error", code, message: "no", temporary: false });

test("an order is done once its own record comes; the records of others are not it", async () => {
  const room = openRoom();
  room.welcome();
  let isDone = false;
  const done = room.client.moderate({ type: "delete", seq: 7 }).then((answer) => ((isDone = true), answer));
  room.say(record("delete", BO));
  room.say(record("mute"));
  await Promise.resolve();
  assert.equal(isDone, false);
  room.say(record("delete"));
  assert.equal((await done).action, "delete");
  assert.equal(room.events("record").length, 3, "all of them are told");
});

test("answers come in the order of the questions, refusals too, and page and name keep theirs", async () => {
  const room = openRoom();
  room.welcome();
  const gone = room.client.moderate({ type: "delete", seq: 99 });
  const lock = room.client.moderate({ type: "lock", on: true });
  const report = room.client.report(3, "rude");
  const page = room.client.history();
  room.say(refusal("unknown_message"));
  room.say(record("lock"));
  room.say({ type: "reported", seq: 3 });
  room.say({ type: "history", messages: [], more: false });
  await assert.rejects(gone, { code: "unknown_message" });
  assert.equal((await lock).action, "lock");
  assert.equal((await report).seq, 3);
  await page;
  assert.deepEqual(room.events("error"), []);
  room.say(refusal("forbidden"));
  assert.equal(room.events("error").length, 1, "nothing waits for it any more");
});

test("a rate is refused to whoever asked first: another name or an order", async () => {
  const room = openRoom();
  room.welcome();
  const order = room.client.moderate({ type: "delete", seq: 1 });
  const name = room.client.rename("Bo");
  const report = room.client.report(2, "rude");
  room.say(refusal("rate_limited"));
  await assert.rejects(order, { code: "rate_limited" });
  room.say(refusal("rate_limited"));
  await assert.rejects(name, { code: "rate_limited" });
  room.say(refusal("text_too_long"));
  await assert.rejects(report, { code: "text_too_long" });
  const named = room.client.rename("Cy");
  const lock = room.client.moderate({ type: "lock", on: true });
  room.say(refusal("forbidden"));
  await assert.rejects(named, { code: "forbidden" }, "the token names one");
  room.say(record("lock"));
  await lock;
  assert.deepEqual(room.events("error"), []);
});

test("what has no answer is told so: after ten seconds, when the connection is cut, and without one", async () => {
  const room = openRoom();
  await assert.rejects(room.client.moderate({ type: "clear" }), { code: "disconnected" });
  room.welcome();
  const silent = room.client.report(1, "");
  room.clock.pass(10_000);
  await assert.rejects(silent, { code: "no_answer" });
  const cut = room.client.moderate({ type: "clear" });
  room.drop(1006);
  await assert.rejects(cut, { code: "disconnected" });
});

test("what was on its way when a relay lost its room is told so, in its place", async () => {
  const room = openRoom();
  room.welcome();
  const ends = [room.client.moderate({ type: "clear" }), room.client.report(3, "rude"), room.client.moderate({ type: "lock", on: true })];
  for (let n = 0; n < 2; n++) room.say({ ...refusal("no_answer"), temporary: true });
  room.say(record("lock"));
  const codes = (await Promise.allSettled(ends)).map((end) => (end.status === "rejected" ? end.reason.code : end.value.type));
  assert.deepEqual(codes, ["no_answer", "no_answer", "record"]);
  assert.deepEqual(room.events("error"), []);
});
