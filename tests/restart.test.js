// @ts-check
/** A crash of workerd, or an orderly restart, on the same storage: nothing acknowledged is lost, nothing is doubled. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";
import { Talker } from "./talker.js";

// Nobody is to miss more than can be resumed, however slow the machine.
const server = await startServer({ vars: { ...UNHURRIED, RESUME_MESSAGES_MAX: "5000" } });
after(() => server.close());

test("killed while three talk: every line is there, once, in one order, for all", async () => {
  const room = "killed";
  const talkers = ["Alice", "Bob", "Carol"].map((name) => new Talker(server, room, name));
  await Promise.all(talkers.map((talker) => talker.join()));
  let said = 0;
  const acknowledged = [];
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 100; n++) for (const talker of talkers) talker.say(`${talker.name} ${said++}`);
    const [first] = talkers;
    const client = /** @type {Client} */ (first?.client);
    await client.until(() => client.frames.filter(({ type }) => type === "message").length >= 20); // now in the midst of it
    await server.kill();
    for (const talker of talkers) {
      await talker.client?.closed();
      talker.collect();
      acknowledged.push(...talker.log.slice(-3).map((message) => structuredClone(message)));
    }
    await Promise.all(talkers.map((talker) => talker.join()));
  }
  for (const talker of talkers) await talker.allAcknowledged();
  const [first] = talkers;
  await fence(/** @type {Client} */ (first?.client), ...talkers.map((talker) => /** @type {Client} */ (talker.client)));
  for (const talker of talkers) talker.collect();

  const log = first?.log ?? [];
  assert.deepEqual(log.map((message) => message.seq), Array.from({ length: said + 1 }, (_, n) => n + 1));
  assert.equal(new Set(log.map((message) => message.id)).size, said + 1, "none doubled");
  assert.equal(new Set(log.map((message) => message.text)).size, said + 1, "none lost");
  for (const talker of talkers) assert.deepEqual(talker.log, log);
  for (const message of acknowledged) assert.deepEqual(log[message.seq - 1], message, "as it was acknowledged");
});

test("stopped and started: history, epoch, sessions, names and ids are as before", async () => {
  const room = "stopped";
  const alice = await Client.join(server, room, "Alice");
  const echo = await alice.say("before");
  await server.stop();
  await alice.closed();
  await server.start();
  const back = await Client.join(server, room, "Alice", alice.resume);
  assert.equal(back.welcome.epoch, alice.welcome.epoch);
  assert.equal(back.welcome.recovered, true);
  assert.deepEqual(back.you, alice.you);
  assert.deepEqual(back.welcome.members, [alice.you], "nobody is here who isn't");
  assert.deepEqual(await back.say("before", { id: echo.id }), echo);
  assert.equal((await back.say("after")).seq, 2);
  const bob = await Client.join(server, room, "Bob");
  assert.notEqual(bob.you.id, alice.you.id);
  assert.deepEqual(bob.log.map(({ text }) => text), ["before", "after"]);
});

test("a new member after a restart is nobody of before", async () => {
  const room = "newcomers";
  const ids = [];
  for (let round = 0; round < 3; round++) {
    const client = await Client.join(server, room, `Person ${round}`);
    ids.push(client.you.id);
    await client.say(`message ${round}`);
    await server.kill();
    await client.closed();
  }
  assert.equal(new Set(ids).size, ids.length);
});
