// @ts-check
// What was not read: counted, and divided from what was.
import assert from "node:assert/strict";
import test from "node:test";
import { Timeline } from "../../public/page/timeline.js";
import { Unread } from "../../public/page/unread.js";
import { message } from "../client/fake-room.js";

const YOU = message(1).from.id + 1;

/** A room with these messages, entered by who had read up to `seen`. @param {number} from @param {number} to @param {number | undefined} seen @param {number} [you] */
function enter(from, to, seen, you = YOU) {
  const timeline = new Timeline();
  timeline.reset({ messages: Array.from({ length: to - from + 1 }, (_, i) => message(from + i)), more: from > 1 });
  const unread = new Unread();
  unread.enter(seen, timeline, you);
  return unread;
}

test("who is here for the first time, or has read all, has nothing unread", () => {
  for (const seen of [undefined, 20, 25]) {
    const unread = enter(11, 20, seen);
    assert.deepEqual([unread.mark, unread.count], [undefined, 0]);
  }
  assert.deepEqual([enter(1, 0, 0).mark, enter(1, 0, 0).count], [undefined, 0], "an empty room");
});

test("who comes back finds the first line that was not read, loaded or not", () => {
  assert.deepEqual([enter(11, 20, 15).mark, enter(11, 20, 15).count], [16, 5]);
  assert.deepEqual([enter(11, 20, 4).mark, enter(11, 20, 4).count], [5, 16]);
  assert.deepEqual([enter(11, 20, 15, YOU - 1).mark, enter(11, 20, 15, YOU - 1).count], [undefined, 0], "one's own lines");
});

test("what comes while one looks is read; otherwise it is counted and divided once", () => {
  const unread = enter(1, 5, 5);
  unread.arrive(6, true);
  assert.deepEqual([unread.mark, unread.count], [undefined, 0]);
  unread.arrive(7, false);
  unread.arrive(8, false);
  assert.deepEqual([unread.mark, unread.count], [7, 2]);
  unread.look(8);
  assert.deepEqual([unread.mark, unread.count, unread.seen], [7, 0, 8], "the divider stays while one reads");
  unread.arrive(9, true);
  assert.equal(unread.mark, 7);
  unread.arrive(10, false);
  assert.deepEqual([unread.mark, unread.count], [10, 1]);
  unread.speak();
  assert.equal(unread.mark, undefined);
});
