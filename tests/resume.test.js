// @ts-check
/** Who comes back gets exactly what was missed, or is told that it isn't all. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "./harness.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/** @param {import("./client.js").Frame} welcome */
const seqs = (welcome) => welcome.messages.map((/** @type {any} */ message) => message.seq);
/** @param {number} first @param {number} last */
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, n) => n + first);

/** Says so many messages and waits for the last. @param {Client} client @param {number} count */
async function sayMany(client, count) {
  const ids = range(1, count).map((n) => client.send(`message ${n}`));
  await client.acknowledged(ids.at(-1) ?? "");
}

test("exactly the missed messages, as they were broadcast", async () => {
  const alice = await Client.join(server, "missed", "Alice");
  const bob = await Client.join(server, "missed", "Bob");
  await sayMany(alice, 5);
  await bob.next((frame) => frame.seq === 5);
  bob.vanish();
  const missed = [await alice.say("you"), await alice.say("missed"), await alice.say("this")];
  const back = await Client.join(server, "missed", "Bob", bob.resume);
  assert.equal(back.welcome.recovered, true);
  assert.deepEqual(back.welcome.messages, missed);
  assert.equal(back.welcome.head, 8);
  assert.deepEqual(back.you, bob.you);
  await fence(alice, back);
  assert.deepEqual(back.log.map((message) => message.seq), [6, 7, 8, 9]);
});

test("nothing missed is recovered with no messages", async () => {
  const alice = await Client.join(server, "nothing-missed", "Alice");
  const { epoch } = alice.welcome;
  const early = await Client.join(server, "nothing-missed", "Early", { after: { epoch, seq: 0 } });
  assert.deepEqual([early.welcome.recovered, early.welcome.messages], [true, []]);
  await sayMany(alice, 3);
  const late = await Client.join(server, "nothing-missed", "Late", { after: { epoch, seq: 3 } });
  assert.deepEqual([late.welcome.recovered, late.welcome.messages], [true, []]);
});

test("300 missed are recovered, 301 are not: then the newest 64 come", async () => {
  const alice = await Client.join(server, "many", "Alice");
  const { epoch } = alice.welcome;
  await sayMany(alice, 301);
  const just = await Client.join(server, "many", "Just", { after: { epoch, seq: 1 } });
  assert.equal(just.welcome.recovered, true);
  assert.deepEqual(seqs(just.welcome), range(2, 301));
  const over = await Client.join(server, "many", "Over", { after: { epoch, seq: 0 } });
  assert.deepEqual([over.welcome.recovered, over.welcome.more], [false, true]);
  assert.deepEqual(seqs(over.welcome), range(238, 301));
});

test("another epoch is not recovered, whatever the seq", async () => {
  const alice = await Client.join(server, "epochs", "Alice");
  const elsewhere = await Client.join(server, "epochs-elsewhere", "Alice");
  assert.notEqual(alice.welcome.epoch, elsewhere.welcome.epoch);
  await sayMany(alice, 70);
  for (const epoch of [elsewhere.welcome.epoch, "", "nonsense", `${alice.welcome.epoch} `]) {
    for (const seq of [0, 69, 70]) {
      const back = await Client.join(server, "epochs", "Bob", { after: { epoch, seq } });
      assert.equal(back.welcome.recovered, false);
      assert.deepEqual(seqs(back.welcome), range(7, 70));
      await back.close();
    }
  }
});

test("a seq beyond the head is not recovered", async () => {
  const alice = await Client.join(server, "beyond", "Alice");
  await sayMany(alice, 3);
  const { epoch } = alice.welcome;
  for (const seq of [4, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    const back = await Client.join(server, "beyond", "Bob", { after: { epoch, seq } });
    assert.equal(back.welcome.recovered, false);
    assert.deepEqual(seqs(back.welcome), [1, 2, 3]);
  }
});

test("without `after` the newest 64 come, not recovered, also to a known session", async () => {
  const alice = await Client.join(server, "plain", "Alice");
  await sayMany(alice, 65);
  const back = await Client.join(server, "plain", "Alice", { session: alice.welcome.session });
  assert.deepEqual([back.welcome.recovered, back.welcome.more], [false, true]);
  assert.deepEqual(seqs(back.welcome), range(2, 65));
});

test("`after` works without a session: a new member with the old place in the log", async () => {
  const alice = await Client.join(server, "no-session", "Alice");
  await sayMany(alice, 2);
  const bob = await Client.join(server, "no-session", "Bob", { after: { epoch: alice.welcome.epoch, seq: 1 } });
  assert.equal(bob.welcome.recovered, true);
  assert.deepEqual(seqs(bob.welcome), [2]);
  assert.notEqual(bob.you.id, alice.you.id);
});

test("members resume while others talk: nobody's log has a gap or a double", async () => {
  const room = "churn";
  const alice = await Client.join(server, room, "Alice");
  let bob = await Client.join(server, room, "Bob");
  let log = bob.log;
  for (let round = 0; round < 10; round++) {
    const ids = range(1, 10).map((n) => alice.send(`round ${round}, message ${n}`));
    await bob.next((frame) => frame.id === ids[round]); // leaves at another point each time
    bob.vanish();
    log = [...log, ...bob.frames.filter((frame) => frame.type === "message")];
    bob = await Client.join(server, room, "Bob", {
      session: bob.welcome.session,
      after: { epoch: bob.welcome.epoch, seq: Number(log.at(-1)?.seq) },
    });
    assert.equal(bob.welcome.recovered, true);
    log = [...log, ...bob.welcome.messages];
  }
  await fence(alice, bob);
  log = [...log, ...bob.frames.filter((frame) => frame.type === "message")];
  assert.deepEqual(log.map((message) => message.seq), range(1, 101));
});

test("an evicted room resumes alike", async () => {
  const alice = await Client.join(server, "evicted", "Alice");
  const bob = await Client.join(server, "evicted", "Bob");
  await sayMany(alice, 3);
  await bob.next((frame) => frame.seq === 3);
  await bob.close();
  await sayMany(alice, 2);
  await server.evict("evicted");
  const back = await Client.join(server, "evicted", "Bob", bob.resume);
  assert.equal(back.welcome.recovered, true);
  assert.deepEqual(seqs(back.welcome), [4, 5]);
  assert.deepEqual(back.you, bob.you);
});
