// @ts-check
// How the client shows who it is: a token that it was given, or one that it asks for before each connection.

import assert from "node:assert/strict";
import test from "node:test";
import { openRoom } from "./fake-room.js";

/** Lets promises that are settled be heard. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a token is a second subprotocol, on each connection, and stands in no URL", () => {
  const room = openRoom({ token: "a.b-_.c" });
  assert.deepEqual(room.socket.protocols, ["parlor.v1", "bearer.a.b-_.c"]);
  room.welcome();
  room.reconnect();
  assert.deepEqual(room.socket.protocols, ["parlor.v1", "bearer.a.b-_.c"]);
  assert.doesNotMatch(room.sockets.map(({ url }) => url).join(), /a\.b/);
});

test("an empty token is none", () => {
  assert.deepEqual(openRoom({ token: "" }).socket.protocols, ["parlor.v1"]);
});

test("a function is asked before each connection, and what it promises is waited for", async () => {
  let asked = 0;
  const room = openRoom({ token: async () => `token-${(asked += 1)}` });
  assert.equal(room.sockets.length, 0);
  await settled();
  assert.deepEqual(room.socket.protocols, ["parlor.v1", "bearer.token-1"]);
  room.welcome();
  room.drop(1006);
  room.clock.pass(room.clock.next_ms ?? 0);
  await settled();
  assert.deepEqual(room.socket.protocols, ["parlor.v1", "bearer.token-2"]);
  assert.equal(room.sockets.length, 2);
});

test("one that has none to give connects without", async () => {
  const room = openRoom({ token: () => undefined });
  await settled();
  assert.deepEqual(room.socket.protocols, ["parlor.v1"]);
});

test("a token that ran out is renewed where another can be had, and the room taken up again", async () => {
  let asked = 0;
  const room = openRoom({ token: () => `token-${(asked += 1)}` });
  await settled();
  room.welcome();
  room.drop(4401, "the token has run out");
  assert.equal(room.client.status.phase, "waiting");
  room.clock.pass(room.clock.next_ms ?? 0);
  await settled();
  assert.deepEqual(room.socket.protocols, ["parlor.v1", "bearer.token-2"]);
  room.socket.onopen?.({});
  assert.equal(room.sent("join")[0].session, "session-1");
});

test("one that is given once is not tried again", () => {
  const room = openRoom({ token: "t" });
  room.welcome();
  room.drop(4401, "the token has run out");
  assert.deepEqual(room.client.status, { phase: "stopped", code: 4401, reason: "the token has run out" });
  assert.equal(room.clock.timers, 0);
});

test("a fresh token that lets nobody in is not asked for over and over", async () => {
  let asked = 0;
  const room = openRoom({ token: () => `token-${(asked += 1)}` });
  await settled();
  room.socket.onopen?.({});
  room.drop(4401, "the token is for other rooms");
  assert.deepEqual(room.client.status, { phase: "stopped", code: 4401, reason: "the token is for other rooms" });
  room.clock.pass(60_000);
  await settled();
  assert.equal(asked, 1);
});

test("a token that can't be had now is asked for again, like a link that is down", async () => {
  let asked = 0;
  const room = openRoom({
    token: () => {
      asked += 1;
      if (asked === 1) throw new Error("the site is down");
      return asked === 2 ? Promise.reject(new Error("still down")) : "t";
    },
  });
  for (const [tries, phase] of /** @type {[number, string][]} */ ([[1, "waiting"], [2, "waiting"], [3, "connecting"]])) {
    await settled();
    assert.deepEqual([asked, room.client.status.phase], [tries, phase]);
    if (phase === "waiting") room.clock.pass(room.clock.next_ms ?? 0);
  }
  assert.deepEqual(room.socket.protocols, ["parlor.v1", "bearer.t"]);
});

test("one that takes too long is given up, and comes too late", async () => {
  /** @type {PromiseWithResolvers<string>[]} */
  const asked = [];
  const room = openRoom({
    token: () => {
      const one = Promise.withResolvers();
      asked.push(one);
      return one.promise;
    },
  });
  await settled();
  room.clock.pass(10_000);
  assert.equal(room.client.status.phase, "waiting");
  room.clock.pass(room.clock.next_ms ?? 0);
  await settled();
  asked[0]?.resolve("late");
  await settled();
  assert.equal(room.sockets.length, 0);
  asked[1]?.resolve("right");
  await settled();
  assert.deepEqual(room.sockets.map(({ protocols }) => protocols), [["parlor.v1", "bearer.right"]]);
});

test("who closed meanwhile is not connected by a token", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const room = openRoom({ token: () => promise });
  await settled();
  room.client.close();
  resolve("t");
  await settled();
  assert.deepEqual([room.sockets.length, room.client.status.phase, room.clock.timers], [0, "closed", 0]);
});

test("what can be no token stops with a reason, and not inside connect", async () => {
  for (const token of ["a b", "a,b", "Bearer x", "é", "a\nb", "a=="]) {
    const room = openRoom({ token });
    assert.deepEqual(room.eventNames, []);
    await settled();
    assert.deepEqual(room.events("status"), [[{ phase: "stopped", code: 4401, reason: "the token is malformed" }]], token);
    assert.deepEqual([room.sockets.length, room.clock.timers], [0, 0]);
  }
});
