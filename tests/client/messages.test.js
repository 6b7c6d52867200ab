// @ts-check
// What a listener gets to see of a room: each message once, in order, without a silent gap; who is
// here and who types.

import assert from "node:assert/strict";
import test from "node:test";
import { ADA, BO, message, openRoom } from "./fake-room.js";

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));

/** A room whose client has seen the messages up to `head`. @param {number} head */
function openAt(head) {
  const room = openRoom();
  room.welcome({ head, messages: range(1, head) });
  return room;
}

test("begins without a position; the first welcome resets to the newest messages", () => {
  const room = openRoom();
  assert.equal(room.client.position, undefined);
  room.welcome({ head: 9, messages: range(5, 9), more: true });
  assert.deepEqual(room.events("reset"), [[{ messages: range(5, 9), more: true }]]);
  assert.deepEqual(room.seqs, []);
  assert.deepEqual(room.client.position, { epoch: "e1", seq: 9 });
});

test("a seq seen before is not shown again", () => {
  const room = openAt(2);
  room.say(message(2, { text: "again" }));
  room.say(message(3));
  room.say(message(3));
  assert.deepEqual(room.seqs, [3]);
});

test("a gap: nothing behind it is shown, and what is missing is asked for", () => {
  const room = openAt(2);
  room.say({ type: "batch", frames: [message(4), message(5)] });
  assert.deepEqual(room.seqs, []);
  assert.equal(room.client.status.phase, "waiting");
  room.clock.pass(500);
  room.socket.onopen?.({});
  assert.deepEqual(room.sent("join")[0].after, { epoch: "e1", seq: 2 });
});

test("a resume brings exactly what was missed, as messages", () => {
  const room = openAt(2);
  room.reconnect({ head: 4, recovered: true, messages: range(3, 4) });
  assert.deepEqual(room.seqs, [3, 4]);
  assert.equal(room.events("reset").length, 1);
  assert.equal(room.events("welcome").length, 2);
});

test("an earlier run's position is resumed from", () => {
  const room = openRoom({ after: { epoch: "e1", seq: 7 }, session: "kept" });
  room.welcome({ head: 8, recovered: true, messages: range(8, 8) });
  assert.deepEqual(room.seqs, [8]);
  assert.deepEqual(room.events("reset"), []);
});

test("a resume with a hole is no resume: the next join asks for the newest", () => {
  for (const hole of [
    { head: 5, messages: range(4, 5) },
    { head: 5, messages: range(3, 4) },
    { head: 5, messages: [message(3), message(5)] },
    { head: 1, messages: [] },
  ]) {
    const room = openAt(2);
    room.reconnect({ ...hole, recovered: true });
    assert.deepEqual(room.seqs, []);
    assert.equal(room.events("welcome").length, 1);
    assert.equal(room.client.status.phase, "waiting");
    room.clock.pass(room.clock.next_ms ?? 0);
    room.socket.onopen?.({});
    assert.equal(room.sent("join")[0].after, undefined);
  }
});

test("not recovered, or another epoch: resets rather than leave a gap", () => {
  const room = openAt(50);
  room.reconnect({ head: 500, messages: range(437, 500), more: true });
  room.reconnect({ epoch: "e2", head: 1, messages: range(1, 1) });
  room.reconnect({ epoch: "e3", head: 3, messages: range(2, 3), recovered: true }); // of another epoch nothing can be recovered
  assert.deepEqual(room.events("reset").map(([{ messages }]) => messages.length), [50, 64, 1, 2]);
  assert.deepEqual(room.client.position, { epoch: "e3", seq: 3 });
});

test("knows who is here", () => {
  const room = openRoom();
  room.welcome({ members: [ADA], member_count: 1 });
  room.say({ type: "joined", member: BO, member_count: 2 });
  room.say({ type: "renamed", member: { ...BO, name: "Bob" }, member_count: 2 });
  assert.deepEqual([...room.client.members.values()], [ADA, { ...BO, name: "Bob" }]);
  assert.equal(room.client.member_count, 2);
  room.say({ type: "left", member: { id: BO.id }, member_count: 1 });
  assert.deepEqual([...room.client.members.values()], [ADA]);
  assert.deepEqual(room.events("members").map(([{ type }]) => type), ["welcome", "joined", "renamed", "left"]);
});

test("one's own rename from another tab changes `you` and the name to rejoin with", () => {
  const room = openRoom();
  room.welcome();
  room.say({ type: "renamed", member: { ...ADA, name: "Countess" }, member_count: 1 });
  assert.equal(room.client.you?.name, "Countess");
  assert.equal(room.client.name, "Countess");
});

test("typing ends with a message, with leaving, with `on: false`, with a reconnect, or after 6 s", () => {
  /** @type {((room: ReturnType<typeof openRoom>) => void)[]} */
  const endings = [
    (room) => room.say(message(1)),
    (room) => room.say({ type: "left", member: { id: BO.id }, member_count: 1 }),
    (room) => room.say({ type: "typing", member: { id: BO.id }, on: false }),
    (room) => room.reconnect({ members: [ADA, BO] }),
    (room) => room.clock.pass(6_000),
  ];
  for (const end of endings) {
    const room = openRoom({ random: () => 0 });
    room.welcome({ members: [ADA, BO] });
    room.say({ type: "typing", member: { id: BO.id }, on: true });
    room.clock.pass(3_000);
    room.say({ type: "typing", member: { id: BO.id }, on: true });
    room.clock.pass(5_999);
    assert.deepEqual(room.client.typists, [BO]);
    end(room);
    assert.deepEqual(room.client.typists, []);
    assert.deepEqual(room.events("typing").slice(0, 3), [[[]], [[BO]], [[]]]);
  }
});

test("one's own typing, told back by the room, is not shown", () => {
  const room = openRoom();
  room.welcome();
  room.say({ type: "typing", member: { id: ADA.id }, on: true });
  assert.deepEqual(room.client.typists, []);
});
