// @ts-check
/**
 * A broadcast to more connections than are told in one go leaves in pieces, with a turn of the event loop between:
 * each hears everything once and in order, whatever comes meanwhile, and the room sleeps once all are told.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { works, worksSoFar } from "./crossings.js";
import { Chatter } from "./dialects/chatter.js";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";
import { crowd, eventually, holders, messages } from "./relay/crowd.js";

const PIECE = 4;
const vars = { ...UNHURRIED, FAN_OUT_ABOVE: `${PIECE}`, FAN_OUT_PIECE: `${PIECE}` };
const server = await startServer({ vars, watched: true });
after(() => server.close());
/** workerd puts an object to sleep 10 s after its last event. */
const IDLE_MS = 10_000;

const hasHeard = (/** @type {Client} */ person, /** @type {string} */ text) => person.frames.some((frame) => frame.text === text);

test("many speak, come, go by other names and leave: each hears everything once and in order", async () => {
  const room = "pieces";
  const people = await crowd(server, room, 12);
  const [first, second, third] = /** @type {[Client, Client, Client]} */ (/** @type {unknown} */ (people));
  for (let n = 0; n < 20; n++) {
    for (const person of people) person.send(`${person.you.name} ${n}`);
    second.write({ type: "rename", name: `Second ${n}` });
    if (n % 5 === 4) people.push(await Client.join(server, room, `Late ${n}`));
    if (n === 10) people.splice(people.indexOf(third), 1), await third.close();
  }
  await fence(first, ...people);
  // Of what the one who left had said, all that came before its close was taken.
  const whole = messages(first);
  assert.deepEqual(whole.map(({ seq }) => seq), whole.map((_, at) => at + 1));
  for (const person of people) {
    assert.deepEqual(messages(person), whole.slice(person.welcome.head), person.you.name);
    const renamed = person.frames.filter((frame) => frame.type === "renamed" && frame.member.id === second.you.id);
    const names = renamed.map(({ member }) => Number(member.name.slice(7)));
    assert.deepEqual(names, names.map((_, at) => 20 - names.length + at), "each name once, in order");
  }
});

test("a page of history does not overtake what is in it", async () => {
  const people = await crowd(server, "pages", 12);
  const pages = 25;
  for (let n = 0; n < pages; n++) {
    for (const person of people.slice(0, 3)) person.send(`${person.you.name} ${n}`);
    for (const person of people) person.write({ type: "history", limit: 1 });
    await people[n % 12]?.until(() => messages(/** @type {Client} */ (people[n % 12])).length >= n);
  }
  for (const person of people) {
    await person.until(() => person.frames.filter(({ type }) => type === "history").length === pages);
    let seen = 0;
    for (const frame of person.frames) {
      if (frame.type === "message") seen = frame.seq;
      const newest = frame.type === "history" ? (frame.messages.at(-1)?.seq ?? 0) : 0;
      assert.ok(newest <= seen, `${person.you.name} is shown ${newest} and was told of ${seen}`);
    }
  }
});

test("a piece is no more than it may be, and nobody is left out", async (t) => {
  const counted = await startServer({ vars, counted: true });
  t.after(() => counted.close());
  const people = await crowd(counted, "counted", 11);
  await fence(/** @type {Client} */ (people[0]), ...people);
  const before = await worksSoFar(counted);
  const sends = () => works(counted.logs).slice(before).map((work) => work.sends).filter((count) => count > 0);
  await people[0]?.say("alone");
  for (const person of people) await person.until(() => hasHeard(person, "alone"));
  await eventually(async () => sends().reduce((sum, count) => sum + count, 0) >= people.length);
  assert.deepEqual(sends(), [4, 4, 3]);
});

test("who speaks another dialect hears the same, and an author of `text` not itself", async () => {
  const room = "dialects";
  const people = await crowd(server, room, 5);
  const [one, two] = [await Chatter.connect(server, room, "text"), await Chatter.connect(server, room, "text")];
  const said = Array.from({ length: 20 }, (_, n) => `line ${n}`);
  for (const [n, line] of said.entries()) {
    one.say(`one ${line}`);
    two.say(`two ${line}`);
    people[n % 5]?.send(line);
  }
  for (const person of people) await person.until(() => messages(person).length === 60);
  const order = messages(/** @type {Client} */ (people[0])).map(({ text }) => text);
  for (const [chatter, name] of /** @type {[Chatter, string][]} */ ([[one, "one"], [two, "two"]])) {
    const others = order.filter((text) => !text.startsWith(name));
    await chatter.until(() => chatter.frames.length >= others.length, "what others said");
    assert.deepEqual(chatter.frames, others);
  }
});

test("on a relay, too, and in the room above it", async () => {
  const own = await startServer({ vars: { ...vars, RELAY_ABOVE: "6", RELAY_CONNECTIONS_MAX: "9", FAN_OUT_ABOVE: "2", FAN_OUT_PIECE: "2" }, watched: true });
  try {
    const people = await crowd(own, "tree", 15);
    assert.equal((await holders(own, "tree")).length, 1);
    for (let n = 0; n < 10; n++) for (const person of people) person.send(`${person.you.name} ${n}`);
    const late = await Client.join(own, "tree", "Late");
    for (const person of people) await person.until(() => messages(person).length === 150, 20_000);
    const whole = messages(/** @type {Client} */ (people[0]));
    assert.deepEqual(whole.map(({ seq }) => seq), whole.map((_, at) => at + 1));
    for (const person of people) assert.deepEqual(messages(person), whole, person.you.name);
    await late.until(() => late.welcome.head + messages(late).length === 150, 20_000);
    assert.deepEqual(messages(late), whole.slice(late.welcome.head));
  } finally {
    await own.close();
  }
});

test("the room sleeps once all are told", async () => {
  const people = await crowd(server, "tired", 10);
  await fence(/** @type {Client} */ (people[0]), ...people);
  assert.equal(await server.wakes("tired"), 1);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS + 2_000)); // the platform's time, and some for a busy machine
  await people[3]?.say("good morning");
  for (const person of people) await person.until(() => hasHeard(person, "good morning"));
  assert.equal(await server.wakes("tired"), 2, "it slept");
});
