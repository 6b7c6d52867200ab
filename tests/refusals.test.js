// @ts-check
/**
 * Bad input gets the named error and does nothing else: no other connection notices, nothing is
 * stored, and the one who sent it can go on. (What closes a connection: limits.test.js.)
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/** @typedef {[what: string, frame: object | string | Buffer, code: string]} Row */

const send = (/** @type {object} */ fields) => ({ type: "send", id: "an-id", text: "hello", ...fields });
const json = (/** @type {string} */ text) => text; // marks text that goes out as it stands

/** @type {Row[]} sent by a member */
const TO_MEMBERS = [
  ["no JSON", json("hello"), "bad_frame"],
  ["an empty frame", json(""), "bad_frame"],
  ["white space", json(" \n"), "bad_frame"],
  ["half an object", json(`{"type":"send"`), "bad_frame"],
  ["an object and more", json(`{"type":"ping"} {}`), "bad_frame"],
  ["an array", json("[]"), "bad_frame"],
  ["an array of a frame", json(`[{"type":"ping"}]`), "bad_frame"],
  ["a number", json("1"), "bad_frame"],
  ["null", json("null"), "bad_frame"],
  ["a string", json(`"send"`), "bad_frame"],
  ["deep nesting", json("[".repeat(30_000)), "bad_frame"],
  ["deep nesting in a field", json(`{"type":"send","id":"x","text":${"[".repeat(20_000)}${"]".repeat(20_000)}}`), "bad_frame"],
  ["no type", {}, "bad_frame"],
  ["an unknown type", { type: "fly" }, "bad_frame"],
  ["a type in capitals", { type: "Send", id: "x", text: "hello" }, "bad_frame"],
  ["a type that is no string", { type: 1 }, "bad_frame"],
  ["a server's frame", { type: "welcome" }, "bad_frame"],
  ["a batch", { type: "batch", frames: [] }, "bad_frame"],
  ["send: no id", send({ id: undefined }), "bad_frame"],
  ["send: an empty id", send({ id: "" }), "bad_frame"],
  ["send: an id of 65", send({ id: "x".repeat(65) }), "bad_frame"],
  ["send: an id beyond ASCII", send({ id: "\u00e9" }), "bad_frame"],
  ["send: an id with a control character", send({ id: "a\nb" }), "bad_frame"],
  ["send: an id with DEL", send({ id: "a\u007f" }), "bad_frame"],
  ["send: an id that is a number", send({ id: 7 }), "bad_frame"],
  ["send: no text", send({ text: undefined }), "bad_frame"],
  ["send: a text that is null", send({ text: null }), "bad_frame"],
  ["send: a text that is a number", send({ text: 7 }), "bad_frame"],
  ["send: half a surrogate pair", json(`{"type":"send","id":"x","text":"\\ud83d"}`), "bad_frame"],
  ["send: a reply to a string", send({ reply_to: "1" }), "bad_frame"],
  ["send: a reply to 0", send({ reply_to: 0 }), "bad_frame"],
  ["send: a reply to -1", send({ reply_to: -1 }), "bad_frame"],
  ["send: a reply to 1.5", send({ reply_to: 1.5 }), "bad_frame"],
  ["send: a reply to what isn't there yet", send({ reply_to: 1_000 }), "bad_frame"],
  ["send: a reply beyond all numbers", json(`{"type":"send","id":"x","text":"y","reply_to":1e400}`), "bad_frame"],
  ["send: an empty text", send({ text: "" }), "empty_text"],
  ["send: white space", send({ text: " \t\r\n\u00a0\u3000" }), "empty_text"],
  ["send: only zero-width characters", send({ text: "\u200b\u200d\u2060\ufeff" }), "empty_text"],
  ["send: 2,001 characters", send({ text: "x".repeat(2_001) }), "text_too_long"],
  ["send: 2,001 characters beyond 16 bits", send({ text: "\u{1F600}".repeat(2_001) }), "text_too_long"],
  ["typing: no on", { type: "typing" }, "bad_frame"],
  ["typing: on as a string", { type: "typing", on: "true" }, "bad_frame"],
  ["rename: no name", { type: "rename" }, "bad_frame"],
  ["rename: a number", { type: "rename", name: 5 }, "bad_frame"],
  ["history: both before and after", { type: "history", before: 5, after: 1 }, "bad_frame"],
  ["history: a limit of 0", { type: "history", limit: 0 }, "bad_frame"],
  ["history: a limit of 201", { type: "history", limit: 201 }, "bad_frame"],
  ["history: a limit of -1", { type: "history", limit: -1 }, "bad_frame"],
  ["history: a limit as a string", { type: "history", limit: "5" }, "bad_frame"],
  ["history: before a string", { type: "history", before: "5" }, "bad_frame"],
  ["history: after -1", { type: "history", after: -1 }, "bad_frame"],
  ["history: after 1.5", { type: "history", after: 1.5 }, "bad_frame"],
  ["a second join", { type: "join", name: "Again" }, "bad_frame"],
];

/** @type {[what: string, name: string][]} */
const BAD_NAMES = [
  ["an empty name", ""],
  ["a name of white space", " \t\u3000"],
  ["a zero-width name", "\u200b\u200d"],
  ["a name of 31", "x".repeat(31)],
  ["a name of 31 beyond 16 bits", "\u{1F600}".repeat(31)],
  ["a name with a bell", "a\u0007b"],
  ["a name with a NUL", "a\u0000b"],
  ["a name with a line break", "a\nb"],
  ["a name with a C1 control", "a\u0085b"],
  ["a name with a direction override", "a\u202eb"],
  ["a name with a direction embedding", "a\u202ab"],
  ["a name with a direction isolate", "a\u2066b"],
];

/** @type {Row[]} sent by who has not joined */
const TO_LURKERS = [
  ["no JSON before joining", json("Alice"), "bad_frame"],
  ["send before joining", send({}), "not_joined"],
  ["typing before joining", { type: "typing", on: true }, "not_joined"],
  ["rename before joining", { type: "rename", name: "Bob" }, "not_joined"],
  ["history before joining", { type: "history" }, "not_joined"],
  ["join: no name", { type: "join" }, "bad_frame"],
  ["join: a name that is a number", { type: "join", name: 7 }, "bad_frame"],
  ["join: a session that is a number", { type: "join", name: "Bob", session: 7 }, "bad_frame"],
  ["join: after a number", { type: "join", name: "Bob", after: 7 }, "bad_frame"],
  ["join: after without an epoch", { type: "join", name: "Bob", after: { seq: 1 } }, "bad_frame"],
  ["join: after without a seq", { type: "join", name: "Bob", after: { epoch: "x" } }, "bad_frame"],
  ["join: after a seq of -1", { type: "join", name: "Bob", after: { epoch: "x", seq: -1 } }, "bad_frame"],
  ["join: after a seq of 1.5", { type: "join", name: "Bob", after: { epoch: "x", seq: 1.5 } }, "bad_frame"],
  ...BAD_NAMES.map(([what, name]) => /** @type {Row} */ ([`join: ${what}`, { type: "join", name }, "bad_name"])),
];

/** Sends one bad frame and asserts the one answer. @param {Client} client @param {Row} row */
async function assertRefused(client, [, frame, code]) {
  if (typeof frame === "string" || Buffer.isBuffer(frame)) client.writeRaw(frame);
  else client.write(frame);
  const error = await client.next("error");
  assert.equal(error.code, code, JSON.stringify(error));
  assert.equal(error.temporary, false);
  assert.ok(typeof error.message === "string" && error.message !== "");
  assert.doesNotMatch(error.message, /panicked|\.rs\b|RuntimeError|wasm/, "no internals");
  const isSend = typeof frame === "object" && "type" in frame && frame.type === "send" && "id" in frame;
  if (isSend && code !== "bad_frame") assert.equal(error.id, frame.id, "tells which `send` it answers");
}

const bystander = await Client.join(server, "refusals", "Bystander");
const member = await Client.join(server, "refusals", "Member");
await bystander.next("joined");

/** Asserts that the bystander got nothing but what the member says now. */
async function assertNothingHappened() {
  const seen = bystander.frames.length;
  await fence(member, bystander);
  assert.deepEqual(bystander.frames.slice(seen).map(({ text }) => text), ["fence"]);
  assert.deepEqual(bystander.log.map((message) => message.seq), bystander.log.map((_, n) => n + 1), "nothing stored between");
}

const RENAMES = BAD_NAMES.map(([what, name]) => /** @type {Row} */ ([`rename: ${what}`, { type: "rename", name }, "bad_name"]));
for (const row of [...TO_MEMBERS, ...RENAMES]) {
  test(`${row[0]} gets ${row[2]}`, async () => {
    await assertRefused(member, row);
    await assertNothingHappened();
  });
}

for (const row of TO_LURKERS) {
  test(`${row[0]} gets ${row[2]}, and one can join afterwards`, async () => {
    const seen = bystander.frames.length;
    const lurker = await Client.connect(server, "refusals");
    await assertRefused(lurker, row);
    await fence(member, bystander);
    assert.deepEqual(bystander.frames.slice(seen).map(({ type }) => type), ["message"]);
    await lurker.join("Newcomer");
    await lurker.close();
    await bystander.next("left");
  });
}

test("the longest text and the longest id are accepted", async () => {
  for (const text of ["x".repeat(2_000), "\u{1F600}".repeat(2_000), "e\u0301".repeat(2_000), ` ${"x".repeat(2_000)}\n`]) {
    assert.equal((await member.say(text, { id: "x".repeat(32) + Math.random().toString(36).padEnd(32, "y").slice(0, 32) })).text, text);
  }
});

test("the error of a send tells its id, and the id is free for a better try", async () => {
  member.send("", { id: "better" });
  const error = await member.next("error");
  assert.deepEqual([error.code, error.id], ["empty_text", "better"]);
  assert.equal((await member.say("better", { id: "better" })).text, "better");
});
