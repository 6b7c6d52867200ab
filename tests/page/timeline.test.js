// @ts-check
// The messages that the page holds: without gaps, whatever page of history comes when.

import assert from "node:assert/strict";
import test from "node:test";
import { Timeline } from "../../public/page/timeline.js";
import { message } from "../client/fake-room.js";

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));

/** A timeline with these messages. @param {number} from @param {number} to */
function timelineOf(from, to) {
  const timeline = new Timeline();
  timeline.reset({ messages: range(from, to), more: from > 1 });
  return timeline;
}

/** @param {Timeline} timeline */
const seqs = (timeline) => timeline.messages.map(({ seq }) => seq);

test("a deleted message keeps its place and says nothing; one that is not here is no matter", () => {
  const timeline = timelineOf(1, 3);
  timeline.redact([2, 9]);
  assert.deepEqual(timeline.messages.map(({ text, deleted }) => [text === "", deleted]), [[false, undefined], [true, true], [false, undefined]]);
  assert.deepEqual(seqs(timeline), [1, 2, 3]);
});

test("begins anew with a reset, goes on with messages", () => {
  const timeline = timelineOf(1, 2);
  timeline.append(message(3));
  assert.deepEqual(seqs(timeline), [1, 2, 3]);
  timeline.reset({ messages: range(437, 500), more: true });
  assert.equal(timeline.messages.length, 64);
  assert.equal(timeline.more, true);
});

test("pages of history come in front, overlaps once, a page from elsewhere not at all", () => {
  const timeline = timelineOf(8, 10);
  timeline.prepend({ messages: range(5, 8), more: true });
  assert.deepEqual(seqs(timeline), [5, 6, 7, 8, 9, 10]);
  timeline.prepend({ messages: range(1, 2), more: false });
  assert.deepEqual(seqs(timeline), [5, 6, 7, 8, 9, 10]);
  assert.equal(timeline.more, true);
  timeline.prepend({ messages: range(5, 6), more: false });
  assert.equal(timeline.more, true, "a page seen before");
  timeline.prepend({ messages: range(1, 4), more: false });
  assert.equal(timeline.more, false);
  assert.equal(timeline.messageAt(3)?.text, "line 3");
});

test("an empty page tells that there is no more", () => {
  const timeline = timelineOf(8, 10);
  timeline.prepend({ messages: [], more: false });
  assert.equal(timeline.more, false);
});

test("trim keeps the newest ten thousand and offers the rest as history", () => {
  const timeline = timelineOf(1, 10_500);
  timeline.trim();
  assert.equal(timeline.messages.length, 10_000);
  assert.deepEqual([timeline.first, timeline.head], [501, 10_500]);
  assert.equal(timeline.more, true);
});

test("an empty room begins before its first message", () => {
  const timeline = new Timeline();
  assert.deepEqual([timeline.first, timeline.head], [1, 0]);
});
