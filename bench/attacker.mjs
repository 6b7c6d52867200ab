// @ts-check
// One attacker against a room in which others talk: how long their messages take, quiet and under each attack.
//
//   npm run bench:attacker                  all attacks, 6 s each, a quiet time before each
//   npm run bench:attacker -- --seconds 3 --only flood,churn
//
// The attacker is a thread of its own. It writes frames made beforehand to TCP as fast as it can, and reads no more of
// what comes back than whether the room has refused or closed the connection: then it comes again at once (`deaf` does
// not even do that). The floor: the others' p99 within twice its quiet value plus 50 ms. `relayed` floods a relay with
// pings, where half of the others are. `elsewhere` is no attack on them, and only run when asked for: pings into another
// room of the same process, which nobody there counts while it is quiet.

import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { Client, startServer } from "../tests/harness.js";
import { CLOSE, RawSocket, TEXT, rawFrame } from "../tests/raw-socket.js";

const ROOM = "attacked";
const MEMBERS = 8;
/** For `relayed`: half of them are the room's own, the others and the attacker are on a relay. */
const RELAYED = { RELAY_ABOVE: String(MEMBERS / 2) };
/** Below what a member may send for long. */
const SAY_EVERY_MS = 600;
/** After an attack, before the next quiet time. */
const SETTLE_MS = 3_000;
const WRITE_BYTES = 256 * 1024;
const CHURN_AT_ONCE = 8;

/** Each attacker has one address, as it has in the world; on loopback itself nobody is counted by address. @param {string} kind */
const address = (kind) => ({ "CF-Connecting-IP": `203.0.113.${1 + Object.keys(ATTACKS).indexOf(kind)}` });

/** @param {object} frame */
const text = (frame) => rawFrame(TEXT, JSON.stringify(frame));
/** Frames that are written again and again. @type {Record<string, (number: number) => Buffer>} */
const ATTACKS = {
  flood: (number) => text({ type: "send", id: `f${number}`, text: "spam spam spam" }),
  deaf: (number) => text({ type: "send", id: `f${number}`, text: "spam spam spam" }),
  signals: (number) => text(number % 2 ? { type: "rename", name: `Eve ${number}` } : { type: "typing", on: true }),
  bad: () => rawFrame(TEXT, "[".repeat(64)),
  big: () => text({ type: "send", id: "big", text: "x".repeat(65_000) }),
  pings: () => rawFrame(TEXT, '{"type":"ping"}'),
  relayed: () => rawFrame(TEXT, '{"type":"ping"}'),
  elsewhere: () => rawFrame(TEXT, '{"type":"ping"}'),
  history: () => text({ type: "history", limit: 200 }),
  churn: () => Buffer.alloc(0),
};

if (isMainThread) await main();
else await attack(workerData.port, workerData.kind);

async function main() {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "6" }, only: { type: "string" } } });
  const kinds = values.only?.split(",") ?? Object.keys(ATTACKS).filter((kind) => kind !== "elsewhere");
  /** @type {import("../tests/harness.js").Server[]} */
  const servers = [];
  const begin = async (/** @type {Record<string, string>} */ vars) => {
    const server = await startServer({ vars });
    servers.push(server);
    return { server, members: await Promise.all(Array.from({ length: MEMBERS }, (_, n) => Client.join(server, ROOM, `Member ${n}`))) };
  };
  try {
    const plain = await begin({});
    const ms = Number(values.seconds) * 1_000;
    let failed = false;
    console.log("attack      others quiet p50/p99   under attack p50/p99   the most   frames, connections of the attacker");
    for (const kind of kinds) {
      const { server, members } = kind === "relayed" ? await begin(RELAYED) : plain;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const quiet = await measure(members, ms);
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { port: server.port, kind } });
      await once(worker, "message");
      const attacked = await measure(members, ms);
      worker.postMessage("stop");
      const [counts] = await once(worker, "message");
      await worker.terminate();
      const ended = members.filter(({ isOpen }) => !isOpen).length;
      if (ended > 0) throw new Error(`${kind}: ${ended} of the others lost their connection`);
      const most = 2 * quiet.p99 + 50;
      const holds = attacked.p99 <= most && attacked.lost === 0;
      failed ||= !holds;
      console.log(`${kind.padEnd(10)} ${pair(quiet)} ${pair(attacked)} ${most.toFixed(0).padStart(8)} ms ${holds ? "✓" : "✗"} ${counts.frames}, ${counts.connections}${attacked.lost > 0 ? `; ${attacked.lost} deliveries lost` : ""}`);
    }
    if (failed) process.exitCode = 1;
  } finally {
    for (const server of servers) await server.close();
  }
}

/** @param {{ p50: number, p99: number }} times */
function pair({ p50, p99 }) {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)} ms`.padStart(22);
}

/** Has everybody talk for a while: how long each message took to each. @param {Client[]} members @param {number} ms */
async function measure(members, ms) {
  /** @type {Map<string, number>} */
  const sent = new Map();
  /** @type {number[]} */
  const took = [];
  const listeners = members.map((member) => {
    member.frames.length = 0;
    const listen = (/** @type {import("ws").RawData} */ data) => {
      const now = performance.now();
      const frame = JSON.parse(data.toString());
      for (const { id } of frame.type === "batch" ? frame.frames : [frame]) {
        const at = sent.get(id);
        if (at !== undefined) took.push(now - at);
      }
    };
    member.socket.on("message", listen);
    return () => member.socket.off("message", listen);
  });
  const end = performance.now() + ms;
  for (let turn = 0; performance.now() < end; turn++) {
    const member = members[turn % members.length];
    const id = `m-${performance.now()}`;
    sent.set(id, performance.now());
    member?.write({ type: "send", id, text: "something to say" });
    await new Promise((resolve) => setTimeout(resolve, SAY_EVERY_MS / members.length));
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (const off of listeners) off();
  took.sort((one, other) => one - other);
  const at = (/** @type {number} */ part) => took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? Infinity;
  return { p50: at(0.5), p99: at(0.99), lost: sent.size * members.length - took.length };
}

/** The attacker's thread. @param {number} port @param {string} kind */
async function attack(port, kind) {
  const counts = { frames: 0, connections: 0 };
  const state = { stopped: false };
  parentPort?.on("message", () => (state.stopped = true));
  parentPort?.postMessage("begun");
  const make = ATTACKS[kind];
  if (make === undefined) throw new Error(`no such attack: ${kind}`);
  const churn = kind === "churn";
  const one = async () => {
    while (!state.stopped) {
      counts.connections += 1;
      const raw = await RawSocket.connect(port, kind === "elsewhere" ? "/elsewhere" : `/${ROOM}`, address(kind)).catch(() => undefined);
      if (raw === undefined || raw.ended) continue;
      raw.write(text({ type: "join", name: "Eve" }));
      while (!churn && !state.stopped && !raw.ended && (kind === "deaf" || !raw.frames.some(({ opcode }) => opcode === CLOSE))) {
        raw.frames.length = kind === "deaf" ? 0 : raw.frames.length;
        const frames = [];
        for (let bytes = 0; bytes < WRITE_BYTES; ) bytes += frames[frames.push(make(counts.frames++)) - 1]?.length ?? 1;
        raw.tcp.write(Buffer.concat(frames));
        do await new Promise((resolve) => setImmediate(resolve));
        while (raw.tcp.writableNeedDrain && !raw.ended && !state.stopped);
      }
      if (churn) await raw.until(() => raw.texts.length > 0 || raw.ended, "an answer").catch(() => {});
      raw.tcp.destroy();
    }
  };
  await Promise.all(Array.from({ length: churn ? CHURN_AT_ONCE : 1 }, one));
  parentPort?.postMessage(counts);
}
