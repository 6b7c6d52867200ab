// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { TypingSignal } from "../../public/page/typing-signal.js";
import { FakeClock } from "../client/fake-clock.js";

function signal() {
  const clock = new FakeClock();
  /** @type {[number, boolean][]} */
  const told = [];
  const start_ms = clock.now();
  const typing = new TypingSignal(clock, (on) => void told.push([clock.now() - start_ms, on]));
  return { clock, told, typing };
}

test("keys struck all the time tell it every 3 s and no oftener", () => {
  const { clock, told, typing } = signal();
  for (let i = 0; i < 100; i += 1) {
    typing.typed();
    clock.pass(100);
  }
  assert.deepEqual(told.map(([at_ms]) => at_ms), [0, 3_000, 6_000, 9_000]);
});

test("5 s without a key, or an emptied line, tell that it is over, once", () => {
  const { clock, told, typing } = signal();
  typing.typed();
  clock.pass(60_000);
  typing.stopped();
  assert.deepEqual(told, [[0, true], [5_000, false]]);
});

test("writing on right after a line was sent is told as soon as it may", () => {
  const { clock, told, typing } = signal();
  typing.typed();
  clock.pass(1_000);
  typing.stopped();
  typing.typed();
  clock.pass(3_000);
  assert.deepEqual(told, [[0, true], [1_000, false], [3_000, true]]);
});
