// @ts-check
// What the door asks of the platform: WebCrypto, fetch, bodies, the limits by address, headers of the page.

/** An algorithm as RFC 7518 and RFC 8037 name it, and as WebCrypto does. @type {Record<string, { name: string, hash?: string, namedCurve?: string }>} */
const ALGORITHMS = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
};

/**
 * Whether a public key has signed a text. One that can't be used has not.
 * @param {string} jwk
 * @param {string} algorithm
 * @param {string} signed
 * @param {Uint8Array<ArrayBuffer>} signature
 */
export async function hasSigned(jwk, algorithm, signed, signature) {
  const how = ALGORITHMS[algorithm];
  if (!how) return false;
  try {
    const key = await crypto.subtle.importKey("jwk", JSON.parse(jwk), how, false, ["verify"]);
    return await crypto.subtle.verify(how, key, signature, new TextEncoder().encode(signed));
  } catch (error) {
    console.error(`a key of AUTH_JWKS can't be used: ${error}`);
    return false;
  }
}

/**
 * Reads the body of a request or an answer part by part, and no further than it may be long: then undefined.
 * @param {Request | Response} from
 * @param {number} bytes_max
 */
export async function readBody({ body }, bytes_max) {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    if (bytes > bytes_max) return undefined;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Reads a document; undefined if it can't be had in time, is another's (a redirect), or is too long.
 * @param {string} url
 * @param {number} bytes_max
 * @param {number} ms_max
 */
export async function readDocument(url, bytes_max, ms_max) {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(ms_max) });
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return await readBody(answer, bytes_max);
  } catch (error) {
    console.error(`AUTH_JWKS can't be read: ${error}`);
    return undefined;
  }
}

/**
 * Whether an address is within its rate. A limiter that fails, or that nobody has bound, stops nobody.
 * @param {Record<string, any>} env
 * @param {string} limiter
 * @param {string} key
 */
export async function isWithinRate(env, limiter, key) {
  try {
    return (await env[limiter]?.limit({ key }))?.success ?? true;
  } catch (error) {
    console.error(`${limiter}: ${error}`);
    return true;
  }
}

/** @param {number} ms */
export const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The answer with a header more.
 * @param {Response} answer
 * @param {string} name
 * @param {string} value
 */
export function withHeader(answer, name, value) {
  const copy = new Response(answer.body, answer); // only a copy's headers can be changed
  copy.headers.append(name, value);
  return copy;
}
