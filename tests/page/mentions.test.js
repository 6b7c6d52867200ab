// @ts-check
// Mentions in texts, and their completion.
import assert from "node:assert/strict";
import test from "node:test";
import { beginning, completions } from "../../public/page/completions.js";
import { findMentions, isMentioned } from "../../public/page/mentions.js";

const NAMES = ["Ada", "Ada Lovelace", "Bo", "Zoë", "محمد", ""];
/** @param {string} text */
const found = (text) => findMentions(text, NAMES).flatMap(({ name }) => name ?? []);

test("finds names behind an @, the longest that fits, in any case", () => {
  assert.deepEqual(found("@Ada: tea?"), ["Ada"]);
  assert.deepEqual(found("(@ada lovelace), @BO!"), ["Ada Lovelace", "Bo"]);
  assert.deepEqual(found("@Zoe and @محمد"), ["Zoë", "محمد"]);
  assert.deepEqual(found("@Bo@Ada"), ["Bo"]);
});

test("finds none in addresses, in longer words, or of who is not known", () => {
  for (const text of ["bo@bo.example", "x@Ada", "@Boris", "@Adam", "@Cy", "@", "@ Ada", "Ada"]) assert.deepEqual(found(text), [], text);
});

test("the parts of a text joined are the text", () => {
  for (const text of ["", "@", "a @Bo b", "@Ada@Ada Lovelace", "😀@Bo", "@Bo\n@Zoë."]) {
    assert.equal(findMentions(text, NAMES).map((part) => part.text).join(""), text);
  }
});

test("tells whether somebody is mentioned", () => {
  assert.ok(isMentioned("ping @bo", "Bo"));
  assert.ok(!isMentioned("ping bo", "Bo"));
  assert.ok(!isMentioned("ping @bob", "Bo"));
});

test("completes what stands behind an @ before the caret", () => {
  assert.equal(beginning("hello @ad"), "ad");
  assert.equal(beginning("@"), "");
  for (const text of ["", "hello", "mail@ad", "@ada ", "@a b"]) assert.equal(beginning(text), undefined, text);
  const members = ["Bo", "Ada", "Ben Abel", "Zoë"].map((name, id) => ({ id, name, color: "" }));
  const names = (/** @type {string} */ start) => completions(start, members).map(({ name }) => name);
  assert.deepEqual(names("a"), ["Ada", "Ben Abel"], "a word of the name, after names that begin so");
  assert.deepEqual(names("B"), ["Bo", "Ben Abel"]);
  assert.deepEqual(names("zoe"), ["Zoë"]);
  assert.deepEqual(names(""), ["Bo", "Ada", "Ben Abel", "Zoë"]);
  assert.deepEqual(names("x"), []);
});
