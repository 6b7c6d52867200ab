// @ts-check
/**
 * Storage that can't rot: a room that any earlier version wrote opens and goes on (tests/storage has
 * one of each), history keeps to its limits, and what is left alone is freed.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

/** What every room of tests/storage holds. */
const FIXTURE = { epoch: "840f9395de295368f5c6fc97b05e77dc", messages: 141, ada: 3010831644924984 };
const FIXTURES = new URL("storage/", import.meta.url);

const server = await startServer({ vars: { ...UNHURRIED, HISTORY_MESSAGES_MAX: "1000" } });
after(() => server.close());

/** Puts a stored room in the place of the room of this name. @param {string} room @param {string} sql */
async function plant(room, sql) {
  const made = await begin(room);
  await server.stop();
  for (const file of made) rmSync(file, { force: true });
  within(made, (database) => database.exec(sql));
  await server.start();
}

/** Begins a room. Returns its files. @param {string} room */
async function begin(room) {
  const folder = join(server.folder, "state", "do", "parlor-RoomObject");
  const before = new Set(readdirSync(folder));
  await server.request(`/api/rooms/${room}/messages`, { method: "POST", body: { id: "1", name: "Bot", text: "x" } });
  return readdirSync(folder).filter((file) => !before.has(file)).map((file) => join(folder, file));
}

/** Does something to a room's database, while the server is stopped. @param {string[]} files @param {(database: DatabaseSync) => void} work */
function within(files, work) {
  const file = files.find((name) => name.endsWith(".sqlite"));
  assert.ok(file, "the room has a file of its own");
  const database = new DatabaseSync(file);
  work(database);
  database.close();
}

for (const file of readdirSync(FIXTURES)) {
  test(`a room as ${file} keeps it opens and goes on`, async () => {
    const room = `opened-${file}`;
    await server.request("/api/rooms/any/messages", { method: "POST", body: { id: "1", name: "Bot", text: "x" } });
    await plant(room, readFileSync(new URL(file, FIXTURES), "utf8"));
    const summary = (await server.request(`/api/rooms/${room}`)).json;
    assert.equal(summary.messages, FIXTURE.messages);
    const { messages, more } = (await server.request(`/api/rooms/${room}/messages?limit=200`)).json;
    assert.deepEqual(messages.map((/** @type {any} */ message) => message.seq), Array.from({ length: FIXTURE.messages }, (_, n) => n + 1));
    assert.equal(more, false);
    assert.equal(messages[6].text, "seven\n\u2028 \u{1f600} <b> \"quoted\"");
    assert.equal(messages[8].reply_to, 7);
    assert.equal(messages[0].from.id, FIXTURE.ada);
    // Ids of before are known, a client of before resumes, and the next message is the next.
    const again = await server.request(`/api/rooms/${room}/messages`, { method: "POST", body: { id: "post-1", name: "Bot", text: "beep" } });
    assert.deepEqual([again.status, again.json.seq], [200, FIXTURE.messages]);
    const ada = await Client.join(server, room, "Ada", { after: { epoch: FIXTURE.epoch, seq: 100 } });
    assert.equal(ada.welcome.recovered, true);
    assert.equal(ada.welcome.messages.length, FIXTURE.messages - 100);
    assert.equal((await ada.say("on we go")).seq, FIXTURE.messages + 1);
    // And so after another sleep, in today's shape.
    await server.evict(room);
    await fence(ada);
    assert.equal((await server.request(`/api/rooms/${room}`)).json.messages, FIXTURE.messages + 2);
  });
}

test("a room that a newer version wrote is refused and left as it is", async () => {
  const sql = readFileSync(new URL("v1.sql", FIXTURES), "utf8");
  await plant("from-the-future", `${sql}; UPDATE meta SET version = 1000;`);
  const answer = await server.request("/api/rooms/from-the-future");
  assert.deepEqual([answer.status, answer.json.error.code], [500, "fault"]);
  const post = await server.request("/api/rooms/from-the-future/messages", { method: "POST", body: { id: "2", name: "Bot", text: "x" } });
  assert.equal(post.status, 500);
});

test("of records a room keeps the newest ten thousand", async () => {
  await server.request("/api/rooms/any/messages", { method: "POST", body: { id: "1", name: "Bot", text: "x" } });
  const files = await begin("recorded");
  await server.stop();
  within(files, (database) => {
    const insert = database.prepare("INSERT INTO record (record) VALUES ('{}')");
    database.exec("BEGIN");
    for (let n = 0; n < 10_000; n++) insert.run();
    database.exec("COMMIT");
  });
  await server.start();
  const ada = await Client.join(server, "recorded", "Ada");
  for (let n = 0; n < 3; n++) {
    ada.write({ type: "report", seq: 1, reason: "rude" });
    await ada.next("reported");
  }
  await server.stop();
  within(files, (database) => {
    const kept = database.prepare("SELECT count(*) AS count, min(number) AS first, max(number) AS last FROM record").get();
    assert.deepEqual({ ...kept }, { count: 10_000, first: 4, last: 10_003 });
  });
  await server.start();
});

test("a room left alone is wiped by its alarm, and its name begins anew", async () => {
  const other = await startServer({ vars: { ABANDONED_DAYS: "0.00005" } }); // 4.3 s, in which a loaded machine can look at it
  try {
    const post = (/** @type {string} */ room) => other.request(`/api/rooms/${room}/messages`, { method: "POST", body: { id: "1", name: "Bot", text: "x" } });
    const staying = await Client.join(other, "in-use", "Ada");
    await staying.say("I am here");
    await post("left-alone");
    const deadline = performance.now() + 30_000;
    while ((await other.request("/api/rooms/left-alone")).status !== 404) {
      assert.ok(performance.now() < deadline, "not wiped");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual([(await post("left-alone")).status, (await other.request("/api/rooms/left-alone")).json.messages], [201, 1]);
    assert.equal((await other.request("/api/rooms/in-use")).json.messages, 1);
    await fence(staying);
  } finally {
    await other.close();
  }
});
