// @ts-check
// Draws names nobody can guess or draw again: ids of sends, names of private rooms.

const BYTES = 16; // 128 bits

/** Returns 22 base64url characters drawn from 128 random bits. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
