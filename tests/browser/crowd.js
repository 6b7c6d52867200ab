// @ts-check
/** Fills a room with many lines by several people, as fast as the room takes them. */
import { Client } from "../harness.js";

const NAMES = ["Ada", "Bo", "Cy"];

/**
 * Says `count` lines, the n-th being `text(n)` from 1.
 * @param {import("../harness.js").Server} server @param {string} room @param {number} count @param {(n: number) => string} text
 * @param {number} [run]  How many lines each says in a row: the longer, the faster.
 */
export async function fill(server, room, count, text, run = 4) {
  const people = await Promise.all(NAMES.map((name) => Client.join(server, room, name)));
  for (let n = 1; n <= count; n += 1) {
    const speaker = /** @type {Client} */ (people[Math.floor(n / run) % people.length]);
    const id = speaker.send(text(n));
    if (n === count || (n + 1) % run === 0) await speaker.acknowledged(id); // the next one speaks after it
  }
  await Promise.all(people.map((person) => person.close()));
}
