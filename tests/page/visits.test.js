// @ts-check
// How far one has read, across visits.
import assert from "node:assert/strict";
import test from "node:test";
import { keepVisit, visits, visitTo } from "../../public/page/visits.js";
import { fakeStorage } from "./fake-storage.js";

test("each room keeps how far it was read, the latest visit first", () => {
  fakeStorage();
  assert.equal(visitTo("tea"), undefined);
  keepVisit("tea", { epoch: "e", seq: 3 }, 10);
  keepVisit("~x", { epoch: "f", seq: 0 }, 20);
  keepVisit("tea", { epoch: "e", seq: 4 }, 15);
  assert.deepEqual(visitTo("tea"), { epoch: "e", seq: 4, at_ms: 15 });
  assert.deepEqual(visits().map(({ room }) => room), ["~x", "tea"]);
});

test("what is no visit, or no storage, is none", () => {
  const items = fakeStorage();
  items["parlor.seen tea"] = "{";
  assert.equal(visitTo("tea"), undefined);
  assert.deepEqual(visits(), []);
  Object.defineProperty(globalThis, "localStorage", { get: () => assert.fail("denied"), configurable: true });
  assert.equal(visitTo("tea"), undefined);
  keepVisit("tea", { epoch: "e", seq: 1 }, 1);
  assert.deepEqual(visits(), []);
});
