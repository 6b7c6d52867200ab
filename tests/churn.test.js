// @ts-check
/**
 * A day of coming and going must leave nothing behind: WebAssembly's memory, which all rooms of an isolate share
 * and which never shrinks, is as large after many connections, messages and evictions as after the first few.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { works } from "./crossings.js";
import { Client, startServer, UNHURRIED } from "./harness.js";

const DAYS = 6;
const CONNECTIONS_A_DAY = 100;
/** Of two segments: src/limits.rs, SEGMENT_MESSAGES_MAX. */
const SEGMENTS_MESSAGES = 128;
/** A page of WebAssembly: 500 connections that left 130 bytes each behind would need another. */
const PAGE_BYTES = 64 * 1024;
/** Rooms thrown out and left in memory would be a megabyte, a full segment each. */
const EVICTIONS = 30;
/** One that was thrown out is freed when JavaScript collects what held it, which is left to chance otherwise; see crossings.js. */
process.env.MINIFLARE_WORKERD_V8_FLAGS = "--expose-gc";

test("connections that came and went, messages and evictions leave no memory behind", async (t) => {
  const server = await startServer({ vars: UNHURRIED, counted: true });
  t.after(() => server.close());
  // A room's memory grows with its newest segment, until that is full.
  const host = await Client.join(server, "churn", "Host");
  for (let at = 0; at < SEGMENTS_MESSAGES; at++) host.send(`before, ${at}`);
  await host.say("and now");
  await host.close();
  /** @type {number[]} */
  const sizes = [];
  for (let day = 0; day < DAYS; day++) {
    for (let at = 0; at < CONNECTIONS_A_DAY; at += 10) {
      const guests = await Promise.all(Array.from({ length: 10 }, (_, guest) => Client.join(server, "churn", `Guest ${guest}`)));
      await guests[0]?.say(`day ${day}, ${at}`);
      await Promise.all(guests.map((guest) => guest.close()));
    }
    sizes.push(await say(server, `the end of day ${day}`));
  }
  t.diagnostic(`WebAssembly's memory by day: ${sizes.map((size) => `${size / 1024} KiB`).join(", ")}`);
  const [first, last] = [sizes[0] ?? NaN, sizes.at(-1) ?? NaN];
  assert.ok(last - first <= PAGE_BYTES, `grew by ${(last - first) / 1024} KiB in ${DAYS - 1} days`);
  let size = last;
  for (let at = 0; at < EVICTIONS; at++) {
    await server.evict("churn");
    size = await say(server, `after eviction ${at}`);
  }
  t.diagnostic(`after ${EVICTIONS} evictions: ${size / 1024} KiB`);
  assert.ok(size - last <= PAGE_BYTES, `grew by ${(size - last) / 1024} KiB in ${EVICTIONS} evictions`);
});

/** Says something, alone. Returns how large WebAssembly's memory is then. @param {import("./harness.js").Server} server @param {string} text */
async function say(server, text) {
  const guest = await Client.join(server, "churn", "The last");
  await guest.say(text);
  await guest.close();
  return works(server.logs).at(-1)?.memory ?? NaN;
}
