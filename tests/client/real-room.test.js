// @ts-check
/**
 * The client in Node against the real worker: two people talk through a crash of the server, what was
 * said without a connection is sent once by the next run, and a process ends once it closed. The
 * example in docs/CLIENT.md is run as it stands there.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "../../public/client/parlor.js";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { FakeStore } from "./fake-room.js";

/** @typedef {import("../../public/client/parlor.js").Room} Room */
/** @typedef {import("../../public/client/parlor.js").Message} Message */

const MODULE = new URL("../../public/client/parlor.js", import.meta.url).href;
const DEADLINE_MS = 30_000;
const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/** Runs a program with this Node; it must end by itself. @param {string} program @returns {Promise<string>} what it printed */
function run(program) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ["--input-type=module", "--eval", program], { timeout: DEADLINE_MS }, (error, out) => {
      if (error) reject(error);
      else resolve(out);
    });
  });
}

/** Waits for the first event for which a condition holds. @template {keyof import("../../public/client/parlor.js").Events} E @param {Room} room @param {E} event @param {(...values: import("../../public/client/parlor.js").Events[E]) => boolean} [condition] */
function happens(room, event, condition = () => true) {
  return /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${event} within ${DEADLINE_MS} ms`)), DEADLINE_MS);
      const off = room.on(event, (...values) => {
        if (!condition(...values)) return;
        clearTimeout(timer);
        off();
        resolve();
      });
    })
  );
}

/** Everything that a room shows, in order. @param {Room} room */
function logOf(room) {
  /** @type {Message[]} */
  const log = [];
  room.on("reset", ({ messages }) => log.splice(0, log.length, ...messages));
  room.on("message", (message) => log.push(message));
  return log;
}

test("two people talk through a crash: nothing lost, doubled or out of order, nobody asks for a reset", async () => {
  const url = `${server.url}/crash`;
  const [ada, bo] = [connect(url, { name: "Ada" }), connect(url, { name: "Bo" })];
  const logs = [logOf(ada), logOf(bo)];
  await Promise.all([happens(ada, "welcome"), happens(bo, "welcome")]);
  /** @type {number[]} */
  const resets = [];
  for (const room of [ada, bo]) room.on("reset", () => resets.push(1));
  const idOfBo = bo.you?.id;

  const said = { ada: [...Array(30).keys()].map((n) => `ada ${n}`), bo: [...Array(30).keys()].map((n) => `bo ${n}`) };
  const sends = [...said.ada.map((text) => ada.send(text)), ...said.bo.map((text) => bo.send(text))];
  await sends[3]?.stored;
  assert.ok(sends.some(({ status }) => status === "pending"), "in the midst of it");
  await server.kill();
  const stored = await Promise.all(sends.map((send) => send.stored));
  const bye = await ada.send("bye").stored;
  await bo.send("bye").stored;
  await ada.history({ before: 1 }); // the answer comes after all that was broadcast

  assert.deepEqual(resets, []);
  assert.equal(bo.you?.id, idOfBo, "the same member");
  for (const log of logs) {
    assert.deepEqual(log.map(({ seq }) => seq), log.map((_, index) => index + 1));
    assert.deepEqual(log.filter(({ text }) => text.startsWith("ada")).map(({ text }) => text), said.ada);
    assert.deepEqual(log.filter(({ text }) => text.startsWith("bo")).map(({ text }) => text), said.bo);
  }
  assert.deepEqual(logs[0]?.slice(0, bye.seq), logs[1]?.slice(0, bye.seq));
  assert.deepEqual(stored.map(({ seq }) => logs[0]?.[seq - 1]?.text), [...said.ada, ...said.bo]);
  assert.deepEqual((await ada.history({ after: 0, limit: 200 })).messages, logs[1]);
  for (const room of [ada, bo]) room.close();
});

test("what was said without a connection is sent once by the next run, as the same member", async () => {
  const url = `${server.url}/outbox`;
  const store = new FakeStore();
  const before = connect(url, { name: "Ada", store });
  await happens(before, "welcome");
  const first = await before.send("live").stored;
  before.offline();
  const { id } = before.send("offline");
  before.close();

  const next = connect(url, { name: "Ada", store });
  const log = logOf(next);
  assert.deepEqual(next.unsent.map((send) => send.id), [id]);
  await happens(next, "sent");
  assert.deepEqual(log.map(({ text, from }) => [text, from.id]), [["live", first.from.id], ["offline", first.from.id]]);
  assert.deepEqual(store.texts, []);
  next.close();
});

test("a process ends once it closed: while live, before the welcome, while it waits for a server that is gone", async () => {
  const closes = (/** @type {string} */ url, /** @type {string} */ when) => `
    import { connect } from ${JSON.stringify(MODULE)};
    const room = connect(${JSON.stringify(url)}, { name: "Ada" });
    ${when}
    room.send("unsent");
    room.close();
    console.log(room.status.phase);`;
  const url = `${server.url}/exit`;
  assert.equal(await run(closes(url, "await room.send('hello').stored; room.typing(true);")), "closed\n");
  assert.equal(await run(closes(url, "")), "closed\n");
  const gone = "http://127.0.0.1:9/exit"; // the port of "discard", which nobody serves
  assert.equal(await run(closes(gone, "await new Promise((resolve) => room.on('status', resolve));")), "closed\n");
});

test("the bot of docs/CLIENT.md does what it says", async () => {
  const guide = readFileSync(fileURLToPath(new URL("../../docs/CLIENT.md", import.meta.url)), "utf8");
  const [, program = ""] = /^```js\n(.*?)^```/ms.exec(guide) ?? [];
  const bot = run(program.replace("./client/parlor.js", MODULE).replace("https://parlor.example", server.url));
  const person = await Client.join(server, "kitchen", "Person");
  await person.until(() => person.log.some(({ text }) => text.startsWith("Say echo")), DEADLINE_MS);
  const question = await person.say("echo hello");
  assert.equal((await person.next(({ text }) => text === "hello")).reply_to, question.seq);
  await person.say("echo bye");
  assert.match(await bot, /^stored as \d+\n$/);
});
