// @ts-check
/** Pages of history, by frame and by HTTP, lead back to a room's first message and forth again. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, startServer, UNHURRIED } from "./harness.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

const TOTAL = 1_050;
const ROOM = "long";
/** @typedef {import("./client.js").Frame} Frame */
/** @typedef {{ before?: number, after?: number, limit?: number }} Query */
/** Every message as it was broadcast, the first at 0. @type {Frame[]} */
let all = [];
/** @type {Client} */
let alice;

before(async () => {
  alice = await Client.join(server, ROOM, "Alice");
  for (let n = 1; n <= TOTAL; n++) alice.send(`message ${n}${n % 100 === 0 ? " long".repeat(300) : ""}`, { id: String(n) });
  await alice.acknowledged(String(TOTAL));
  all = alice.log;
});

/** Asks by frame. @param {Query} query @returns {Promise<{ messages: Frame[], more: boolean }>} */
async function byFrame(query) {
  alice.write({ type: "history", ...query });
  const { type, ...page } = await alice.next((frame) => frame.type === "history" || frame.type === "error");
  assert.equal(type, "history", JSON.stringify(page));
  return /** @type {any} */ (page);
}

/** Asks by HTTP. @param {Query} query @returns {Promise<{ messages: Frame[], more: boolean }>} */
async function byHttp(query) {
  const search = Object.entries(query).map(([key, value]) => `${key}=${value}`).join("&");
  const answer = await server.request(`/api/rooms/${ROOM}/messages?${search}`);
  assert.equal(answer.status, 200, answer.text);
  const { type, ...page } = answer.json; // the frame's fields; its type may come along
  assert.ok(type === undefined || type === "history");
  return page;
}

test("all messages were broadcast", () => {
  assert.deepEqual(all.map((message) => message.seq), Array.from({ length: TOTAL }, (_, n) => n + 1));
});

for (const [how, ask] of Object.entries({ "by frame": byFrame, "by HTTP": byHttp })) {
  test(`${how}: the newest 64, oldest first, if nothing is asked for`, async () => {
    assert.deepEqual(await ask({}), { messages: all.slice(-64), more: true });
  });

  for (const limit of [64, 200, 37]) {
    test(`${how}: back to message 1 by ${limit}`, async () => {
      let start = TOTAL + 1;
      while (start > 1) {
        const { messages, more } = await ask({ before: start, limit });
        const first = Math.max(1, start - limit);
        assert.deepEqual(messages, all.slice(first - 1, start - 1));
        assert.equal(more, first > 1);
        start = first;
      }
    });

    test(`${how}: forward to the head by ${limit}`, async () => {
      let end = 0;
      while (end < TOTAL) {
        const { messages, more } = await ask({ after: end, limit });
        const last = Math.min(TOTAL, end + limit);
        assert.deepEqual(messages, all.slice(end, last));
        assert.equal(more, last < TOTAL);
        end = last;
      }
    });
  }

  test(`${how}: a page of one`, async () => {
    assert.deepEqual(await ask({ limit: 1 }), { messages: all.slice(-1), more: true });
    assert.deepEqual(await ask({ before: 2, limit: 1 }), { messages: all.slice(0, 1), more: false });
    assert.deepEqual(await ask({ after: TOTAL - 1, limit: 1 }), { messages: all.slice(-1), more: false });
  });

  test(`${how}: a page past either end is empty`, async () => {
    const nothing = { messages: [], more: false };
    assert.deepEqual(await ask({ before: 1 }), nothing);
    assert.deepEqual(await ask({ after: TOTAL }), nothing);
    assert.deepEqual(await ask({ after: 1_000_000_000 }), nothing);
    assert.deepEqual(await ask({ before: 1_000_000_000 }), { messages: all.slice(-64), more: true });
  });
}

test("a room that was thrown out of memory has the same history", async () => {
  await server.evict(ROOM);
  assert.deepEqual(await byFrame({ limit: 200 }), { messages: all.slice(-200), more: true });
  assert.deepEqual(await byFrame({ before: 11 }), { messages: all.slice(0, 10), more: false });
});

test("asking is not told to others", async () => {
  const bob = await Client.join(server, ROOM, "Bob");
  await byFrame({ limit: 1 });
  const echo = await alice.say("the next thing");
  await bob.next("message");
  assert.deepEqual(bob.frames.slice(1), [echo]);
});
