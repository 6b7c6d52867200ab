// @ts-check
// The way to a room: joining, coming back by the table of close codes, finding dead links, closing.

import assert from "node:assert/strict";
import test from "node:test";
import { message, openRoom, welcome } from "./fake-room.js";

test("a room's URL may be of http or of ws, with a port and a query", () => {
  for (const [url, dialled] of [
    ["http://localhost:8787/tea", "ws://localhost:8787/tea?refusals=close"],
    ["wss://parlor.example/~a?token=t#part", "wss://parlor.example/~a?token=t&refusals=close"],
    ["https://parlor.example", "wss://parlor.example/?refusals=close"],
  ]) {
    assert.equal(openRoom({ url }).socket.url, dialled);
  }
});

test("joins by name in the dialect parlor.v1, and is live once welcomed", () => {
  const room = openRoom();
  assert.equal(room.socket.url, "wss://parlor.example/tea?refusals=close");
  assert.deepEqual(room.socket.protocols, ["parlor.v1"]);
  assert.deepEqual(room.eventNames, [], "no listener is called inside connect");
  room.socket.onopen?.({});
  assert.deepEqual(room.socket.sent, [{ type: "join", name: "Ada" }]);
  room.say(welcome());
  assert.equal(room.client.status.phase, "live");
  assert.deepEqual(room.events("welcome"), [[welcome()]]);
});

test("takes up an earlier page's session and position", () => {
  const room = openRoom({ session: "kept", after: { epoch: "e1", seq: 7 } });
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
  assert.deepEqual(room.socket.sent, [{ type: "join", name: "Countess", session: "session-1", after: { epoch: "e1", seq: 0 } }]);
});

test("opens batches, ignores what it does not know", () => {
  const room = openRoom();
  room.welcome();
  room.say({ type: "batch", frames: [message(1), { type: "confetti" }, null, 7, message(2, { text: "two" })] });
  room.say({ type: "novelty" });
  room.socket.onmessage?.({ data: "not JSON" });
  room.socket.onmessage?.({ data: "null" });
  assert.deepEqual(room.seqs, [1, 2]);
});

test("ignores what a socket says after it was given up", () => {
  const room = openRoom();
  room.welcome();
  const old = room.socket;
  const { onmessage } = old;
  room.client.offline();
  assert.equal(old.isClosed, true);
  assert.equal(old.onmessage, null);
  onmessage?.({ data: JSON.stringify(message(1)) });
  assert.deepEqual(room.seqs, []);
});

test("leaves the rest of a batch after a listener hung up", () => {
  const room = openRoom();
  room.welcome();
  room.client.on("message", () => room.client.close());
  room.say({ type: "batch", frames: [message(1), message(2)] });
  assert.deepEqual(room.seqs, [1]);
  assert.equal(room.client.position?.seq, 1);
});

test("leaves the rest of what was missed after a listener hung up", () => {
  const room = openRoom({ after: { epoch: "e1", seq: 0 } });
  const off = room.client.on("message", () => {
    off();
    room.client.offline();
  });
  room.client.send("mine");
  room.welcome({ recovered: true, head: 2, messages: [message(1), message(2)] });
  assert.deepEqual(room.seqs, [1]);
  assert.deepEqual(room.sent("send"), []);
  room.client.online();
  room.socket.onopen?.({});
  assert.deepEqual(room.sent("join")[0].after, { epoch: "e1", seq: 1 });
  room.say(welcome({ recovered: true, head: 2, messages: [message(2)] }));
  assert.deepEqual(room.seqs, [1, 2]);
  assert.equal(room.sent("send").length, 1);
});

test("a listener that throws keeps nobody else from hearing, and is reported as uncaught", (t) => {
  /** @type {(() => void)[]} */
  const tasks = [];
  t.mock.method(globalThis, "queueMicrotask", (/** @type {() => void} */ task) => tasks.push(task));
  const room = openRoom();
  room.client.on("welcome", () => {
    throw new Error("a bug of the caller");
  });
  /** @type {string[]} */
  const heard = [];
  const off = room.client.on("welcome", () => heard.push("welcome"));
  room.welcome();
  assert.equal(room.client.status.phase, "live");
  off();
  room.reconnect();
  assert.deepEqual(heard, ["welcome"]);
  assert.throws(() => tasks[0]?.(), /a bug of the caller/);
});

test("backs off with full jitter between nothing and a doubling ceiling of 30 s", () => {
  for (const random of [0, 0.25, 0.999]) {
    const room = openRoom({ random: () => random });
    for (const ceiling_ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]) {
      room.drop(1006);
      const { status } = room.client;
      assert(status.phase === "waiting");
      const wait_ms = status.until_ms - room.clock.now();
      assert.equal(wait_ms, Math.floor(random * ceiling_ms));
      room.clock.pass(wait_ms);
      assert.equal(room.client.status.phase, "connecting");
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
    assert.deepEqual(room.client.status, { phase: "connecting", retry: true });
  });
}

for (const code of [1003, 1009, 4400, 4401, 4403]) {
  test(`close ${code}: stops and says why`, () => {
    const room = openRoom();
    room.welcome();
    room.drop(code, "because");
    assert.deepEqual(room.client.status, { phase: "stopped", code, reason: "because" });
    room.client.retryNow();
    room.client.online();
    room.clock.pass(3_600_000);
    assert.equal(room.sockets.length, 1);
  });
}

test("close 4429: waits 30 s, and nothing shortens that", () => {
  const room = openRoom({ random: () => 0 });
  room.welcome();
  room.drop(4429);
  room.client.retryNow();
  room.clock.pass(29_999);
  assert.equal(room.sockets.length, 1);
  room.clock.pass(1);
  assert.equal(room.sockets.length, 2);
});

test("a name refused at the door stops with the reason", () => {
  const room = openRoom();
  room.socket.onopen?.({});
  room.say({ type: "error", code: "bad_name", message: "Too long.", temporary: false });
  assert.deepEqual(room.client.status, { phase: "stopped", code: "bad_name", reason: "Too long." });
  assert.equal(room.socket.isClosed, true);
});

test("no welcome within 10 s: tries again", () => {
  const room = openRoom();
  room.socket.onopen?.({});
  room.clock.pass(9_999);
  assert.equal(room.client.status.phase, "connecting");
  room.clock.pass(1);
  assert.equal(room.client.status.phase, "waiting");
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
  assert.equal(room.client.status.phase, "live");
  room.clock.pass(1);
  assert.equal(room.client.status.phase, "waiting");
});

test("check() finds out about a dead link at once", () => {
  const room = openRoom();
  room.welcome();
  room.client.check();
  assert.equal(room.sent("ping").length, 1);
  room.clock.pass(10_000);
  assert.equal(room.client.status.phase, "waiting");
});

test("offline waits for online, then comes back at once", () => {
  const room = openRoom();
  room.welcome();
  room.client.offline();
  assert.deepEqual(room.client.status, { phase: "offline" });
  room.clock.pass(3_600_000);
  assert.equal(room.sockets.length, 1);
  room.client.online();
  assert.equal(room.sockets.length, 2);
});

test("close() closes for good", () => {
  const room = openRoom();
  room.welcome();
  room.client.send("unsent");
  room.say({ type: "typing", member: { id: 2 }, on: true });
  room.client.close();
  assert.equal(room.socket.isClosed, true);
  assert.equal(room.clock.timers, 0);
  room.client.online();
  room.client.offline();
  room.client.retryNow();
  room.clock.pass(3_600_000);
  assert.deepEqual(room.client.status, { phase: "closed" });
  assert.equal(room.sockets.length, 1);
  assert.equal(room.clock.timers, 0);
});

