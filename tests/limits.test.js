// @ts-check
/**
 * What goes too far ends the connection that did it, with a code that says what to do; its room
 * and everybody else's connection go on. (What is only refused: refusals.test.js.)
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UpgradeRefused } from "./harness.js";
import { CLOSE, RawSocket, TEXT, rawFrame } from "./raw-socket.js";

/** Far above what a loaded machine needs between a connection and its `join`. */
const JOIN_TIMEOUT_MS = 2_500;
/** As shipped: src/limits.rs. */
const RATE_BURST = 10, RATE_PER_SECOND = 2;
const server = await startServer({ vars: { CONNECTIONS_MAX: "3", JOIN_TIMEOUT_MS: String(JOIN_TIMEOUT_MS) } });
after(() => server.close());

/** A room with one who misbehaves, and one who is not to notice. @param {string} room */
async function pair(room) {
  const mallory = await Client.join(server, room, "Mallory");
  const alice = await Client.join(server, room, "Alice");
  return { mallory, alice };
}

/** Asserts that Mallory was thrown out with this code, and that Alice's connection goes on. @param {Client} mallory @param {Client} alice @param {number} code */
async function assertThrownOut(mallory, alice, code) {
  assert.equal((await mallory.closed()).code, code);
  assert.deepEqual(await alice.next("left"), { type: "left", member: { id: mallory.you.id }, member_count: 1 });
  const echo = await alice.say("I am still here");
  const { messages } = (await server.request(`/api/rooms/${alice.welcome.room}/messages?limit=200`)).json;
  assert.deepEqual(messages, alice.log.filter((message) => message.seq <= echo.seq), "what was stored is what was shown");
}

/**
 * Says one more than the burst allows in one breath, and goes on until one is refused: who is slow about it regains some,
 * and no more than time has passed for.
 * @param {Client} client @param {number} [before] of its messages that were taken @param {number} [began] when the first was sent
 */
async function overTheRate(client, before = 0, began = performance.now()) {
  for (let n = before; n < RATE_BURST; n++) client.send(`message ${n}`);
  for (let taken = RATE_BURST; taken < 3 * RATE_BURST; taken++) {
    const id = client.send("one too many");
    const error = await client.next((frame) => frame.id === id);
    if (error.type !== "error") continue;
    const regained = (RATE_PER_SECOND * (performance.now() - began)) / 1_000;
    assert.ok(taken <= RATE_BURST + regained, `${taken} taken, ${regained} regained`);
    return { error, id, taken };
  }
  return assert.fail("never refused");
}

test("the tenth bad frame in a row closes 4400, each answered", async () => {
  const { mallory, alice } = await pair("ten-bad");
  await mallory.say("acknowledged before");
  for (let n = 0; n < 10; n++) mallory.writeRaw("no JSON");
  await assertThrownOut(mallory, alice, 4400);
  const errors = mallory.frames.filter(({ type }) => type === "error");
  assert.ok(errors.length === 9 || errors.length === 10, `${errors.length} errors`);
  assert.ok(errors.every((error) => error.code === "bad_frame"));
  assert.deepEqual(alice.log.map(({ text }) => text), ["acknowledged before", "I am still here"]);
});

test("nine bad frames and a good one, again and again, are borne", async () => {
  const { mallory, alice } = await pair("nine-bad");
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 9; n++) mallory.write({ type: "fly" });
    mallory.write({ type: "history", limit: 1 });
    await mallory.next("history");
  }
  assert.ok(mallory.isOpen);
  await fence(mallory, alice);
});

test("ten bad frames before joining close 4400 too", async () => {
  const alice = await Client.join(server, "ten-unjoined", "Alice");
  const lurker = await Client.connect(server, "ten-unjoined");
  for (let n = 0; n < 10; n++) lurker.writeRaw("no JSON");
  assert.equal((await lurker.closed()).code, 4400);
  await fence(alice);
});

test("over the rate: refused with a time to wait, not stored, and right after that time", async () => {
  const { mallory, alice } = await pair("rate");
  const { error, id, taken } = await overTheRate(mallory);
  assert.deepEqual([error.code, error.temporary, error.id], ["rate_limited", true, id]);
  assert.ok(Number.isInteger(error.retry_after_ms) && error.retry_after_ms > 0 && error.retry_after_ms <= 500, error.retry_after_ms);
  await fence(alice, mallory);
  assert.ok(!alice.log.some((message) => message.id === id));
  await new Promise((resolve) => setTimeout(resolve, error.retry_after_ms)); // the server named this time
  assert.equal((await mallory.say("one too many", { id })).seq, taken + 2, "after the fence");
});

test("the rate is the member's, whatever the number of connections", async () => {
  const { mallory, alice } = await pair("rate-tabs");
  const tab = await Client.join(server, "rate-tabs", "Mallory", { session: mallory.welcome.session });
  const began = performance.now();
  const halves = Array.from({ length: 5 }, (_, n) => [mallory.send(`message ${n}`), tab.send(`and ${n}`)]).flat();
  await mallory.until(() => halves.every((id) => mallory.log.some((message) => message.id === id)));
  const { error, taken } = await overTheRate(tab, halves.length, began);
  assert.equal(error.code, "rate_limited");
  assert.equal((await alice.say("mine is my own")).seq, taken + 1);
});

test("twenty refusals in a row close 4429", async () => {
  const { mallory, alice } = await pair("twenty");
  for (let n = 0; n < 60; n++) mallory.send(`spam ${n}`);
  await assertThrownOut(mallory, alice, 4429);
  const errors = mallory.frames.filter(({ type }) => type === "error");
  assert.ok(errors.every((error) => error.code === "rate_limited" && error.temporary === true));
  assert.ok(alice.log.length < 60);
});

test("who does not join in time is closed 4408; who joined stays", async () => {
  const alice = await Client.join(server, "no-join", "Alice");
  const started = performance.now();
  const lurker = await Client.connect(server, "no-join");
  // Talking is not joining. (One who says nothing at all is not told either: workerd delivers the
  // close of a hibernatable socket only if something ever came in on it.)
  lurker.write({ type: "history" });
  assert.equal((await lurker.closed()).code, 4408);
  assert.ok(performance.now() - started >= JOIN_TIMEOUT_MS - 50);
  await fence(alice);
  assert.deepEqual(alice.frames.map(({ type }) => type), ["welcome", "message"]);
});

test("a frame over 64 KiB closes 1009; one of 64 KiB does not", async () => {
  const { mallory, alice } = await pair("big");
  const frame = (/** @type {number} */ bytes) => {
    const empty = JSON.stringify({ type: "send", id: "x", text: "" });
    return empty.replace(`""`, `"${"x".repeat(bytes - empty.length)}"`);
  };
  mallory.writeRaw(frame(65_536));
  assert.equal((await mallory.next("error")).code, "text_too_long");
  mallory.writeRaw(frame(65_537));
  await assertThrownOut(mallory, alice, 1009);
});

test("64 KiB are counted in bytes, not in characters", async () => {
  const { mallory, alice } = await pair("big-euro");
  mallory.send("\u20ac".repeat(22_000));
  await assertThrownOut(mallory, alice, 1009);
});

test("a frame of a megabyte closes the connection and nothing else", async () => {
  const { mallory, alice } = await pair("megabyte");
  mallory.writeRaw("x".repeat(1_048_577));
  await assertThrownOut(mallory, alice, 1009);
});

test("a binary frame closes 1003", async () => {
  const { mallory, alice } = await pair("binary");
  mallory.writeRaw(Buffer.from(JSON.stringify({ type: "send", id: "x", text: "hello" })));
  await assertThrownOut(mallory, alice, 1003);
});

test("a binary frame before joining closes 1003", async () => {
  const lurker = await Client.connect(server, "binary-unjoined");
  lurker.writeRaw(Buffer.from([0, 255]));
  assert.equal((await lurker.closed()).code, 1003);
});

test("a full room refuses the upgrade with 503, and lets in again when someone left", async () => {
  const room = "full";
  const alice = await Client.join(server, room, "Alice");
  const bob = await Client.join(server, room, "Bob");
  const tab = await Client.join(server, room, "Bob", { session: bob.welcome.session }); // connections count, not members
  const refusal = await Client.connect(server, room).catch((error) => error);
  assert.ok(refusal instanceof UpgradeRefused);
  assert.deepEqual([refusal.answer.status, refusal.answer.json.error.code], [503, "room_full"]);
  await fence(alice, bob, tab);
  assert.ok(!alice.frames.some(({ type }) => type === "left"));
  await (await Client.join(server, "not-full", "Dave")).close();
  await bob.close();
  const carol = await Client.join(server, room, "Carol");
  await fence(carol, alice, tab);
});

test("a full room that was thrown out of memory is still full", async () => {
  const room = "full-asleep";
  const alice = await Client.join(server, room, "Alice");
  await Client.join(server, room, "Bob");
  await Client.join(server, room, "Carol");
  await server.evict(room);
  assert.equal((await server.upgrade(`/${room}`)).status, 503);
  await fence(alice);
});

test("a flood does not keep others waiting until it is over", async () => {
  const alice = await Client.join(server, "flooded", "Alice");
  const raw = await RawSocket.connect(server.port, "/flooded");
  raw.write(rawFrame(TEXT, JSON.stringify({ type: "join", name: "Mallory" })));
  await alice.next("joined");
  // The room ends the connection after thirty frames, but the platform hands it what else there is: all that a
  // kernel keeps, and what comes while that is taken in.
  const frame = rawFrame(TEXT, JSON.stringify({ type: "send", id: "again", text: "x" }));
  const frames = Buffer.concat(Array.from({ length: 1_000 }, () => frame));
  let written = 0;
  const flood = () =>
    raw.tcp.write(frames, (error) => {
      written += 1_000;
      if (!error) flood();
    });
  flood();
  await alice.next("message");
  const before = written;
  for (let n = 0; n < 5; n++) await alice.say("I am still here");
  raw.tcp.destroy();
  assert.ok(written - before < 10_000, `while Alice spoke five times, ${written - before} frames of the flood were taken in`);
});

test("pings are answered beside a message as ever, and a flood of them ends 4429", async () => {
  const alice = await Client.join(server, "pings", "Alice");
  const raw = await RawSocket.connect(server.port, "/pings");
  const text = (/** @type {object} */ frame) => rawFrame(TEXT, JSON.stringify(frame));
  const ping = text({ type: "ping" });
  const pongs = () => raw.texts.filter((it) => it === '{"type":"pong"}').length;
  raw.write(text({ type: "join", name: "Mallory" }));
  await raw.until(() => raw.texts.some((it) => it.includes("welcome")), "a welcome");
  raw.write(Buffer.concat([text({ type: "send", id: "1", text: "beside it" }), ping, ping, ping]));
  await raw.until(() => pongs() === 3 && raw.texts.some((it) => it.includes("beside it")), "three pongs and the echo");
  const flood = Buffer.concat(Array.from({ length: 20_000 }, () => ping));
  const said = ["beside it"];
  while (!raw.ended && !raw.frames.some(({ opcode }) => opcode === CLOSE) && said.length < 10) {
    raw.write(flood);
    await alice.say(`meanwhile ${said.length}`);
    said.push(`meanwhile ${said.length}`);
  }
  assert.equal(await raw.closeCode(), 4429);
  await alice.next("left");
  assert.deepEqual(alice.log.map(({ text: line }) => line), said);
  await alice.close();
  raw.tcp.destroy();
});
