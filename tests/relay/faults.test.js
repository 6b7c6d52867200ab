// @ts-check
/**
 * Relays and their room crash, are thrown out of memory, and come and go with need: nothing acknowledged is lost,
 * nothing doubled, nobody sees a gap, and the number is the true one in the end.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "../harness.js";
import { Talker } from "../talker.js";
import { crowd, eventually, LIMITS, messages } from "./crowd.js";

const vars = { ...UNHURRIED, ...LIMITS, RESUME_MESSAGES_MAX: "5000" };
const server = await startServer({ vars, watched: true });
after(() => server.close());

test("killed while six talk through the room and a relay: every line is there, once, in one order, for all", async () => {
  const own = await startServer({ vars });
  try {
    const talkers = Array.from({ length: 6 }, (_, n) => new Talker(own, "killed", `Talker ${n}`));
    const everybody = async () => {
      for (const talker of talkers) await talker.join();
    };
    await everybody();
    let said = 0;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 40; n++) for (const talker of talkers) talker.say(`${talker.name} ${said++}`);
      const client = /** @type {Client} */ (talkers[0]?.client);
      await client.until(() => messages(client).length >= 20); // now in the midst of it
      await own.kill();
      for (const talker of talkers) {
        await talker.client?.closed();
        talker.collect();
      }
      await everybody();
    }
    for (const talker of talkers) await talker.allAcknowledged();
    const clients = talkers.map((talker) => /** @type {Client} */ (talker.client));
    await fence(/** @type {Client} */ (clients[0]), ...clients);
    for (const talker of talkers) talker.collect();
    const log = talkers[0]?.log ?? [];
    assert.deepEqual(log.map((message) => message.seq), Array.from({ length: said + 1 }, (_, n) => n + 1));
    assert.equal(new Set(log.map((message) => message.text)).size, said + 1, "none lost, none doubled");
    for (const talker of talkers) assert.deepEqual(talker.log, log);
  } finally {
    await own.close();
  }
});

test("a room thrown out of memory, asleep or with its links, is taken up by its relays", async () => {
  const room = "room-lost";
  const people = await crowd(server, room, 5);
  const [alice, , , dave] = /** @type {[Client, Client, Client, Client]} */ (/** @type {unknown} */ (people));
  await fence(alice, ...people);
  await eventually(async () => (await server.request(`/api/rooms/${room}`)).json.connections === 5);
  for (const [n, webSockets] of /** @type {const} */ (["hibernate", "close"]).entries()) {
    const wakes = await server.wakes(room);
    await server.evict(room, webSockets);
    const echo = await dave.say(`from a relay ${n}`);
    assert.equal(echo.seq, n + 2);
    assert.ok((await server.wakes(room)) > wakes);
  }
  assert.ok(dave.isOpen, "who is on a relay notices nothing");
  const back = await Client.join(server, room, "Alice", alice.resume);
  assert.equal(back.welcome.recovered, true);
  await eventually(async () => (await server.request(`/api/rooms/${room}`)).json.connections === 3);
});

test("a crowd that leaves is called home, and its relays sleep", async () => {
  const room = "shrunk";
  const own = await startServer({ vars: { ...vars, RELAY_ABOVE: "4" } });
  try {
    const people = await crowd(own, room, 6);
    await fence(/** @type {Client} */ (people[0]), ...people);
    const [first, ...others] = people.slice(0, 4);
    for (const person of others) await person.close();
    await people[5]?.close();
    const last = /** @type {Client} */ (people[4]);
    assert.equal((await last.closed(20_000)).code, 1012);
    const back = await Client.join(own, room, last.you.name, last.resume);
    assert.equal(back.welcome.recovered, true);
    // Few again: who comes and goes is told one by one.
    const seen = (/** @type {any} */ frame) => frame.type === "presence" && frame.members !== undefined;
    await first?.until(() => first.frames.some(seen), 40_000);
    await Client.join(own, room, "Newcomer");
    await first?.next((frame) => frame.type === "joined" && frame.member.name === "Newcomer");
  } finally {
    await own.close();
  }
});
