// @ts-check
/** A room with more people than it holds itself, and a look at which relays it has. */
import { Client } from "../harness.js";

/** @typedef {import("../harness.js").Server} Server */

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
  return [...new Set(made.map((match) => match?.[2]))].sort();
}
