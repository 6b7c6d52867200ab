// @ts-check
/** Nothing that happens in one room shows in another. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer } from "./harness.js";

const server = await startServer();
after(() => server.close());

for (const [one, other] of [["kitchen", "garden"], ["case", "Case"], ["a.b", "a-b"], ["~secret", "secret"]]) {
  test(`${one} and ${other} share nothing`, async () => {
    const alice = await Client.join(server, String(one), "Alice");
    const bob = await Client.join(server, String(other), "Bob");
    await alice.say("only here");
    alice.write({ type: "typing", on: true });
    alice.write({ type: "rename", name: "Alicia" });
    await alice.next("renamed");
    const carol = await Client.join(server, String(one), "Carol");
    await carol.close();
    await alice.next("left");
    await fence(bob);
    assert.deepEqual(bob.frames.map(({ type }) => type), ["welcome", "message"]);
    assert.equal(bob.frames[1]?.seq, 1, "each room counts for itself");
    assert.notEqual(alice.welcome.epoch, bob.welcome.epoch);
    const dave = await Client.join(server, String(other), "Dave");
    assert.equal(dave.welcome.member_count, 2);
  });
}

test("a flood in one room slows nobody in another", async () => {
  const mallory = await Client.join(server, "flooded", "Mallory");
  const alice = await Client.join(server, "quiet", "Alice");
  for (let n = 0; n < 60; n++) mallory.send(`spam ${n}`);
  assert.equal((await mallory.closed()).code, 4429);
  for (let n = 1; n <= 10; n++) assert.equal((await alice.say(`message ${n}`)).seq, n);
});
