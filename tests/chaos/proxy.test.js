// @ts-check
/** The bad network does what it says: each fault is shown on a plain WebSocket echo. */
import assert from "node:assert/strict";
import { on, once } from "node:events";
import { after, test } from "node:test";
import WebSocket, { WebSocketServer } from "ws";
import { Framing } from "./framing.js";
import { Lot } from "./lot.js";
import { FaultProxy, drawFault } from "./proxy.js";

/** @typedef {import("./proxy.js").Fault} Fault */

const echo = new WebSocketServer({ host: "127.0.0.1", port: 0 });
echo.on("connection", (socket) => socket.on("message", (data) => socket.send(data.toString())).on("error", () => {}));
await once(echo, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (echo.address());
after(() => echo.close());

/** Connects through a proxy whose first connection meets such a fault. @param {(fault: Fault) => boolean} wanted */
async function connectWith(wanted) {
  let seed = 0;
  while (!wanted(drawFault(new Lot(seed, 0)))) seed++;
  const proxy = new FaultProxy(() => port, String(seed));
  await proxy.listen();
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}`, { perMessageDeflate: false });
  socket.on("error", () => {}); // a close follows
  return { proxy, socket, fault: drawFault(new Lot(seed, 0)) };
}

/** Says numbers until the connection ends; returns how many came back. @param {WebSocket} socket */
async function count(socket) {
  let echoes = 0;
  socket.on("message", (data) => socket.send(String((echoes = Number(data) + 1))));
  await once(socket, "open");
  socket.send("0");
  await once(socket, "close");
  return echoes;
}

for (const where of ["before", "within", "after"]) {
  test(`a connection is cut ${where} its n-th frame`, async () => {
    /** @param {Fault} fault */
    const wanted = (fault) => fault.kind === "cut" && fault.way === "down" && "frame" in fault.at && fault.at.where === where && fault.at.frame > 3;
    const { proxy, socket, fault } = await connectWith(wanted);
    const frame = fault.kind === "cut" && "frame" in fault.at ? fault.at.frame : 0;
    const echoes = await count(socket);
    if (where === "after") assert.ok(echoes >= frame - 1 && echoes <= frame, `${echoes} of ${frame}`);
    else assert.ok(echoes <= frame - 1, `${echoes} of ${frame}`); // a reset may take what was not read yet
    assert.equal(proxy.counts.cuts, 1);
    assert.equal(proxy.counts["cuts within a frame"], where === "within" ? 1 : 0);
    await proxy.close();
  });
}

test("a half-open connection swallows bytes, tells neither end, and ends when the network is good again", async () => {
  const { proxy, socket } = await connectWith((fault) => fault.kind === "half-open" && fault.ways.includes("up") && "frame" in fault.at && fault.at.frame > 3);
  let echoes = 0;
  socket.on("message", (data) => socket.send(String((echoes = Number(data) + 1))));
  await once(socket, "open");
  const [peer] = echo.clients;
  assert.ok(peer);
  let isPeerEnded = false;
  peer.on("close", () => (isPeerEnded = true));
  socket.send("0");
  while (proxy.counts["half-opens"] === 0) await new Promise((resolve) => setImmediate(resolve));
  const before = echoes;
  socket.terminate();
  await once(socket, "close");
  const another = new WebSocket(`ws://127.0.0.1:${port}`); // time for an end to get through, if it did
  await once(another, "open");
  another.terminate();
  assert.equal(isPeerEnded, false);
  assert.equal(echoes, before);
  proxy.calm();
  await once(peer, "close");
  await proxy.close();
});

test("a slow or delayed connection loses nothing and changes no order", async () => {
  for (const kind of ["slow-read", "delay"]) {
    const { proxy, socket } = await connectWith((fault) => fault.kind === kind && (fault.kind !== "slow-read" || fault.lasts_ms < 500));
    await once(socket, "open");
    const texts = Array.from({ length: 200 }, (_, n) => `${n} ${"x".repeat(n)}`);
    for (const text of texts) socket.send(text);
    const echoed = [];
    for await (const [data] of on(socket, "message")) if (echoed.push(data.toString()) === texts.length) break;
    assert.deepEqual(echoed, texts);
    socket.terminate();
    await proxy.close();
  }
});

test("frames are found however the stream is sliced", () => {
  const lengths = [0, 1, 125, 126, 65_535, 65_536, 3];
  const frames = lengths.map((length) => {
    const header = length < 126 ? [0x81, length] : length < 65_536 ? [0x81, 126, length >> 8, length & 255] : [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0];
    return Buffer.concat([Buffer.from(header), Buffer.alloc(length, "x")]);
  });
  const head = Buffer.from("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  const stream = Buffer.concat([head, ...frames]);
  const ends = frames.map((_, n) => head.length + Buffer.concat(frames.slice(0, n + 1)).length);
  for (const size of [1, 2, 3, 7, 1_000, stream.length]) {
    const framing = new Framing();
    const found = [];
    for (let at = 0; at < stream.length; at += size) found.push(...framing.feed(stream.subarray(at, at + size)));
    assert.deepEqual(found.map(({ end }) => end), ends, `in slices of ${size}`);
  }
});
