// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf } from "../../public/page/dates.js";
import { words } from "../../public/page/words.js";

process.env.TZ = "Europe/Berlin";

test("yesterday is the day before, also where it had 23 hours, or today has 25", () => {
  const at = (/** @type {[number, number, number, number]} */ ...time) => new Date(2026, ...time).getTime();
  const short = at(2, 30, 0, 30); // Sunday the 29th of March had 23
  assert.equal(dayOf(at(2, 29, 12, 0), short), words.yesterday);
  assert.notEqual(dayOf(at(2, 28, 23, 45), short), words.yesterday);
  assert.equal(dayOf(at(2, 30, 0, 1), short), words.today);
  const long = at(9, 25, 23, 45); // Sunday the 25th of October has 25
  assert.equal(dayOf(at(9, 24, 12, 0), long), words.yesterday);
  assert.equal(dayOf(at(9, 25, 0, 1), long), words.today);
  assert.match(dayOf(at(9, 20, 12, 0), long), /20/);
});
