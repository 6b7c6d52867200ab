// @ts-check
/** Fills a room with many lines by several people, as fast as the room takes them. */
import { Client } from "../harness.js";

const IN_FLIGHT_MAX = 500;

/** Says `count` lines, the n-th being `text(n)` from 1. @param {import("../harness.js").Server} server @param {string} room @param {number} count @param {(n: number) => string} text @param {string[]} [names] */
export async function fill(server, room, count, text, names = ["Ada", "Bo", "Cy"]) {
  const people = await Promise.all(names.map((name) => Client.join(server, room, name)));
  for (let n = 1; n <= count; n += 1) {
    const speaker = /** @type {Client} */ (people[Math.floor(n / 4) % people.length]);
    const id = speaker.send(text(n));
    if (n % IN_FLIGHT_MAX === 0 || n === count || n % 4 === 3) await speaker.acknowledged(id); // the next one speaks after it
  }
  await Promise.all(people.map((person) => person.close()));
}
