// @ts-check
/**
 * What stands before a deployed Worker, in small: a proxy to the server under test. It can alter files, as a
 * deploy does, be slow, and speak HTTP/2 with compression over TLS, as Cloudflare's edge does.
 *
 *     const edge = await startEdge(server, { isTls: true });
 *     after(() => edge.close());
 *
 * Sockets are passed on as they are.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** @typedef {(path: string, body: string) => string | Promise<string>} Alter */

const SLOW_MS = 6_000; // longer than the page waits for the network
/** What the edge answers without asking, once it has it: the page, its files. */
const FILE = /^\/(?!api\/)[^?]*$/;
const TEXT = /text|javascript|json|svg|manifest/;

/** @param {import("../harness.js").Server} server @param {{ isTls?: boolean, alter?: Alter }} [options] */
export async function startEdge(server, { isTls = false, alter = (_, body) => body } = {}) {
  const edge = {
    url: "",
    isSlow: false,
    close: () => {
      for (const socket of open) socket.destroy();
      proxy.close();
    },
  };
  /** @type {Set<import("node:net").Socket>} */
  const open = new Set();
  /** What the edge keeps ready, compressed: the page's files. @type {Map<string, { status: number, headers: Record<string, any>, body: Buffer }>} */
  const cache = new Map();

  /** @param {any} request @param {any} response */
  const answer = async (request, response) => {
    const cached = cache.get(request.url);
    if (cached) return response.writeHead(cached.status, cached.headers).end(cached.body);
    if (edge.isSlow) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !/^(:|host$|connection$|accept-encoding$|if-none-match$)/.test(name)));
    const upstream = await fetch(server.url + request.url, { method: request.method, headers, redirect: "manual" });
    const type = upstream.headers.get("content-type") ?? "";
    const raw = Buffer.from(await upstream.arrayBuffer());
    const whole = TEXT.test(type) ? Buffer.from(await alter(String(request.url), raw.toString())) : raw;
    const etag = `"${createHash("sha256").update(whole).digest("hex").slice(0, 16)}"`;
    const kept = ["content-type", "content-security-policy", "access-control-allow-origin", "cache-control", "location"];
    const sent = Object.fromEntries(kept.flatMap((name) => (upstream.headers.has(name) ? [[name, upstream.headers.get(name)]] : [])));
    if (upstream.status === 200 && request.headers["if-none-match"] === etag) return response.writeHead(304, { ...sent, etag }).end();
    const isZipped = isTls && TEXT.test(type);
    const body = isZipped ? gzipSync(whole, { level: 9 }) : whole;
    const answered = { status: upstream.status, headers: { ...sent, etag, ...(isZipped ? { "content-encoding": "gzip" } : {}) }, body };
    if (isTls && upstream.status === 200 && FILE.test(String(request.url))) cache.set(request.url, answered);
    response.writeHead(answered.status, answered.headers).end(body);
  };
  const take = (/** @type {any} */ request, /** @type {any} */ response) => void answer(request, response).catch(() => response.destroy?.());

  const proxy = isTls ? http2.createSecureServer({ ...certificate(), allowHTTP1: true }, take) : http.createServer(take);
  proxy.on("connection", (/** @type {import("node:net").Socket} */ socket) => open.add(socket.on("close", () => open.delete(socket))));
  proxy.on("upgrade", (/** @type {import("node:http").IncomingMessage} */ request, /** @type {import("node:net").Socket} */ socket, /** @type {Buffer} */ head) => {
    const upstream = connect(server.port, "127.0.0.1", () => {
      const lines = request.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${/^host$/i.test(name) ? `127.0.0.1:${server.port}` : request.rawHeaders[i + 1]}`] : []));
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on("error", () => (upstream.destroy(), socket.destroy()));
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (proxy.address());
  edge.url = `${isTls ? "https" : "http"}://127.0.0.1:${port}`;
  return edge;
}

/** A key and a certificate that nobody trusts: the browser under test is told not to mind. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "parlor-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=127.0.0.1"], { stdio: "pipe" });
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}
