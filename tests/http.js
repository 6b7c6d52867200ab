// @ts-check
/**
 * Plain HTTP for tests: sends a path as it is written, where `fetch` would tidy it up first, and
 * reads the whole answer. Must not know what the answers mean.
 */
import { once } from "node:events";
import { request as httpRequest } from "node:http";

/**
 * @typedef {object} HttpAnswer
 * @property {number} status
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} text
 * @property {any} json the body parsed, undefined if it is not JSON
 */
/**
 * @typedef {object} RequestOptions
 * @property {string} [method]
 * @property {Record<string, string> | undefined} [headers]
 * @property {string | object} [body] an object goes out as JSON
 */

const HANDSHAKE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "cGFybG9yIHRlc3Qga2V5IQ==",
};

/** Generous for a loaded machine, and above the 10 s after which a client takes a room for dead. */
const DEADLINE_MS = 30_000;

/** @param {number} port @param {string} path @param {RequestOptions} [options] @returns {Promise<HttpAnswer>} */
export async function request(port, path, { method = "GET", headers = {}, body } = {}) {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const outgoing = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false, signal });
  outgoing.end(typeof body === "object" ? JSON.stringify(body) : body);
  const [incoming] = await Promise.race([once(outgoing, "response"), once(outgoing, "upgrade")]);
  if (incoming.statusCode !== 101) return readAnswer(incoming);
  outgoing.destroy();
  return { status: 101, headers: incoming.headers, text: "", json: undefined };
}

/** Asks for an upgrade and hangs up at once. @param {number} port @param {string} path @param {Record<string, string>} [headers] */
export function upgrade(port, path, headers = {}) {
  return request(port, path, { headers: { ...HANDSHAKE, ...headers } });
}

/** @param {import("node:http").IncomingMessage} incoming @returns {Promise<HttpAnswer>} */
export async function readAnswer(incoming) {
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += chunk;
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text, json };
}
