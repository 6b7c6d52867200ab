// @ts-check
// The connection's promises, against a room played by the test and a clock turned by it.

import assert from "node:assert/strict";
import test from "node:test";
import { BO, message, openRoom, welcome } from "./fake-room.js";

test("joins by name in the dialect parlor.v1, and is live once welcomed", () => {
  const room = openRoom();
  assert.equal(room.socket.url, "wss://parlor.example/tea");
  assert.deepEqual(room.socket.protocols, ["parlor.v1"]);
  assert.deepEqual(room.events("state"), [], "no listener is called inside connect");
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [{ type: "join", name: "Ada" }]);
  room.say(welcome());
  assert.equal(room.connection.state.phase, "live");
  assert.deepEqual(room.events("frame"), [[welcome()]]);
});

test("takes up an earlier page's session and position", () => {
  const room = openRoom({ session: () => "kept", after: () => ({ epoch: "e1", seq: 7 }) });
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [{ type: "join", name: "Ada", session: "kept", after: { epoch: "e1", seq: 7 } }]);
});

test("rejoins with the session and the name that the room gave", () => {
  const room = openRoom();
  room.welcome();
  room.say({ type: "renamed", member: { id: 1, name: "Countess", color: "#123456" }, member_count: 1 });
  room.drop(1006);
  room.clock.pass(500);
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [{ type: "join", name: "Countess", session: "session-1" }]);
});

test("opens batches, ignores what it does not know", () => {
  const room = openRoom();
  room.welcome();
  room.say({ type: "batch", frames: [message(1), { type: "confetti" }, null, 7, message(2, { text: "two" })] });
  room.say({ type: "novelty" });
  room.socket.onmessage?.({ data: "not JSON" });
  room.socket.onmessage?.({ data: "null" });
  assert.deepEqual(room.events("frame").slice(1).map(([frame]) => frame.seq), [1, 2]);
});

test("ignores what a socket says after it was given up", () => {
  const room = openRoom();
  room.welcome();
  const old = room.socket;
  const { onmessage } = old;
  room.connection.resync();
  assert.equal(old.isClosed, true);
  assert.equal(old.onmessage, null);
  onmessage?.({ data: JSON.stringify(message(1)) });
  assert.equal(room.events("frame").length, 1);
});

test("leaves the rest of a batch after a listener asked to resync", () => {
  /** @type {number[]} */
  const seen = [];
  const room = openRoom({
    on: {
      frame(frame) {
        if (frame.type !== "message") return;
        seen.push(frame.seq);
        room.connection.resync();
      },
    },
  });
  room.welcome();
  room.say({ type: "batch", frames: [message(5), message(6)] });
  assert.deepEqual(seen, [5]);
});

test("backs off with full jitter between nothing and a doubling ceiling of 30 s", () => {
  for (const random of [0, 0.25, 0.999]) {
    const room = openRoom({ random: () => random });
    for (const ceiling_ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]) {
      room.drop(1006);
      const { state } = room.connection;
      assert(state.phase === "waiting");
      const wait_ms = state.until_ms - room.clock.now();
      assert.equal(wait_ms, Math.floor(random * ceiling_ms));
      room.clock.pass(wait_ms);
      assert.equal(room.connection.state.phase, "connecting");
    }
  }
});

test("a link that lasted starts the backoff anew, one that did not goes on with it", () => {
  const room = openRoom();
  const waits_ms = [0, 0, 15_000].map((lived_ms) => {
    room.welcome();
    room.clock.pass(lived_ms);
    room.drop(1006);
    const wait_ms = room.clock.next_ms ?? 0;
    room.clock.pass(wait_ms);
    return wait_ms;
  });
  assert.deepEqual(waits_ms, [500, 1_000, 500]);
});

for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 4408, 4999]) {
  test(`close ${code}: comes back`, () => {
    const room = openRoom();
    room.welcome();
    room.drop(code);
    room.clock.pass(500);
    assert.equal(room.sockets.length, 2);
    assert.deepEqual(room.connection.state, { phase: "connecting", retry: true });
  });
}

for (const code of [1003, 1009, 4400, 4401, 4403]) {
  test(`close ${code}: stops and says why`, () => {
    const room = openRoom();
    room.welcome();
    room.drop(code, "because");
    assert.deepEqual(room.connection.state, { phase: "stopped", code, reason: "because" });
    room.connection.retryNow();
    room.connection.online();
    room.clock.pass(3_600_000);
    assert.equal(room.sockets.length, 1);
  });
}

test("close 4429: waits 30 s, and nothing shortens that", () => {
  const room = openRoom({ random: () => 0 });
  room.welcome();
  room.drop(4429);
  room.connection.retryNow();
  room.clock.pass(29_999);
  assert.equal(room.sockets.length, 1);
  room.clock.pass(1);
  assert.equal(room.sockets.length, 2);
});

test("a name refused at the door stops with the reason", () => {
  const room = openRoom();
  room.socket.onopen?.({});
  room.say({ type: "error", code: "bad_name", message: "Too long.", temporary: false });
  assert.deepEqual(room.connection.state, { phase: "stopped", code: "bad_name", reason: "Too long." });
  assert.equal(room.socket.isClosed, true);
});

test("no welcome within 10 s: tries again", () => {
  const room = openRoom();
  room.socket.onopen?.({});
  room.clock.pass(9_999);
  assert.equal(room.connection.state.phase, "connecting");
  room.clock.pass(1);
  assert.equal(room.connection.state.phase, "waiting");
});

test("pings after 25 s of silence with the exact text; 10 s without an answer end the link", () => {
  const room = openRoom();
  room.welcome();
  room.clock.pass(24_999);
  assert.equal(room.sent("ping").length, 0);
  room.clock.pass(1);
  assert.deepEqual(room.sent("ping"), [{ type: "ping" }]);
  room.say({ type: "pong" });
  room.clock.pass(25_000);
  assert.equal(room.sent("ping").length, 2);
  room.clock.pass(9_999);
  assert.equal(room.connection.state.phase, "live");
  room.clock.pass(1);
  assert.equal(room.connection.state.phase, "waiting");
});

test("check() finds out about a dead link at once", () => {
  const room = openRoom();
  room.welcome();
  room.connection.check();
  assert.equal(room.sent("ping").length, 1);
  room.clock.pass(10_000);
  assert.equal(room.connection.state.phase, "waiting");
});

test("offline waits for online, then comes back at once", () => {
  const room = openRoom();
  room.welcome();
  room.connection.offline();
  assert.deepEqual(room.connection.state, { phase: "offline" });
  room.clock.pass(3_600_000);
  assert.equal(room.sockets.length, 1);
  room.connection.online();
  assert.equal(room.sockets.length, 2);
});

test("close() closes for good", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ text: "unsent" });
  room.connection.close();
  assert.equal(room.socket.isClosed, true);
  room.connection.online();
  room.connection.offline();
  room.connection.retryNow();
  room.clock.pass(3_600_000);
  assert.deepEqual(room.connection.state, { phase: "closed" });
  assert.equal(room.sockets.length, 1);
});

test("a send made before the welcome goes out after it", () => {
  const room = openRoom();
  const id = room.connection.send({ text: "early" });
  assert.match(id, /^[\w-]{22}$/);
  room.welcome();
  assert.deepEqual(room.sent("send"), [{ type: "send", id, text: "early" }]);
});

test("sends one at a time, the next once the one before is acknowledged", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "first" });
  room.connection.send({ id: "b", text: "second", reply_to: 3 });
  assert.deepEqual(room.sent("send").map(({ id }) => id), ["a"]);
  room.say({ type: "batch", frames: [message(1, { id: "a" })] });
  assert.deepEqual(room.events("acknowledged"), [["a"]]);
  assert.deepEqual(room.sent("send")[1], { type: "send", id: "b", text: "second", reply_to: 3 });
});

test("repeats an unacknowledged send with its id after a reconnect", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "hello" });
  room.drop(1006);
  room.clock.pass(500);
  room.welcome({ recovered: true });
  assert.deepEqual(room.sent("send"), [{ type: "send", id: "a", text: "hello" }]);
});

test("does not repeat a send that the welcome shows to be stored", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "hello" });
  room.drop(1006);
  room.clock.pass(500);
  room.welcome({ recovered: true, head: 1, messages: [message(1, { id: "a" })] });
  assert.deepEqual(room.sent("send"), []);
  assert.deepEqual(room.events("acknowledged"), [["a"]]);
});

test("no echo within 10 s: sends the same again, and gives up after five tries", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "hello" });
  room.connection.send({ id: "b", text: "next" });
  for (let tries = 1; tries <= 5; tries += 1) {
    assert.equal(room.sent("send").filter(({ id }) => id === "a").length, tries);
    assert.deepEqual(room.events("failed"), []);
    room.clock.pass(5_000);
    room.say({ type: "pong" }); // the link itself is alive
    room.clock.pass(5_000);
  }
  assert.deepEqual(room.events("failed").map(([send, why]) => [send.id, why.code]), [["a", "no_answer"]]);
  assert.equal(room.sent("send").at(-1).id, "b");
});

test("rate_limited: waits as told, sends the same id again, in order", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "one" });
  room.connection.send({ id: "b", text: "two" });
  for (let refusals = 1; refusals <= 30; refusals += 1) {
    room.say({ type: "error", code: "rate_limited", message: "Slow down.", temporary: true, retry_after_ms: 400, id: "a" });
    room.clock.pass(399);
    assert.equal(room.sent("send").length, refusals);
    room.clock.pass(1);
  }
  assert(room.sent("send").every(({ id }) => id === "a"));
  room.say(message(1, { id: "a" }));
  assert.equal(room.sent("send").at(-1).id, "b");
  assert.deepEqual(room.events("failed"), []);
});

test("a send refused for good fails with the reason, the next one goes on", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "x" });
  room.connection.send({ id: "b", text: "y" });
  room.say({ type: "error", code: "id_conflict", message: "No.", temporary: false, id: "a" });
  assert.deepEqual(room.events("failed"), [[{ id: "a", text: "x" }, { code: "id_conflict", message: "No." }]]);
  assert.deepEqual(room.events("error"), [], "the sender of a line is told once");
  assert.equal(room.sent("send").at(-1).id, "b");
});

test("a line that fails the room again and again is given up", () => {
  const room = openRoom({ random: () => 0 });
  room.connection.send({ id: "a", text: "poison" });
  for (let faults = 1; faults <= 5; faults += 1) {
    room.welcome();
    assert.equal(room.sent("send").length, 1);
    room.drop(1011);
    room.clock.pass(0);
  }
  assert.deepEqual(room.events("failed").map(([send]) => send.id), ["a"]);
  room.welcome();
  assert.equal(room.sent("send").length, 0);
});

test("a frame over the server's limit is refused here: sent, it would end the connection", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "é".repeat(40_000) });
  assert.deepEqual(room.sent("send"), []);
  assert.equal(room.events("failed")[0]?.[1].code, "text_too_long");
});

test("where the connection ended for good, sends fail instead of waiting for ever", () => {
  const room = openRoom();
  room.welcome();
  room.connection.send({ id: "a", text: "x" });
  room.drop(4403);
  room.connection.send({ id: "b", text: "y" });
  assert.deepEqual(room.events("failed").map(([send, why]) => [send.id, why.code]), [["a", "disconnected"], ["b", "disconnected"]]);
});

test("not_joined on a live link: joins again", () => {
  const room = openRoom();
  room.welcome();
  room.say({ type: "error", code: "not_joined", message: "Join first.", temporary: false });
  assert.equal(room.connection.state.phase, "waiting");
});

test("typing, rename and history go out when live, and say so when they can't", () => {
  const room = openRoom();
  assert.equal(room.connection.typing(true), false);
  assert.equal(room.connection.rename("Bo"), false);
  assert.equal(room.connection.history({ before: 9 }), false);
  room.welcome({ members: [BO] });
  assert.equal(room.connection.typing(true), true);
  assert.equal(room.connection.rename("Bo"), true);
  assert.equal(room.connection.history({ before: 9 }), true);
  assert.deepEqual(room.socket.sent.slice(1), [
    { type: "typing", on: true },
    { type: "rename", name: "Bo" },
    { type: "history", before: 9 },
  ]);
});
