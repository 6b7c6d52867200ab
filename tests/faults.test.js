// @ts-check
/**
 * Faults in the room's own code, put in on purpose (the build with fault-injection): what was
 * acknowledged stays, clients are told to come back (1011), and the room serves on.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";
import { Talker } from "./talker.js";

const server = await startServer({ build: "build-faults", vars: UNHURRIED });
after(() => server.close());

const FAULTS = { "a panic": "\u0000panic", "a refused write": "\u0000refuse-write" };

/** @param {Client} client */
const texts = (client) => client.log.map(({ text }) => text);

/** Resumes, whether or not the connection of before is still there. @param {Client} client @param {string} room */
const comeBack = (client, room) => Client.join(server, room, client.you.name, client.resume);

for (const [fault, trigger] of Object.entries(FAULTS)) {
  test(`${fault}: everybody is closed with 1011, comes back and misses nothing`, async () => {
    const room = `closed-${fault.replaceAll(" ", "-")}`;
    const alice = await Client.join(server, room, "Alice");
    const bob = await Client.join(server, room, "Bob");
    const acknowledged = [await alice.say("one"), await bob.say("two"), await alice.say("three")];
    alice.send(trigger);
    alice.send("the next event"); // by which the room finds out, if it has not yet
    for (const client of [alice, bob]) {
      assert.equal((await client.closed()).code, 1011);
      assert.deepEqual(texts(client).slice(0, 3), ["one", "two", "three"]);
    }

    const aliceBack = await comeBack(alice, room);
    const bobBack = await comeBack(bob, room);
    for (const [back, before] of /** @type {[Client, Client][]} */ ([[aliceBack, alice], [bobBack, bob]])) {
      assert.equal(back.welcome.recovered, true);
      assert.equal(back.welcome.epoch, before.welcome.epoch);
      assert.deepEqual(back.you, before.you);
    }
    assert.equal(bobBack.welcome.member_count, 2, "nobody is counted twice");
    const carol = await Client.join(server, room, "Carol");
    assert.deepEqual(carol.log.slice(0, 3), acknowledged);
    assert.ok(!texts(carol).includes(trigger));
    await fence(aliceBack, bobBack, carol);
    const seqs = carol.log.map(({ seq }) => seq);
    assert.deepEqual(seqs, seqs.map((_, n) => n + 1), "without gaps");
  });

  test(`${fault}: who has not joined yet is closed with 1011 too`, async () => {
    const room = `lurker-${fault.replaceAll(" ", "-")}`;
    const alice = await Client.join(server, room, "Alice");
    const lurker = await Client.connect(server, room);
    lurker.writeRaw('{"type":"ping"}'); // workerd delivers no close to one who never sent anything
    await lurker.next("pong");
    alice.send(trigger);
    alice.send("the next event");
    for (const client of [alice, lurker]) assert.equal((await client.closed()).code, 1011);
  });

  test(`${fault} in the midst of a crowd: what was acknowledged is there, once; the rest can be sent again`, async () => {
    const room = `crowd-${fault.replaceAll(" ", "-")}`;
    const clients = await Promise.all(["Alice", "Bob", "Carol"].map((name) => Client.join(server, room, name)));
    const [alice] = clients;
    assert.ok(alice);
    /** @type {Map<string, { client: Client, text: string }>} */
    const said = new Map();
    for (let n = 0; n < 90; n++) {
      const client = /** @type {Client} */ (clients[n % 3]);
      const text = `${client.you.name} ${n}`;
      said.set(client.send(text), { client, text });
      if (n === 60) alice.send(trigger);
    }
    await Promise.all(clients.map((client) => client.closed()));
    const acknowledged = clients.flatMap((client) => client.log.filter(({ from }) => from.id === client.you.id));

    const backs = new Map();
    for (const client of clients) backs.set(client, await comeBack(client, room));
    for (const [id, { client, text }] of said) backs.get(client).send(text, { id }); // all: repeats do no harm
    for (const [id, { client }] of said) await backs.get(client).acknowledged(id);
    const reader = await Client.join(server, room, "Reader");
    reader.write({ type: "history", limit: 200 });
    const { messages } = await reader.next("history");
    assert.deepEqual(messages.map((/** @type {any} */ message) => message.seq), Array.from(said, (_, n) => n + 1));
    assert.deepEqual(new Set(messages.map((/** @type {any} */ message) => message.id)), new Set(said.keys()));
    for (const message of acknowledged) assert.deepEqual(messages[message.seq - 1], message);
  });

  test(`${fault}: another room goes on`, async () => {
    // workerd keeps the rooms of one namespace in one isolate, and a panic ends the WebAssembly
    // instance that they share: the other room's memory goes too, but neither its messages nor its ids.
    const room = `faulty-${fault.replaceAll(" ", "-")}`;
    const other = `innocent-${fault.replaceAll(" ", "-")}`;
    const mallory = await Client.join(server, room, "Mallory");
    const alice = await Client.join(server, other, "Alice");
    const bob = await Client.join(server, other, "Bob");
    const one = await alice.say("one");
    mallory.send(trigger);
    mallory.send("the next event");
    assert.equal((await mallory.closed()).code, 1011);
    assert.deepEqual(await alice.say("one", { id: one.id }), one);
    const two = await bob.say("two");
    assert.equal(two.seq, 2);
    assert.deepEqual(await alice.next((frame) => frame.seq === 2), two);
    const carol = await Client.join(server, other, "Carol");
    assert.equal(carol.welcome.member_count, 3, "the connections of before count on");
    assert.equal((await alice.next((frame) => frame.type === "joined" && frame.member.name === "Carol")).member_count, 3);
    assert.deepEqual(texts(carol), ["one", "two"]);
  });

  test(`${fault}: another room that is busy at that moment loses and doubles nothing`, async () => {
    const mallory = await Client.join(server, `busy-faulty-${fault.replaceAll(" ", "-")}`, "Mallory");
    const room = `busy-${fault.replaceAll(" ", "-")}`;
    const talkers = ["Alice", "Bob", "Carol"].map((name) => new Talker(server, room, name));
    await Promise.all(talkers.map((talker) => talker.join()));
    let said = 0;
    for (let n = 0; n < 60; n++) {
      for (const talker of talkers) talker.say(`${talker.name} ${said++}`);
      if (n === 30) mallory.send(trigger);
    }
    mallory.send("the next event");
    await mallory.closed();
    for (const talker of talkers) {
      if (talker.client?.isOpen) talker.sayAgain();
      await talker.allAcknowledged();
    }
    const reader = new Talker(server, room, "Reader");
    await reader.join();
    reader.say("that is all");
    for (const talker of [...talkers, reader]) {
      await talker.client?.until(() => (talker.collect(), talker.log.at(-1)?.text === "that is all"));
    }
    const log = talkers[0]?.log ?? [];
    assert.deepEqual(log.map(({ seq }) => seq), Array.from({ length: said + 1 }, (_, n) => n + 1));
    assert.equal(new Set(log.map(({ text }) => text)).size, said + 1);
    for (const talker of talkers) assert.deepEqual(talker.log, log);
  });

  test(`${fault} over and over: the room serves on each time`, async () => {
    const room = `over-${fault.replaceAll(" ", "-")}`;
    let alice = await Client.join(server, room, "Alice");
    for (let n = 1; n <= 5; n++) {
      assert.equal((await alice.say(`message ${n}`, { id: `m${n}` })).seq, n);
      alice.send(trigger);
      alice.write({ type: "history", limit: 1 });
      assert.equal((await alice.closed()).code, 1011);
      alice = await comeBack(alice, room);
      assert.equal(alice.welcome.head, n);
    }
  });
}

test("a refused write: whose message it was is told, by its id", async () => {
  const alice = await Client.join(server, "told", "Alice");
  const bob = await Client.join(server, "told", "Bob");
  alice.send(FAULTS["a refused write"], { id: "lost" });
  const error = await alice.next("error");
  assert.deepEqual([error.code, error.temporary, error.id], ["not_stored", true, "lost"]);
  assert.equal((await bob.closed()).code, 1011);
  assert.deepEqual(bob.frames.filter(({ type }) => type === "error"), []);
});

for (const [fault, trigger] of Object.entries(FAULTS)) {
  test(`${fault} by HTTP: nothing of it is stored, and the room serves on`, async () => {
    const room = `http-${fault.replaceAll(" ", "-")}`;
    const post = (/** @type {object} */ body) => server.request(`/api/rooms/${room}/messages`, { method: "POST", body });
    assert.equal((await post({ id: "1", name: "Bot", text: "one" })).status, 201);
    const faulty = post({ id: "2", name: "Bot", text: trigger });
    if (fault === "a refused write") {
      const answer = await faulty;
      assert.equal(answer.status, 500);
      assert.equal(answer.json.error.code, "fault");
    } else {
      // A panic takes the memory of every handler that runs, this one's and those of others in flight:
      // the caller's own time limit ends such a request, and its next try with the same id is safe.
      faulty.catch(() => {});
    }
    /** Tries until it is answered. @param {object} body @returns {Promise<{ status: number }>} */
    const persist = async (body) => {
      const timeLimit = new Promise((resolve) => setTimeout(resolve, 2_000));
      const answer = await Promise.race([post(body).catch(() => undefined), timeLimit]);
      return /** @type {{ status: number } | undefined} */ (answer) ?? persist(body);
    };
    assert.ok([200, 201].includes((await persist({ id: "3", name: "Bot", text: "two" })).status));
    assert.equal((await persist({ id: "1", name: "Bot", text: "one" })).status, 200);
    assert.ok([200, 201].includes((await persist({ id: "2", name: "Bot", text: "second try" })).status));
    const { messages } = (await server.request(`/api/rooms/${room}/messages`)).json;
    assert.deepEqual(messages.map((/** @type {any} */ message) => message.text), ["one", "two", "second try"]);
  });
}

test("a fault in a room that slept: those who only listen are told too", async () => {
  for (const [fault, trigger] of Object.entries(FAULTS)) {
    const room = `slept-${fault.replaceAll(" ", "-")}`;
    const alice = await Client.join(server, room, "Alice");
    const bob = await Client.join(server, room, "Bob");
    await fence(alice, bob);
    await server.evict(room);
    alice.send(trigger);
    alice.send("the next event");
    for (const client of [alice, bob]) assert.equal((await client.closed()).code, 1011);
    const back = await comeBack(bob, room);
    assert.equal(back.welcome.recovered, true);
  }
});

test("a room sleeps again after a fault", async () => {
  for (const [fault, trigger] of Object.entries(FAULTS)) {
    const room = `sleeps-again-${fault.replaceAll(" ", "-")}`;
    const alice = await Client.join(server, room, "Alice");
    alice.send(trigger);
    alice.send("the next event");
    await alice.closed();
    const back = await comeBack(alice, room);
    await back.say("before sleep");
    await server.evict(room); // refuses an object that something keeps awake
    await back.say("after sleep");
    assert.equal(back.isOpen, true);
  }
});

test("the shipped build has no such doors", async () => {
  const shipped = await startServer({ vars: UNHURRIED });
  try {
    const alice = await Client.join(shipped, "doors", "Alice");
    for (const trigger of Object.values(FAULTS)) assert.equal((await alice.say(trigger)).text, trigger);
  } finally {
    await shipped.close();
  }
});
