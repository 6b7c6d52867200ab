// @ts-check
/** Bots and scripts talk over HTTP: same rooms, same rules, same messages. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer } from "./harness.js";

const server = await startServer();
after(() => server.close());

/** @param {string} room @param {object | string} body @param {Record<string, string>} [headers] */
const post = (room, body, headers) => server.request(`/api/rooms/${room}/messages`, { method: "POST", body, headers });
/** @param {string} room @param {string} [query] */
const page = (room, query = "") => server.request(`/api/rooms/${room}/messages${query}`);
const note = { id: "1", name: "Bot", text: "hello" };

test("a message posted to a room that was never used creates it", async () => {
  assert.equal((await server.request("/api/rooms/created")).status, 404);
  const before = Date.now();
  const answer = await post("created", note);
  assert.equal(answer.status, 201, answer.text);
  assert.match(String(answer.headers["content-type"]), /^application\/json/);
  const { type, from, sent_at, ...rest } = answer.json;
  assert.deepEqual(rest, { seq: 1, id: "1", text: "hello" });
  assert.ok(type === undefined || type === "message");
  assert.ok(Number.isSafeInteger(from.id) && from.id > 0);
  assert.equal(from.name, "Bot");
  assert.match(from.color, /^#[0-9a-f]{6}$/i);
  assert.ok(sent_at >= before - 1_000 && sent_at <= Date.now() + 1_000);
  const about = await server.request("/api/rooms/created");
  assert.equal(about.status, 200);
  assert.deepEqual([about.json.name, about.json.connections, about.json.messages], ["created", 0, 1]);
  assert.ok(about.json.active_at >= before - 1_000);
});

test("a posted message reaches those who are there, and the history", async () => {
  const alice = await Client.join(server, "posted", "Alice");
  const { json } = await post("posted", note);
  const message = await alice.next("message");
  assert.deepEqual({ type: "message", ...json }, message);
  assert.deepEqual((await page("posted")).json.messages, [message]);
  assert.ok(!alice.frames.some(({ type }) => type === "joined"), "a bot is not here, it only speaks");
  assert.equal((await server.request("/api/rooms/posted")).json.connections, 1);
});

test("the same id again is answered 200 with the stored message, and nobody hears it twice", async () => {
  const alice = await Client.join(server, "repeated", "Alice");
  const first = await post("repeated", note);
  const again = await post("repeated", note);
  assert.deepEqual([again.status, again.json], [200, first.json]);
  await server.evict("repeated");
  assert.deepEqual([(await post("repeated", note)).status, (await page("repeated")).json.messages.length], [200, 1]);
  await alice.say("fence");
  assert.equal(alice.log.length, 2);
});

test("the same id with another text is a conflict; from another name it is another message", async () => {
  await post("conflict", note);
  const conflict = await post("conflict", { ...note, text: "other" });
  assert.deepEqual([conflict.status, conflict.json.error.code], [409, "id_conflict"]);
  const other = await post("conflict", { ...note, name: "Other bot" });
  assert.deepEqual([other.status, other.json.seq], [201, 2]);
  assert.notEqual(other.json.from.id, (await page("conflict")).json.messages[0].from.id);
});

test("a bot's id is its own: it does not speak as a person of the same name", async () => {
  const alice = await Client.join(server, "namesake", "Bot");
  const { json } = await post("namesake", note);
  assert.notEqual(json.from.id, alice.you.id);
  assert.equal((await alice.say("hello", { id: note.id })).seq, 2);
});

for (const [what, body, status, code] of /** @type {[string, object | string, number, string][]} */ ([
  ["no JSON", "hello", 400, "bad_frame"],
  ["an empty body", "", 400, "bad_frame"],
  ["an array", "[]", 400, "bad_frame"],
  ["no id", { name: "Bot", text: "hello" }, 400, "bad_frame"],
  ["an id beyond ASCII", { ...note, id: "\u00e9" }, 400, "bad_frame"],
  ["an id of 65", { ...note, id: "x".repeat(65) }, 400, "bad_frame"],
  ["no name", { id: "1", text: "hello" }, 400, "bad_frame"],
  ["no text", { id: "1", name: "Bot" }, 400, "bad_frame"],
  ["a text that is a number", { ...note, text: 7 }, 400, "bad_frame"],
  ["half a surrogate pair", `{"id":"1","name":"Bot","text":"\\ud800"}`, 400, "bad_frame"],
  ["an empty name", { ...note, name: " " }, 400, "bad_name"],
  ["a name of 31", { ...note, name: "x".repeat(31) }, 400, "bad_name"],
  ["a name with an override", { ...note, name: "a\u202eb" }, 400, "bad_name"],
  ["an empty text", { ...note, text: "\u200b " }, 400, "empty_text"],
  ["a text of 2,001", { ...note, text: "x".repeat(2_001) }, 400, "text_too_long"],
  ["a body over 64 KiB", { ...note, text: "x".repeat(65_537) }, 413, "too_large"],
])) {
  test(`${what} is refused with ${status} ${code}, and not stored`, async () => {
    const answer = await post("refused", body);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.error.code, code);
    assert.ok(typeof answer.json.error.message === "string" && answer.json.error.message !== "");
    assert.deepEqual((await page("refused")).json.messages, []);
  });
}

test("a refused post creates no room", async () => {
  for (const body of ["hello", { ...note, id: "" }, { ...note, name: "" }, { ...note, text: " " }]) await post("nothing", body);
  assert.equal((await server.request("/api/rooms/nothing")).status, 404);
});

test("over the rate is refused with 429 and a time to wait, for this name alone", async () => {
  for (let n = 1; n <= 10; n++) assert.equal((await post("rate", { ...note, id: `m${n}` })).status, 201);
  let answer = await post("rate", { ...note, id: "m11" });
  for (let n = 12; answer.status === 201 && n < 40; n++) answer = await post("rate", { ...note, id: `m${n}` }); // a slow machine regains some
  assert.deepEqual([answer.status, answer.json.error.code], [429, "rate_limited"]);
  assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/);
  assert.equal((await post("rate", { ...note, name: "Other bot" })).status, 201);
  const alice = await Client.join(server, "rate", "Alice");
  await alice.say("I may");
});

test("history of a room that was never used is empty, and does not create it", async () => {
  const answer = await page("untouched");
  assert.deepEqual([answer.status, answer.json.messages, answer.json.more], [200, [], false]);
  const about = await server.request("/api/rooms/untouched");
  assert.deepEqual([about.status, about.json.error.code], [404, "unknown_room"]);
});

for (const query of ["before=x", "after=-1", "limit=0", "limit=201", "limit=1.5", "limit=", "before=1&after=1", "after=1e3", "before=99999999999999999999"]) {
  test(`?${query} is refused, in a used room and an unused one`, async () => {
    await Client.join(server, "queries", "Alice");
    for (const room of ["queries", "queries-unused"]) {
      const answer = await page(room, `?${query}`);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.json.error.code, "bad_frame");
    }
  });
}

test("a room that someone only joined is used", async () => {
  const alice = await Client.join(server, "joined-only", "Alice");
  const { status, json } = await server.request("/api/rooms/joined-only");
  assert.equal(status, 200);
  assert.deepEqual([json.name, json.connections, json.messages], ["joined-only", 1, 0]);
  assert.ok(Number.isInteger(json.active_at));
  await alice.close();
  assert.equal((await server.request("/api/rooms/joined-only")).json.connections, 0);
});
