// @ts-check
// What is kept of rooms to be read without a network.
import assert from "node:assert/strict";
import test from "node:test";
import { forgetHistory, historyOf, keepHistory } from "../../public/page/kept-history.js";
import { message } from "../client/fake-room.js";
import { fakeStorage } from "./fake-storage.js";

const messages = Array.from({ length: 80 }, (_, n) => message(n + 1));

test("the newest fifty of a room are kept, until it is forgotten", () => {
  fakeStorage();
  assert.equal(historyOf("tea"), undefined);
  keepHistory("tea", { at_ms: 1, messages });
  assert.deepEqual(historyOf("tea")?.messages.map(({ seq }) => seq), Array.from({ length: 50 }, (_, n) => n + 31));
  forgetHistory("tea");
  assert.equal(historyOf("tea"), undefined);
});

test("of more than twelve rooms the one kept longest ago goes", () => {
  fakeStorage();
  for (let n = 0; n < 13; n++) keepHistory(`room-${n}`, { at_ms: 100 - n, messages });
  assert.equal(historyOf("room-12"), undefined);
  assert.ok(historyOf("room-0") && historyOf("room-11"));
});

test("what is no history, or no storage, is none", () => {
  const items = fakeStorage();
  items["parlor.history tea"] = "{";
  assert.equal(historyOf("tea"), undefined);
  Object.defineProperty(globalThis, "localStorage", { get: () => assert.fail("denied"), configurable: true });
  keepHistory("tea", { at_ms: 1, messages });
  forgetHistory("tea");
  assert.equal(historyOf("tea"), undefined);
});
