// @ts-check
// Which messages are on the page: few, in one piece, where the eye is.
import assert from "node:assert/strict";
import test from "node:test";
import { Slice } from "../../public/page/slice.js";
import { Timeline } from "../../public/page/timeline.js";
import { message } from "../client/fake-room.js";

/** @param {number} from @param {number} to */
function timelineOf(from, to) {
  const timeline = new Timeline();
  timeline.reset({ messages: Array.from({ length: to - from + 1 }, (_, i) => message(from + i)), more: from > 1 });
  return timeline;
}

/** The seqs of the first and the last one shown. @param {Slice} slice @param {Timeline} timeline */
function shown(slice, timeline) {
  const [from, to] = slice.range(timeline);
  return [timeline.messages[from]?.seq, timeline.messages[to - 1]?.seq];
}

test("a short room is shown whole, also when older and newer lines come", () => {
  const slice = new Slice();
  const timeline = timelineOf(11, 20);
  slice.fit(timeline, Infinity);
  assert.deepEqual(shown(slice, timeline), [11, 20]);
  timeline.append(message(21));
  timeline.prepend({ messages: Array.from({ length: 10 }, (_, i) => message(1 + i)), more: false });
  slice.fit(timeline, 15);
  assert.deepEqual(shown(slice, timeline), [1, 21]);
  assert.ok(slice.showsFirst(timeline) && slice.showsLast(timeline));
});

test("an empty room shows nothing, and what comes", () => {
  const slice = new Slice();
  const timeline = new Timeline();
  slice.fit(timeline, Infinity);
  assert.deepEqual(slice.range(timeline), [0, 0]);
  timeline.append(message(1));
  assert.deepEqual(shown(slice, timeline), [1, 1]);
});

test("who follows has the newest 300", () => {
  const slice = new Slice();
  const timeline = timelineOf(1, 1_000);
  slice.fit(timeline, Infinity);
  assert.deepEqual(shown(slice, timeline), [701, 1_000]);
  timeline.append(message(1_001));
  slice.fit(timeline, Infinity);
  assert.deepEqual(shown(slice, timeline), [702, 1_001]);
  assert.ok(!slice.showsFirst(timeline) && slice.showsLast(timeline));
});

test("scrolling up and down through 10,000 lines shows each, never more than 300, always the eye", () => {
  const slice = new Slice();
  const timeline = timelineOf(1, 10_000);
  slice.fit(timeline, Infinity);
  const seen = new Set();
  let eye = 10_000;
  const step = (/** @type {() => void} */ move) => {
    move();
    slice.fit(timeline, eye);
    const [from, to] = slice.range(timeline);
    assert.ok(to - from <= 300 && from <= eye - 1 && to > eye - 1, `${eye} in ${from}..${to}`);
    timeline.messages.slice(from, to).forEach(({ seq }) => seen.add(seq));
  };
  while (eye > 1) {
    eye = Math.max(1, eye - 20);
    step(() => (slice.range(timeline)[0] > eye - 40 ? slice.up(timeline) : undefined));
  }
  assert.equal(seen.size, 10_000);
  assert.ok(slice.showsFirst(timeline) && !slice.showsLast(timeline));
  while (eye < 10_000) {
    eye = Math.min(10_000, eye + 20);
    step(() => (slice.range(timeline)[1] < eye + 40 ? slice.down() : undefined));
  }
  assert.ok(slice.showsLast(timeline));
});

test("new lines do not take away what one reads, wherever that is", () => {
  for (const eye of [705, 850, 1_000]) {
    const slice = new Slice();
    const timeline = timelineOf(1, 1_000);
    slice.fit(timeline, Infinity);
    for (let seq = 1_001; seq <= 2_000; seq += 1) {
      timeline.append(message(seq));
      slice.fit(timeline, eye);
      const [from = 0, to = 0] = shown(slice, timeline);
      assert.ok(from <= eye && to >= eye && to - from < 300, `${eye} in ${from}..${to}`);
    }
    assert.ok(!slice.showsLast(timeline));
    slice.toEnd(timeline);
    assert.deepEqual(shown(slice, timeline), [1_901, 2_000]);
  }
});
