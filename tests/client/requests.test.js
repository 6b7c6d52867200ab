// @ts-check
// What is asked of a room and answered: pages of history, another name.

import assert from "node:assert/strict";
import test from "node:test";
import { ADA, message, openRoom } from "./fake-room.js";

test("history waits for a connection, asks for one page at a time and answers in order", async () => {
  const room = openRoom();
  const newest = room.client.history();
  const before = room.client.history({ before: 9, limit: 2 });
  room.welcome();
  assert.deepEqual(room.sent("history"), [{ type: "history" }]);
  room.say({ type: "history", messages: [message(9)], more: true });
  assert.deepEqual(room.sent("history")[1], { type: "history", before: 9, limit: 2 });
  room.say({ type: "history", messages: [message(8)], more: false });
  assert.deepEqual(await newest, { messages: [message(9)], more: true });
  assert.deepEqual(await before, { messages: [message(8)], more: false });
});

test("a page that the connection cut off is asked for again", async () => {
  const room = openRoom();
  room.welcome();
  const page = room.client.history({ after: 0 });
  room.reconnect();
  assert.deepEqual(room.sent("history"), [{ type: "history", after: 0 }]);
  room.say({ type: "history", messages: [], more: false });
  assert.deepEqual(await page, { messages: [], more: false });
});

test("a page without an answer costs the connection, and after three tries is given up", async () => {
  const room = openRoom();
  room.welcome();
  const page = room.client.history();
  for (let tries = 1; tries <= 3; tries += 1) {
    assert.equal(room.sockets.length, tries);
    room.clock.pass(10_000);
    assert.equal(room.client.status.phase, "waiting");
    room.clock.pass(room.clock.next_ms ?? 0);
    room.welcome();
  }
  await assert.rejects(page, { code: "no_answer" });
  assert.deepEqual(room.sent("history"), []);
});

test("a page that is refused rejects, the next is asked for", async () => {
  const room = openRoom();
  room.welcome();
  const wrong = room.client.history({ limit: 0 });
  const right = room.client.history();
  room.say({ type: "error", code: "bad_frame", message: "`limit` must be 1 to 200", temporary: false });
  room.say({ type: "history", messages: [], more: false });
  await assert.rejects(wrong, { name: "Refused", code: "bad_frame", message: "`limit` must be 1 to 200" });
  await right;
  assert.deepEqual(room.events("error"), []);
});

test("where the connection ends for good, who waits is told", async () => {
  for (const [end, code] of /** @type {const} */ ([["close", "closed"], ["stop", "disconnected"]])) {
    const room = openRoom();
    const waiting = room.client.history();
    if (end === "close") room.client.close();
    else room.drop(4401);
    await assert.rejects(waiting, { code });
    await assert.rejects(room.client.history(), { code });
    await assert.rejects(room.client.rename("Bo"), { code: "disconnected" });
  }
});

test("rename answers with oneself under the new name", async () => {
  const room = openRoom();
  room.welcome();
  const renamed = room.client.rename(" Countess ");
  assert.deepEqual(room.sent("rename"), [{ type: "rename", name: " Countess " }]);
  room.say({ type: "renamed", member: { ...ADA, name: "Countess" }, member_count: 1 });
  assert.deepEqual(await renamed, { ...ADA, name: "Countess" });
  assert.deepEqual(await room.client.rename("Countess "), { ...ADA, name: "Countess" }, "which the room would not answer");
  assert.equal(room.sent("rename").length, 1);
});

test("a name refused rejects, and is no event", async () => {
  const room = openRoom();
  room.welcome();
  const refused = room.client.rename("x".repeat(31));
  room.say({ type: "error", code: "bad_name", message: "Too long.", temporary: false });
  await assert.rejects(refused, { code: "bad_name" });
  assert.deepEqual(room.events("error"), []);
  assert.equal(room.client.name, "Ada");
});

test("a rename without a connection, or cut off, rejects", async () => {
  const room = openRoom();
  await assert.rejects(room.client.rename("Bo"), { code: "disconnected" });
  room.welcome();
  const cut = room.client.rename("Bo");
  room.drop(1006);
  await assert.rejects(cut, { code: "disconnected" });
});

test("typing goes out when there is a connection, and says so when not", () => {
  const room = openRoom();
  assert.equal(room.client.typing(true), false);
  room.welcome();
  assert.equal(room.client.typing(true), true);
  assert.deepEqual(room.sent("typing"), [{ type: "typing", on: true }]);
});
