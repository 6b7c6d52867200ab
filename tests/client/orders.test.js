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
