// @ts-check
// The fold over a room's frames: each seq once, in order, without a silent gap.

import assert from "node:assert/strict";
import test from "node:test";
import { Timeline } from "../../public/page/timeline.js";
import { ADA, BO, message, welcome } from "./fake-room.js";

const NOW_MS = 1_700_000_000_000;

/** @param {Partial<import("../../public/page/protocol.js").Welcome>} [fields] */
function welcomed(fields) {
  const timeline = new Timeline();
  timeline.fold(welcome(fields), NOW_MS);
  return timeline;
}

/** @param {Timeline} timeline */
const seqs = (timeline) => timeline.messages.map(({ seq }) => seq);

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));

test("begins without a position and has one once welcomed", () => {
  assert.equal(new Timeline().position, undefined);
  assert.deepEqual(welcomed().position, { epoch: "e1", seq: 0 });
  assert.deepEqual(welcomed({ head: 9, messages: range(5, 9) }).position, { epoch: "e1", seq: 9 });
});

test("every frame folded twice gives what it gave once", () => {
  const frames = [
    welcome({ head: 3, messages: range(2, 3), more: true }),
    message(4),
    { type: /** @type {const} */ ("joined"), member: BO, member_count: 2 },
    { type: /** @type {const} */ ("renamed"), member: { ...BO, name: "Bob" }, member_count: 2 },
    { type: /** @type {const} */ ("typing"), member: { id: BO.id }, on: true },
    { type: /** @type {const} */ ("history"), messages: range(1, 1), more: false },
    { type: /** @type {const} */ ("left"), member: { id: BO.id }, member_count: 1 },
  ];
  const once = new Timeline();
  const twice = new Timeline();
  for (const frame of frames) {
    once.fold(frame, NOW_MS);
    twice.fold(frame, NOW_MS);
    twice.fold(frame, NOW_MS);
    twice.generation = once.generation;
    assert.deepEqual(twice, once);
    assert.deepEqual(twice.typists(NOW_MS), once.typists(NOW_MS));
  }
});

test("a seq seen before is ignored", () => {
  const timeline = welcomed({ head: 2, messages: range(1, 2) });
  assert.deepEqual(timeline.fold(message(2, { text: "again" }), NOW_MS), { gap: false });
  assert.deepEqual(timeline.messages.map(({ text }) => text), ["line 1", "line 2"]);
});

test("a gap is reported and nothing behind it is shown", () => {
  const timeline = welcomed({ head: 2, messages: range(1, 2) });
  assert.deepEqual(timeline.fold(message(4), NOW_MS), { gap: true });
  assert.deepEqual(seqs(timeline), [1, 2]);
  assert.deepEqual(timeline.position, { epoch: "e1", seq: 2 }, "what is asked for next");
});

test("a resume appends exactly what was missed and keeps what was there", () => {
  const timeline = welcomed({ head: 2, messages: range(1, 2) });
  const { generation } = timeline;
  const resume = welcome({ head: 4, recovered: true, messages: range(3, 4), members: [ADA, BO], member_count: 2 });
  assert.deepEqual(timeline.fold(resume, NOW_MS), { gap: false });
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4]);
  assert.equal(timeline.generation, generation);
  assert.equal(timeline.member_count, 2);
});

test("a resume with a hole is no resume: the next join asks for a snapshot", () => {
  for (const hole of [
    { head: 5, messages: range(4, 5) },
    { head: 5, messages: range(3, 4) },
  ]) {
    const timeline = welcomed({ head: 2, messages: range(1, 2) });
    assert.deepEqual(timeline.fold(welcome({ ...hole, recovered: true }), NOW_MS), { gap: true });
    assert.equal(timeline.position, undefined);
  }
});

test("not recovered: resets to the snapshot rather than show a gap", () => {
  const timeline = welcomed({ head: 2, messages: range(1, 2) });
  const { generation } = timeline;
  timeline.fold(welcome({ head: 500, messages: range(437, 500), more: true }), NOW_MS);
  assert.equal(timeline.messages[0]?.seq, 437);
  assert.equal(timeline.messages.length, 64);
  assert.equal(timeline.more, true);
  assert.notEqual(timeline.generation, generation);
});

test("another epoch resets, lower seqs and all", () => {
  const timeline = welcomed({ head: 50, messages: range(1, 50) });
  timeline.fold(welcome({ epoch: "e2", head: 1, messages: range(1, 1) }), NOW_MS);
  assert.deepEqual(seqs(timeline), [1]);
  assert.deepEqual(timeline.position, { epoch: "e2", seq: 1 });
});

test("pages of history come in front, overlaps once, a page from elsewhere not at all", () => {
  const timeline = welcomed({ head: 10, messages: range(8, 10), more: true });
  timeline.fold({ type: "history", messages: range(5, 8), more: true }, NOW_MS);
  assert.deepEqual(seqs(timeline), [5, 6, 7, 8, 9, 10]);
  timeline.fold({ type: "history", messages: range(1, 2), more: false }, NOW_MS);
  assert.deepEqual(seqs(timeline), [5, 6, 7, 8, 9, 10]);
  assert.equal(timeline.more, true);
  timeline.fold({ type: "history", messages: range(1, 4), more: false }, NOW_MS);
  assert.equal(timeline.more, false);
  assert.equal(timeline.messageAt(3)?.text, "line 3");
});

test("an empty page tells that there is no more", () => {
  const timeline = welcomed({ head: 10, messages: range(8, 10), more: true });
  timeline.fold({ type: "history", messages: [], more: false }, NOW_MS);
  assert.equal(timeline.more, false);
});

test("trim keeps the newest thousand and offers the rest as history", () => {
  const timeline = welcomed({ head: 1_500, messages: range(1, 1_500) });
  timeline.trim();
  assert.equal(timeline.messages.length, 1_000);
  assert.equal(timeline.messages[0]?.seq, 501);
  assert.equal(timeline.more, true);
});

test("a line of one's own is pending, then a message, never both", () => {
  const timeline = welcomed();
  timeline.say({ id: "mine", text: "hello", said_at: NOW_MS });
  assert.equal(timeline.pending.length, 1);
  timeline.fold(message(1, { id: "mine", from: ADA }), NOW_MS);
  assert.equal(timeline.pending.length, 0);
  assert.deepEqual(seqs(timeline), [1]);
});

test("a stored line too old to show still ends its waiting", () => {
  const timeline = welcomed({ head: 2, messages: range(1, 2) });
  timeline.say({ id: "mine", text: "hello", said_at: NOW_MS });
  timeline.fold(welcome({ head: 900, messages: range(837, 900), more: true }), NOW_MS);
  assert.equal(timeline.pending.length, 1);
  timeline.fold(message(3, { id: "mine", from: ADA }), NOW_MS);
  assert.equal(timeline.pending.length, 0);
  assert.equal(timeline.messages.length, 64);
});

test("a refused line stays until retried or discarded", () => {
  const timeline = welcomed();
  timeline.say({ id: "a", text: "one", said_at: NOW_MS });
  timeline.say({ id: "b", text: "two", said_at: NOW_MS });
  timeline.fail("a", { code: "text_too_long", message: "Too long." });
  assert.equal(timeline.pending[0]?.failure?.code, "text_too_long");
  assert.deepEqual(timeline.retry("a"), { id: "a", text: "one", said_at: NOW_MS });
  timeline.discard("a");
  assert.deepEqual(timeline.pending.map(({ id }) => id), ["b"]);
});

test("typing ends with a message, with leaving, with `on: false`, or after 6 s", () => {
  /** @type {import("../../public/page/protocol.js").Frame[]} */
  const endings = [message(1), { type: "left", member: { id: 2 }, member_count: 1 }, { type: "typing", member: { id: 2 }, on: false }];
  for (const ending of endings) {
    const timeline = welcomed({ members: [ADA, BO] });
    timeline.fold({ type: "typing", member: { id: 2 }, on: true }, NOW_MS);
    assert.deepEqual(timeline.typists(NOW_MS), [BO]);
    timeline.fold(ending, NOW_MS);
    assert.deepEqual(timeline.typists(NOW_MS), []);
  }
  const timeline = welcomed({ members: [ADA, BO] });
  timeline.fold({ type: "typing", member: { id: 2 }, on: true }, NOW_MS);
  assert.equal(timeline.typingEnds(), NOW_MS + 6_000);
  assert.deepEqual(timeline.typists(NOW_MS + 5_999), [BO]);
  assert.deepEqual(timeline.typists(NOW_MS + 6_000), []);
  timeline.expireTyping(NOW_MS + 6_000);
  assert.equal(timeline.typingEnds(), undefined);
});

test("one's own typing, told back by the room, is not shown", () => {
  const timeline = welcomed();
  timeline.fold({ type: "typing", member: { id: ADA.id }, on: true }, NOW_MS);
  assert.deepEqual(timeline.typists(NOW_MS), []);
});

test("one's own rename from another tab changes `you`", () => {
  const timeline = welcomed();
  timeline.fold({ type: "renamed", member: { ...ADA, name: "Countess" }, member_count: 1 }, NOW_MS);
  assert.equal(timeline.you?.name, "Countess");
  assert.equal(timeline.members.get(ADA.id)?.name, "Countess");
});
