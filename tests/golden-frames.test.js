// @ts-check
/**
 * What the real server says has the fields of the golden frames, no more and no less, and of the
 * same types; what they call malformed is refused. (Rust checks the values: src/protocol/v1.rs.)
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

const golden = JSON.parse(readFileSync(new URL("frames/parlor.v1.json", import.meta.url), "utf8"));
const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/** The form of a value: its fields and their types. A list's form is that of its first entry. @param {any} value @returns {unknown} */
function form(value) {
  if (Array.isArray(value)) return value.slice(0, 1).map(form);
  if (value === null || typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, form(value[key])]));
}

/** @param {any} frame @param {string} name */
function assertGolden(frame, name) {
  assert.deepEqual(form(frame), form(golden.server[name]), name);
}

test("the server's frames have the golden form", async () => {
  const ada = await Client.join(server, "golden", "Ada");
  const bo = await Client.join(server, "golden", "Bo");
  assertGolden(await ada.next("joined"), "joined");
  const tea = await bo.say("tea?");
  assertGolden(tea, "message");
  assertGolden(await ada.say("yes", { reply_to: tea.seq }), "reply");
  assertGolden((await Client.join(server, "golden", "Cy")).welcome, "welcome");
  bo.write({ type: "typing", on: true });
  assertGolden(await ada.next("typing"), "typing");
  ada.write({ type: "rename", name: "Countess" });
  assertGolden(await ada.next("renamed"), "renamed");
  ada.write({ type: "history", after: 0, limit: 1 });
  assertGolden(await ada.next("history"), "history");
  ada.send(" ");
  assertGolden(await ada.next("error"), "error");
  bo.socket.close();
  assertGolden(await ada.next("left"), "left");
});

test("before joining, errors and pongs have the golden form", async () => {
  const lurker = await Client.connect(server, "golden-lurker");
  lurker.write({ type: "history" });
  assertGolden(await lurker.next("error"), "error_join");
  lurker.writeRaw(JSON.stringify(golden.client.ping));
  assertGolden(await lurker.next("pong"), "pong");
});

test("the clients' golden frames are taken", async () => {
  const { join, join_again, join_nulls, ping, report, delete: remove, ...rest } = golden.client;
  const { remove: expel, ban, unban, mute, unmute, lock, slow_mode, clear, ...others } = rest;
  const orders = [remove, expel, ban, unban, mute, unmute, lock, slow_mode, clear];
  for (const hello of [join, join_again, join_nulls]) {
    const client = await Client.connect(server, "golden-clients");
    client.write(hello);
    client.welcome = await client.next("welcome");
    assert.equal(client.you.name, "Ada");
    for (const frame of Object.values(others)) client.write(frame);
    await fence(client);
    assert.deepEqual(client.frames.filter(({ type }) => type === "error"), []);
    for (const order of orders) client.write(order);
    client.write(report);
    await client.next("reported");
    const codes = client.frames.filter(({ type }) => type === "error").map(({ code }) => code);
    assert.deepEqual(codes, orders.map(() => "forbidden"), "read, and refused to whoever is no moderator");
  }
});

test("what the golden frames call malformed is a bad frame, and nothing else happens", async () => {
  const alice = await Client.join(server, "golden-malformed", "Alice");
  const mallory = await Client.join(server, "golden-malformed", "Mallory");
  for (const frame of golden.malformed) {
    mallory.writeRaw(frame);
    assert.equal((await mallory.next("error")).code, "bad_frame", frame);
    mallory.write({ type: "typing", on: false }); // a good one, so that they are not ten in a row
  }
  await fence(alice);
  assert.deepEqual(alice.log.length, 1);
});
