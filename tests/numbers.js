// @ts-check
/** Reads what the lobby tells, and waits until it tells what it should: rooms report after a moment. */
import assert from "node:assert/strict";

/** Above the longest time between two reports of a busy room. */
const DEADLINE_MS = 20_000;

/** @typedef {import("./harness.js").Server} Server */
/** @typedef {{ name: string, connections: number, messages: number, active_at: number }} Listed */

/** @param {Server} server @param {string} path @param {import("./http.js").RequestOptions} [options] */
export async function get(server, path, options) {
  const answer = await server.request(path, options);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer;
}

/** The room as `/api/rooms` lists it, if it does. @param {Server} server @param {string} name @param {import("./http.js").RequestOptions} [options] @returns {Promise<Listed | undefined>} */
export async function listed(server, name, options) {
  const { json } = await get(server, "/api/rooms", options);
  return json.find((/** @type {Listed} */ room) => room.name === name);
}

/** The samples of `/metrics` by name and labels, as they are written. @param {Server} server */
export async function samples(server) {
  const lines = (await get(server, "/metrics")).text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

/** Looks again until something holds. @template T @param {() => Promise<T>} look @param {(seen: T) => boolean} holds @returns {Promise<T>} */
export async function eventually(look, holds) {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    assert.ok(performance.now() < deadline, `not so within ${DEADLINE_MS} ms: ${holds}; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
