// @ts-check
// What a close code asks for, and how long to wait: the table under "Refusals" in docs/PROTOCOL.md.
// Pure: randomness is an argument.

const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MS_MAX = 30_000;
const FLOODED_WAIT_MS = 30_000;

/** The token that was shown, or none, lets nobody in, or has run out. */
export const TOKEN_REFUSED = 4401;
/** Codes after which coming back would only repeat the mistake. Any code not named here reconnects. */
const STOP_CODES = new Set([1003, 1009, 4400, TOKEN_REFUSED, 4403]);
const FLOODED_CODE = 4429;

/**
 * Says what to do after a connection ended.
 * - `stop`: don't come back by itself.
 * - `wait`: come back after `delay_ms`; `skippable` is false where the server asked for the wait.
 * @param {number} code  The close code.
 * @param {number} failures  How many connections in a row failed before this one, from 0.
 * @param {() => number} random  In [0, 1).
 * @returns {{ action: "stop" } | { action: "wait", delay_ms: number, skippable: boolean }}
 */
export function afterClose(code, failures, random) {
  if (STOP_CODES.has(code)) return { action: "stop" };
  if (code === FLOODED_CODE) return { action: "wait", delay_ms: FLOODED_WAIT_MS, skippable: false };
  return { action: "wait", delay_ms: backoff(failures, random), skippable: true };
}

/**
 * Full jitter: anywhere between nothing and the doubling ceiling, so that the clients of a restarted
 * server come back spread out, not together.
 * @param {number} failures
 * @param {() => number} random
 */
function backoff(failures, random) {
  const ceiling_ms = Math.min(BACKOFF_MS_MAX, BACKOFF_FIRST_MS * 2 ** failures);
  return Math.floor(random() * ceiling_ms);
}
