// @ts-check
// The golden frames, which the Rust tests read too: the client sends the clients' and takes the server's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { openRoom } from "./fake-room.js";

const golden = JSON.parse(readFileSync(new URL("../frames/parlor.v1.json", import.meta.url), "utf8"));
const { server, client } = golden;

test("sends the golden frames of a client", () => {
  const room = openRoom();
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [client.join]);
  room.say(server.welcome);
  room.client.send(client.send.text, { id: client.send.id });
  room.client.typing(true);
  room.client.rename("Countess");
  for (const range of [{}, { before: 65, limit: 200 }, { after: 0 }]) {
    room.client.history(range);
    room.say(server.history_empty);
  }
  const { report, remove, ban, unban, mute, unmute, lock, slow_mode, clear } = client;
  const orders = [client.delete, remove, ban, unban, mute, unmute, lock, slow_mode, clear];
  room.client.report(report.seq, report.reason);
  for (const order of orders) room.client.moderate(order);
  room.client.check();
  const { send, typing, rename, history, history_before, history_after, ping } = client;
  assert.deepEqual(room.socket.sent.slice(1), [send, typing, rename, history, history_before, history_after, report, ...orders, ping]);
  room.drop(1006);
  room.clock.pass(500);
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [client.join_again]);
});

test("takes the golden frames of the server", async () => {
  const room = openRoom();
  room.socket.onopen?.({});
  const page = room.client.history();
  const { welcome_rules, tombstone, ...once } = server; // a second welcome has no place in one connection
  for (const frame of Object.values(once)) room.say(frame);
  const { messages, more } = server.history;
  assert.deepEqual(await page, { messages, more });
  assert.deepEqual(room.events("error"), [[server.error_join]], "the others answer sends");
  const { messages: newest } = server.welcome;
  assert.deepEqual(room.events("reset"), [[{ messages: newest, more: false }], [{ messages: [], more: false }]], "cleared at the end");
  assert.deepEqual(room.client.position, { epoch: server.cleared.epoch, seq: 0 });
  assert.deepEqual(room.events("deleted"), [[[1]]]);
  const { type: _, ...rules } = server.rules;
  assert.deepEqual(room.events("rules"), [[{ locked: false, slow_mode_ms: 0 }], [rules]]);
  assert.deepEqual(room.events("record").length, 4);
  assert.deepEqual(room.events("reported"), [[2]]);
  assert.deepEqual(room.seqs, [], "all of them seen in the welcome");
  assert.deepEqual(room.events("members"), [server.welcome, server.joined, server.renamed, server.left, server.presence, server.presence_few].map((frame) => [frame]));
  assert.deepEqual(room.client.you, server.renamed.member);
  assert.equal(room.client.member_count, 1);
});

test("a malformed character is mended before it makes a frame that the server can't read", () => {
  const room = openRoom({ name: "A\ud83d" });
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [{ type: "join", name: "A\ufffd" }]);
  room.say(server.welcome);
  room.client.send("half \ud83d", { id: "a" });
  assert.deepEqual(room.sent("send"), [{ type: "send", id: "a", text: "half \ufffd" }]);
});
