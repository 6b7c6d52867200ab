// @ts-check
// What stands between the messages, and that the order of what was shown never changes.
import assert from "node:assert/strict";
import test from "node:test";
import { Asides } from "../../public/page/asides.js";
import { Comings } from "../../public/page/comings.js";
import { Timeline } from "../../public/page/timeline.js";
import { message } from "../client/fake-room.js";

/** @param {string} id @param {"pending" | "failed"} status @returns {any} */
const send = (id, status = "pending") => ({ id, status });
/** @param {number} id @param {string} name */
const member = (id, name) => ({ id, name, color: "#777777" });

/** @param {Asides} asides @param {Timeline} timeline */
const keys = (asides, timeline) => asides.entries(timeline, [0, timeline.messages.length]).map(({ key }) => key.replace("message ", ""));

test("pending lines stand last; one that is refused stays where it was said while others are stored", () => {
  const asides = new Asides();
  const timeline = new Timeline();
  timeline.append(message(1));
  const [a, b] = [send("a"), send("b")];
  asides.settle([a, b], timeline.head);
  assert.deepEqual(keys(asides, timeline), ["1", "send a", "send b"]);
  a.status = "failed";
  asides.settle([a, b], timeline.head);
  assert.deepEqual(keys(asides, timeline), ["1", "send a", "send b"]);
  timeline.append(message(2)); // which is b
  asides.settle([a], timeline.head);
  assert.deepEqual(keys(asides, timeline), ["1", "send a", "2"]);
  a.status = "pending"; // said anew
  asides.settle([a], timeline.head);
  assert.deepEqual(keys(asides, timeline), ["1", "2", "send a"]);
  asides.settle([], timeline.head);
  assert.deepEqual(keys(asides, timeline), ["1", "2"]);
});

test("a part of the messages has the asides between them, the last part what is pending", () => {
  const asides = new Asides();
  const timeline = new Timeline();
  asides.settle([send("first", "failed")], timeline.head);
  for (const seq of [1, 2, 3]) {
    timeline.append(message(seq));
    asides.comings(seq, Comings).joins(member(seq, `m${seq}`));
  }
  asides.settle([send("first", "failed"), send("p")], timeline.head); // another object: placed anew
  assert.deepEqual(asides.entries(timeline, [0, 1]).map(({ key }) => key), ["message 1"]);
  assert.deepEqual(asides.entries(timeline, [1, 3]).map(({ key }) => key), ["message 2", "note 2", "message 3", "note 3", "send first", "send p"]);
});

test("comings are folded until somebody speaks", () => {
  const asides = new Asides();
  const timeline = new Timeline();
  for (const [id, name] of ["Ada", "Bo", "Cy", "Di"].entries()) asides.comings(timeline.head, Comings).joins(member(id, name));
  assert.deepEqual(keys(asides, timeline), ["note 1"]);
  timeline.append(message(1));
  asides.comings(timeline.head, Comings).leaves(member(9, "Ed"));
  assert.deepEqual(keys(asides, timeline), ["note 1", "1", "note 2"]);
});

test("a note says who came, went and took another name, and nothing of who came back", () => {
  const comings = new Comings();
  const told = () => String(comings).replace(/[⁨⁩]/g, "");
  assert.equal(told(), "");
  comings.joins(member(1, "Ada"));
  assert.equal(told(), "Ada joined");
  comings.joins(member(2, "Bo"));
  assert.equal(told(), "Ada and Bo joined");
  comings.joins(member(3, "Cy"));
  comings.joins(member(4, "Di"));
  assert.equal(told(), "Ada and 3 others joined");
  comings.leaves(member(5, "Ed"));
  assert.equal(told(), "Ada and 3 others joined · Ed left");
  for (const id of [1, 2, 3, 4]) comings.leaves(member(id, "x"));
  comings.joins(member(5, "Ed"));
  assert.equal(told(), "");
  assert.ok(comings.isEmpty);
  comings.renames(member(6, "Fay"), "Fred");
  comings.renames(member(6, "Flo"), "Fay");
  assert.equal(told(), "Fred is now Flo");
  comings.renames(member(6, "Fred"), "Flo");
  assert.ok(comings.isEmpty);
  comings.joins(member(7, "Gus"));
  comings.renames(member(7, "Guy"), "Gus");
  assert.equal(told(), "Guy joined");
});

test("a note in which nothing is left is not shown", () => {
  const asides = new Asides();
  const timeline = new Timeline();
  asides.comings(0, Comings).joins(member(1, "Ada"));
  asides.comings(0, Comings).leaves(member(1, "Ada"));
  assert.deepEqual(keys(asides, timeline), []);
});
