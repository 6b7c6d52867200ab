// @ts-check
/**
 * What a message costs, counted and not timed: calls from WebAssembly to JavaScript, frames, rows. Fixed scripts
 * against values that were recorded when they were last made smaller; a change that makes them larger fails here.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { works, worksSoFar } from "./crossings.js";
import { Client, startServer, UNHURRIED } from "./harness.js";

/** Calls from WebAssembly to JavaScript, recorded with 5 and with 25 members alike. */
const RECORDED = { forMessage: 7, forFlush: 22, forBoth: 26 };
/** So long that a room is quiet (src/limits.rs, QUIET_MS), also by the clock of a workerd that a loaded machine holds up. */
const QUIET_MS = 250;
/** More than reports to the lobby in that time, the timer of which costs the next message two calls. */
const QUIET_MESSAGES = 5;
/** A burst of 64 leaves in at most so many flushes: one that finds the room quiet, the rest by 32 and what is left. */
const BURST = { messages: 64, flushesMax: 8 };
const MESSAGES = 20;
/** Far above src/limits.rs, REPORT_GAP_MS_MAX. */
const REPORT_MS = 30_000;
/** Generous for a loaded machine. */
const LOGS_MS_MAX = 20_000;

test("a message and a flush cross to JavaScript as often as recorded, however many members there are", async (t) => {
  for (const members of [5, 25]) {
    const server = await startServer({ vars: UNHURRIED, counted: true });
    t.after(() => server.close());
    const all = await room(server, members);
    const [speaker] = all;
    assert.ok(speaker);
    const before = await worksSoFar(server);
    for (let at = 0; at < MESSAGES; at++) await speaker.say(`message ${at}`);
    await seen(server, before, (work) => work.filter(isFlush).length >= MESSAGES);
    const work = works(server.logs).slice(before);
    assert.equal(work.filter((one) => one.in === "message").length, MESSAGES);
    // The first may find the room quiet, and is its own flush.
    const messages = work.filter((one) => one.in === "message" && one.sends === 0);
    const flushes = work.filter((one) => one.in === "timer" && isFlush(one));
    assert.ok(flushes.every((one) => one.sends === members), "a flush is one frame for each member");
    const [forMessage, forFlush] = [median(messages.map((one) => one.crossings)), median(flushes.map((one) => one.crossings))];
    t.diagnostic(`${members} members: ${forMessage} crossings for a message, ${forFlush} for a flush`);
    assert.ok(forMessage <= RECORDED.forMessage, `${forMessage} crossings for a message, ${RECORDED.forMessage} recorded`);
    assert.ok(forFlush <= RECORDED.forFlush, `${forFlush} crossings for a flush, ${RECORDED.forFlush} recorded`);
  }
});

test("a message in a quiet room leaves within its own event", async (t) => {
  const server = await startServer({ vars: UNHURRIED, counted: true });
  t.after(() => server.close());
  const all = await room(server, 5);
  const [speaker] = all;
  assert.ok(speaker);
  const before = await worksSoFar(server);
  for (let at = 0; at < QUIET_MESSAGES; at++) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    await speaker.say(`message ${at}`);
  }
  await seen(server, before, (work) => work.filter(isFlush).length >= QUIET_MESSAGES);
  const flushes = works(server.logs).slice(before).filter(isFlush);
  assert.deepEqual(flushes.map((one) => [one.in, one.sends]), Array(QUIET_MESSAGES).fill(["message", all.length]));
  const each = flushes.map((one) => one.crossings);
  const crossings = Math.min(...each);
  t.diagnostic(`${each.join(", ")} crossings`);
  assert.ok(crossings <= RECORDED.forBoth, `${crossings} crossings, ${RECORDED.forBoth} recorded`);
});

test("a message that comes alone is one row written over the one before", async (t) => {
  const server = await startServer({ vars: UNHURRIED });
  t.after(() => server.close());
  const [speaker, listener] = await room(server, 2);
  assert.ok(speaker && listener);
  await speaker.say("the first");
  const before = await metricsAt(server, 1);
  for (let at = 0; at < MESSAGES; at++) await speaker.say(`message ${at}`);
  const after = await metricsAt(server, 1 + MESSAGES);
  const grown = (/** @type {string} */ name) => (after[name] ?? NaN) - (before[name] ?? NaN);
  assert.equal(grown("parlor_rows_written_total"), MESSAGES);
  assert.equal(grown("parlor_rows_read_total"), MESSAGES, "the row that is written over");
  assert.equal(grown("parlor_frames_received_total"), MESSAGES);
  assert.equal(grown("parlor_fanout_frames_total"), MESSAGES * 2);
});

test("a burst shares its frames and rows", async (t) => {
  const server = await startServer({ vars: UNHURRIED, counted: true });
  t.after(() => server.close());
  const all = await room(server, 3);
  const [speaker] = all;
  assert.ok(speaker);
  const before = await worksSoFar(server);
  const ids = Array.from({ length: BURST.messages }, (_, at) => speaker.send(`burst ${at}`));
  await Promise.all(all.map((one) => one.until(() => one.frames.some((frame) => frame.id === ids.at(-1)))));
  await seen(server, before, (work) => work.filter(isFlush).length > 0);
  const flushes = works(server.logs).slice(before).filter(isFlush);
  t.diagnostic(`${BURST.messages} messages in ${flushes.length} flushes`);
  assert.ok(flushes.length <= BURST.flushesMax, `${flushes.length} flushes`);
});

/** A room of so many, in which everybody has heard of everybody. @param {import("./harness.js").Server} server @param {number} members */
async function room(server, members) {
  /** @type {Client[]} */
  const all = [];
  for (let at = 0; at < members; at++) all.push(await Client.join(server, "economy", `Member ${at}`));
  const last = all.at(-1);
  const told = (/** @type {Client} */ one) => one.frames.some((frame) => frame.type === "joined" && frame.member.id === last?.you.id);
  for (const one of all.slice(0, -1)) await one.until(() => told(one));
  return all;
}

/** Whether this told everybody: a message in a quiet room, else the room's timer. @param {import("./crossings.js").Work} work */
function isFlush(work) {
  return work.sends > 0;
}

/** Logs come a little later than frames. @param {import("./harness.js").Server} server @param {number} before @param {(work: import("./crossings.js").Work[]) => boolean} complete */
async function seen(server, before, complete) {
  const deadline = performance.now() + LOGS_MS_MAX;
  while (!complete(works(server.logs).slice(before))) {
    if (performance.now() > deadline) throw new Error(`the worker's logs don't come:\n${server.logs.slice(-5).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The metrics once they know of so many messages. @param {import("./harness.js").Server} server @param {number} messages @returns {Promise<Record<string, number>>} */
async function metricsAt(server, messages) {
  const deadline = performance.now() + REPORT_MS;
  for (;;) {
    const { text } = await server.request("/metrics");
    const samples = text.split("\n").filter((line) => /^\w+ /.test(line)).map((line) => line.split(" "));
    const metrics = Object.fromEntries(samples.map(([name, value]) => [name, Number(value)]));
    if (metrics.parlor_messages_total === messages) return metrics;
    if (performance.now() > deadline) throw new Error(`the lobby knows of ${metrics.parlor_messages_total} messages`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @param {number[]} values */
function median(values) {
  return values.sort((one, two) => one - two)[values.length >> 1] ?? NaN;
}
