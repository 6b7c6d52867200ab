// @ts-check
/**
 * The RFCs' own tokens through the real Worker. None opens anything, as none says what a token of ours must; but
 * a signature that is right is told from one that is not by why the token is refused.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { startServer } from "../harness.js";

/** @type {{ where: string, why: string, key: object, token: string }[]} */
const VECTORS = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8")).vectors;
const UNSIGNED = "the token is not signed by a key that is known here";

const server = await startServer({ vars: { AUTH_JWKS: JSON.stringify({ keys: VECTORS.map(({ key }) => key) }) } });
after(() => server.close());

/** @param {string} token @returns {Promise<string>} why it is refused */
async function refusal(token) {
  const { status, json } = await server.upgrade(`/vectors?token=${token}`);
  assert.equal(status, 401);
  return json.error.message;
}

/** The text with another digit somewhere in it. @param {string} text @param {number} at */
function bent(text, at) {
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

for (const { where, why, token } of VECTORS) {
  test(where, async () => {
    assert.equal(await refusal(token), why);
    const [header = "", payload = "", signature = ""] = token.split(".");
    for (const other of [bent(payload, 20), bent(payload, 4)]) assert.equal(await refusal(`${header}.${other}.${signature}`), UNSIGNED);
    for (const at of [0, signature.length >> 1, signature.length - 3]) {
      assert.equal(await refusal(`${header}.${payload}.${bent(signature, at)}`), UNSIGNED);
    }
  });
}
