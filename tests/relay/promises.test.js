// @ts-check
/**
 * A room and its relays over real workerd, with thresholds so small that the fourth connection is sent to a relay:
 * order, exactly once, resume, history, numbers and order kept, whoever holds the connection.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sign } from "../../scripts/token.mjs";
import { Client, fence, startServer, UNHURRIED } from "../harness.js";
import { Chatter, DIALECTS } from "../dialects/chatter.js";
import { CLOSE, RawSocket, TEXT, rawFrame } from "../raw-socket.js";
import { crowd, eventually, holders, LIMITS, messages } from "./crowd.js";

const server = await startServer({ vars: { ...UNHURRIED, ...LIMITS }, watched: true });
after(() => server.close());

test("past the threshold connections go to relays, and all are one room", async () => {
  const room = "grown";
  const people = await crowd(server, room, 8);
  assert.equal((await holders(server, room)).length, 2, "three in the room, three and two on relays");
  for (const person of people) await person.say(`hello from ${person.you.name}`);
  await fence(/** @type {Client} */ (people[0]), ...people);
  const seen = people.map(messages);
  assert.deepEqual(seen[0]?.map(({ seq }) => seq), Array.from({ length: 9 }, (_, n) => n + 1));
  for (const one of seen) assert.deepEqual(one, seen[0], "the same for all");
  assert.equal(new Set(people.map(({ you }) => you.id)).size, 8);
});

test("a small room has no relay", async () => {
  await crowd(server, "small", 3);
  assert.deepEqual(await holders(server, "small"), []);
});

test("what many say at once through room and relays has one order", async () => {
  const people = await crowd(server, "busy", 7);
  for (let n = 0; n < 50; n++) for (const person of people) person.send(`${person.you.name} ${n}`);
  for (const person of people) await person.until(() => messages(person).length >= 350, 20_000);
  const [first, ...others] = people.map(messages);
  assert.deepEqual(first?.map(({ seq }) => seq), Array.from({ length: 350 }, (_, n) => n + 1));
  assert.equal(new Set(first?.map(({ text }) => text)).size, 350);
  for (const other of others) assert.deepEqual(other, first);
});

test("a send is stored once, and a member resumes, at the room and at any relay", async () => {
  const room = "roaming";
  await crowd(server, room, 3);
  const bo = await Client.join(server, room, "Bo");
  const echo = await bo.say("once");
  const { session } = bo.welcome;
  const epoch = bo.welcome.epoch;
  await bo.close();
  for (let n = 0; n < 5; n++) {
    const back = await Client.join(server, room, "Bo", { session, after: { epoch, seq: 0 } });
    assert.deepEqual([back.you.id, back.welcome.recovered], [bo.you.id, true]);
    assert.deepEqual(back.welcome.messages, [echo]);
    assert.deepEqual(await back.say("once", { id: echo.id }), echo);
    back.send("another", { id: echo.id });
    assert.equal((await back.next("error")).code, "id_conflict");
  }
  assert.equal((await holders(server, room)).length, 2, "the fourth and later are on relays");
  const page = await server.request(`/api/rooms/${room}/messages`);
  assert.equal(page.json.messages.length, 1);
});

test("older pages than a relay has come from the room", async () => {
  const room = "long";
  const [alice] = await crowd(server, room, 3);
  for (let n = 1; n <= 600; n++) alice?.send(`${n}`);
  await alice?.until(() => messages(/** @type {Client} */ (alice)).length === 600, 20_000);
  const bo = await Client.join(server, room, "Bo");
  assert.deepEqual([bo.welcome.head, bo.welcome.messages.length, bo.welcome.more], [600, 64, true]);
  for (const [asked, first, last, more] of /** @type {[object, number, number, boolean][]} */ ([
    [{ before: 537 }, 473, 536, true],
    [{ before: 100, limit: 200 }, 1, 99, false],
    [{ after: 0, limit: 10 }, 1, 10, true],
    [{ after: 590 }, 591, 600, false],
  ])) {
    bo.write({ type: "history", ...asked });
    const page = await bo.next("history");
    assert.deepEqual([page.messages[0].seq, page.messages.at(-1).seq, page.more], [first, last, more]);
  }
});

test("the number of a crowd is told to all, is true, and is seen from outside", async () => {
  const room = "counted";
  const people = await crowd(server, room, 8);
  const sees = (/** @type {Client} */ person, /** @type {number} */ count) =>
    person.until(() => person.frames.findLast(({ type }) => type === "presence")?.member_count === count, 15_000);
  for (const person of people) await sees(person, 8);
  await eventually(async () => (await server.request(`/api/rooms/${room}`)).json.connections === 8);
  await eventually(async () => /^parlor_connections (\d+)$/m.test((await server.request("/metrics")).text));
  await people.pop()?.close();
  await people.shift()?.close();
  for (const person of people) await sees(person, 6);
  await eventually(async () => (await server.request(`/api/rooms/${room}`)).json.connections === 6);
});

test("what relays send on, and who came to them, is counted; of a crowd few ask the room", async () => {
  const own = await startServer({ vars: { ...UNHURRIED, ...LIMITS, RELAY_CONNECTIONS_MAX: "400" } });
  const people = await crowd(own, "told", 40);
  const first = /** @type {Client} */ (people[0]);
  const lines = 100;
  for (let n = 0; n < lines; n++) await first.say(`line ${n}`);
  const counted = async (/** @type {string} */ name) => Number(new RegExp(`^${name}_total (\\d+)$`, "m").exec((await own.request("/metrics")).text)?.[1]);
  await eventually(async () => {
    // A relay tells every 10 s, and its room when something happens there.
    await first.say("and?");
    return (await counted("parlor_fanout_frames")) >= lines * people.length && (await counted("parlor_connections_opened")) >= people.length;
  }, 30_000);
  const asked = (await counted("parlor_requests")) - people.length;
  assert.ok(asked >= 1 && asked < people.length / 4, `${asked} of ${people.length} asked the room where they belong`);
  await own.close();
});

test("a member has one name, the last that it chose, at the room and at every relay", async () => {
  const room = "names";
  const people = await crowd(server, room, 3);
  const bo = await Client.join(server, room, "Bo");
  const { session } = bo.welcome;
  const others = await crowd(server, room, 4);
  const twin = await Client.join(server, room, "Bob", { session });
  assert.ok((await holders(server, room)).length > 1);
  const called = (/** @type {string} */ name, /** @type {Client[]} */ ...all) =>
    Promise.all(all.map((one) => one.next((frame) => frame.type === "renamed" && frame.member.id === bo.you.id && frame.member.name === name, 10_000)));
  await called("Bob", bo);
  assert.equal((await bo.say("who am I?")).from.name, "Bob");
  twin.write({ type: "rename", name: "Bobby" });
  await called("Bobby", bo, twin, /** @type {Client} */ (people[0]), /** @type {Client} */ (others[0]));
  bo.write({ type: "rename", name: "Rob" });
  bo.send("under the new name", { id: "at-once" });
  assert.equal((await twin.next(({ id }) => id === "at-once")).from.name, "Rob");
  // Its relays are cut off while it joins the room itself under another name.
  await server.evict(room, "close");
  const third = await Client.join(server, room, "Robert", { session });
  await called("Robert", bo, twin);
  for (const one of [bo, twin, third]) assert.equal((await one.say("so?")).from.name, "Robert");
  for (const one of [bo, twin, third]) assert.ok(one.isOpen);
});

test("pings are answered at a relay, and a flood of them ends 4429", async () => {
  const room = "relay-pings";
  const people = await crowd(server, room, 4);
  const alice = /** @type {Client} */ (people[3]);
  const raw = await RawSocket.connect(server.port, `/${room}`);
  assert.equal((await holders(server, room)).length, 1, "both are on a relay");
  const text = (/** @type {object} */ frame) => rawFrame(TEXT, JSON.stringify(frame));
  const ping = text({ type: "ping" });
  const pongs = () => raw.texts.filter((it) => it === '{"type":"pong"}').length;
  raw.write(text({ type: "join", name: "Mallory" }));
  await raw.until(() => raw.texts.some((it) => it.includes("welcome")), "a welcome");
  raw.write(Buffer.concat([text({ type: "send", id: "1", text: "beside it" }), ping, ping, ping]));
  await raw.until(() => pongs() === 3 && raw.texts.some((it) => it.includes("beside it")), "three pongs and the echo");
  const flood = Buffer.concat(Array.from({ length: 20_000 }, () => ping));
  for (let n = 0; n < 10 && !raw.ended && !raw.frames.some(({ opcode }) => opcode === CLOSE); n++) {
    raw.write(flood);
    await alice.say(`meanwhile ${n}`);
  }
  assert.equal(await raw.closeCode(), 4429);
  raw.tcp.destroy();
  await fence(alice, ...people);
});

test("other dialects are at home on a relay", async () => {
  const room = "dialects";
  const [alice] = await crowd(server, room, 3);
  await alice?.say("before");
  const chatters = await Promise.all(DIALECTS.map((name) => Chatter.connect(server, room, name)));
  assert.ok((await holders(server, room)).length > 0);
  const [scale, ws, simple, text] = /** @type {[Chatter, Chatter, Chatter, Chatter]} */ (chatters);
  const hears = (/** @type {Chatter} */ chatter, /** @type {string} */ said) =>
    chatter.until(() => chatter.frames.some((frame) => frame.includes(said)), said);
  await hears(scale, '"t":"Join"');
  ws.say({ type: "join", username: "Wes" });
  simple.say("Sim");
  await hears(simple, '"color"');
  scale.say({ nick: "Sky", text: "from scalesocket" });
  ws.say({ type: "message", text: "from ws-chat" });
  simple.say("from simple-chat");
  text.say("from text");
  for (const [n, chatter] of chatters.entries()) {
    for (const [m, name] of DIALECTS.entries()) if (!(n === m && name === "text")) await hears(chatter, `from ${name}`);
  }
  await alice?.until(() => messages(/** @type {Client} */ (alice)).length === 5);
  const names = messages(/** @type {Client} */ (alice)).map(({ from }) => from.name).sort();
  assert.deepEqual(names, ["Anonymous", "Person 0", "Sim", "Sky", "Wes"]);
});

test("rates, mutes, slow mode, bans and deletions hold on relays", async () => {
  const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
  const own = await startServer({ vars: { ...LIMITS, AUTH_SECRET, RATE_BURST: "3", RATE_PER_SECOND: "0.1" } });
  try {
    const as = (/** @type {string} */ sub, claims = {}) => {
      const shown = sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, sub, rate_burst: 1_000, rate_per_second: 1_000, ...claims }, AUTH_SECRET);
      return { headers: { Authorization: `Bearer ${shown}` } };
    };
    for (let n = 0; n < 3; n++) await Client.join(own, "kept", `Person ${n}`, as(`person-${n}`));
    const mo = await Client.join(own, "kept", "Mo", as("mo", { role: "moderator" }));
    const bo = await Client.join(own, "kept", "Bo", as("bo"));
    const swift = await Client.join(own, "kept", "Swift", as("swift", { rate_burst: 3, rate_per_second: 0.1 }));
    for (let n = 0; n < 3; n++) await swift.say(`${n}`);
    swift.send("too fast");
    assert.equal((await swift.next("error")).code, "rate_limited");
    const rude = await bo.say("rude");
    mo.write({ type: "delete", seq: rude.seq });
    assert.equal((await mo.next("record")).action, "delete");
    for (const person of [mo, bo, swift]) assert.equal((await person.next("deleted")).seq, rude.seq);
    mo.write({ type: "mute", sub: "bo" });
    await mo.next("record");
    bo.send("x");
    assert.equal((await bo.next("error")).code, "muted");
    mo.write({ type: "unmute", sub: "bo" });
    mo.write({ type: "slow_mode", interval_ms: 60_000 });
    await bo.next("rules");
    bo.send("slow");
    assert.equal((await bo.next("error")).code, "rate_limited");
    mo.write({ type: "ban", sub: "bo" });
    assert.equal((await bo.closed()).code, 4403);
    await assert.rejects(Client.connect(own, "kept", as("bo")), /403/);
  } finally {
    await own.close();
  }
});
