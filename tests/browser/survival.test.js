// @ts-check
/**
 * Three people talk in three browsers; one is killed in the midst of sending, then the server is,
 * and starts again. Nobody loses, doubles or reorders a line.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

// A welcome holds more than will be said, so that no one has to scroll for the rest.
const server = await startServer({ vars: { ...UNHURRIED, HISTORY_ON_JOIN: "200" } });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** @param {string} name @param {number} count @param {string} when */
const linesOf = (name, count, when) => Array.from({ length: count }, (_, n) => `${name} ${when} ${n + 1}`);

/** Asserts that these lines are all there once, and in the order in which they were said. @param {import("./person.js").Line[]} lines @param {string[]} said */
function assertSaid(lines, said) {
  const wanted = new Set(said);
  assert.deepEqual(lines.map(({ text }) => text).filter((text) => wanted.has(text)), said);
}

test("a person killed, a server killed: everybody sees the same lines in the same order", { timeout: 120_000 }, async () => {
  const url = `${server.url}/survival`;
  const [alice, bob, carol] = await Promise.all(["Alice", "Bob", "Carol"].map((name) => Person.enter(browser, url, name)));
  assert.ok(alice && bob && carol);
  await alice.seesPeople("Alice", "Bob", "Carol");

  const before = [alice, bob, carol].map((person) => ({ person, texts: linesOf(person.name, 5, "before") }));
  await Promise.all(before.map(({ person, texts }) => person.sayAll(texts)));
  const all = before.flatMap(({ texts }) => texts);
  const [first, ...others] = await Promise.all([alice, bob, carol].map((person) => person.seesAll(all)));
  for (const lines of others) assert.deepEqual(lines, first);
  for (const { texts } of before) assertSaid(first ?? [], texts);

  const dying = linesOf("Carol", 100, "dying"); // with all others fewer than a welcome holds, however long it takes to kill her
  const dies = (async () => {
    await carol.sayAll(dying);
    for (;;) await carol.composer.fill("and another thing");
  })().catch(() => "killed");
  await bob.sees((lines) => lines.some(({ text }) => text === dying[2]), "Carol's third line");
  await carol.context.close();
  assert.equal(await dies, "killed", "in the midst of it");
  await alice.seesPeople("Alice", "Bob");

  const through = { alice: linesOf("Alice", 12, "through"), bob: linesOf("Bob", 12, "through") };
  const talk = Promise.all([alice.sayAll(through.alice), bob.sayAll(through.bob)]);
  await bob.sees((lines) => lines.some(({ text }) => text === through.alice[1]), "that Alice talks");
  await server.kill();
  await talk;
  const said = [...through.alice, ...through.bob];
  const [seenByAlice, seenByBob] = await Promise.all([alice.seesAll(said), bob.seesAll(said)]);
  await Promise.all([alice.isLive(), bob.isLive()]);
  assert.deepEqual(seenByAlice, seenByBob);

  const lines = seenByAlice;
  assert.deepEqual(lines.map(({ seq }) => seq), lines.map((_, n) => n + 1), "without gaps");
  assert.equal(new Set(lines.map(({ text }) => text)).size, lines.length, "none doubled");
  assertSaid(lines, through.alice);
  assertSaid(lines, through.bob);
  const survivors = dying.slice(0, lines.filter(({ text }) => dying.includes(text)).length);
  assertSaid(lines, survivors); // of what Carol had on her lips, the first so many
  assert.ok(survivors.length >= 3);

  await bob.page.reload();
  await bob.isLive();
  assert.deepEqual(await bob.seesAll(said), lines, "a reload restores");
  const back = await Person.enter(browser, url, "Carol");
  assert.deepEqual(await back.seesAll(said), lines, "who comes back sees the same");
  const { messages } = (await server.request("/api/rooms/survival/messages?limit=200")).json;
  assert.deepEqual(messages.map((/** @type {any} */ message) => message.text), lines.map(({ text }) => text));

  await back.say("I am back");
  await Promise.all([alice, bob, back].map((person) => person.seesAll(["I am back"])));
  for (const person of [alice, bob, back]) assert.deepEqual(person.complaints, [], person.name);
});
