// @ts-check
// The golden frames, which the Rust tests read too: the page sends the clients' and takes the server's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Timeline } from "../../public/page/timeline.js";
import { openRoom } from "./fake-room.js";

const golden = JSON.parse(readFileSync(new URL("../frames/parlor.v1.json", import.meta.url), "utf8"));
const { server, client } = golden;

test("sends the golden frames of a client", () => {
  const room = openRoom({ after: () => (room.sockets.length > 1 ? client.join_again.after : undefined) });
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [client.join]);
  room.say(server.welcome);
  room.connection.send(client.send);
  room.connection.typing(true);
  room.connection.rename("Countess");
  room.connection.history({});
  room.connection.history({ before: 65, limit: 200 });
  room.connection.history({ after: 0 });
  room.connection.check();
  const { send, typing, rename, history, history_before, history_after, ping } = client;
  assert.deepEqual(room.socket.sent.slice(1), [send, typing, rename, history, history_before, history_after, ping]);
  room.drop(1006);
  room.clock.pass(500);
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [client.join_again]);
});

test("takes the golden frames of the server", () => {
  const timeline = new Timeline();
  const room = openRoom();
  room.socket.onopen?.({});
  for (const frame of Object.values(server)) room.say(frame);
  assert.deepEqual(room.events("error"), [[server.error_join]], "the others answer sends");
  const gaps = room.events("frame").map(([frame]) => timeline.fold(frame, 0).gap);
  assert(!gaps.includes(true));
  assert.deepEqual(timeline.messages, server.welcome.messages);
  assert.deepEqual(timeline.you, server.renamed.member);
  assert.equal(timeline.member_count, 1);
  assert.equal(timeline.more, false);
});

test("a malformed character is mended before it makes a frame that the server can't read", () => {
  const room = openRoom();
  room.say(server.welcome);
  room.connection.send({ id: "a", text: "half \ud83d" });
  assert.deepEqual(room.sent("send"), [{ type: "send", id: "a", text: "half \ufffd" }]);
});
