// @ts-check
/**
 * A room and its relays over real workerd, with thresholds so small that the fourth connection is sent to a relay:
 * order, exactly once, resume, history, names, presence, whoever holds the connection.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, fence, startServer, UNHURRIED } from "../harness.js";
import { crowd, holders } from "./crowd.js";

const server = await startServer({ vars: { ...UNHURRIED, RELAY_ABOVE: "3", RELAY_CONNECTIONS_MAX: "3" }, watched: true });
after(() => server.close());

test("past the threshold connections go to relays, and all are one room", async () => {
  const room = "grown";
  const people = await crowd(server, room, 8);
  assert.deepEqual(await holders(server, room), ["enam-0", "enam-1"], "three in the room, three and two on relays");
  for (const person of people) await person.say(`hello from ${person.you.name}`);
  await fence(/** @type {Client} */ (people[0]), ...people);
  const [first] = people;
  for (const person of people) {
    const live = person.frames.filter(({ type }) => type === "message");
    assert.deepEqual(live.map(({ seq }) => seq), Array.from({ length: 9 }, (_, n) => n + 1));
    assert.deepEqual(live, first?.frames.filter(({ type }) => type === "message"), "the same bytes for all");
  }
  assert.equal(new Set(people.map(({ you }) => you.id)).size, 8);
});
