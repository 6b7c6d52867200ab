// @ts-check
/** A room with more people than it holds itself, and a look at which relays it has. */
import { Client } from "../harness.js";

/** @typedef {import("../harness.js").Server} Server */

/** Three connections in the room, three on each relay. */
export const LIMITS = { RELAY_ABOVE: "3", RELAY_CONNECTIONS_MAX: "3" };

/**
 * Lets so many people join one after the other.
 * @param {Server} server @param {string} room @param {number} count @param {import("../client.js").ConnectOptions} [options]
 */
export async function crowd(server, room, count, options = {}) {
  /** @type {Client[]} */
  const people = [];
  for (let n = 0; n < count; n++) people.push(await Client.join(server, room, `Person ${people.length}`, options));
  return people;
}

/** The keys of the relays of a room that were made so far; the server must be `watched`. @param {Server} server @param {string} room */
export async function holders(server, room) {
  await server.wakes(room);
  const made = server.logs.map((line) => /^made (.+)\/(.+)$/.exec(line)).filter((match) => match?.[1] === room);
  return [...new Set(made.map((match) => match?.[2] ?? ""))].sort();
}

/** The live messages that somebody saw. @param {Client} client */
export function messages(client) {
  return client.frames.filter(({ type }) => type === "message");
}

/** Waits until something holds. @param {() => Promise<boolean>} holds @param {number} [deadlineMs] */
export async function eventually(holds, deadlineMs = 20_000) {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not so within ${deadlineMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
