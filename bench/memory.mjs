// @ts-check
// `npm run bench:memory`: what a room takes of the 128 MB that an isolate may have, with 64 messages of history and ever
// more members who do nothing: V8's heap by its inspector, after a full collection, and WebAssembly's memory with it. Writes
// bench/results/memory.md.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import { main, step } from "../scripts/run.mjs";
import { ROOT } from "../scripts/toolchain.mjs";
import { counts } from "./measures.mjs";
import { memoryBytes } from "./processes.mjs";
import { freePort, load, prepare, SERVERS } from "./servers.mjs";

const MESSAGES = 64;
/** What the platform lets an isolate have. */
const ISOLATE_BYTES = 128 * 1024 * 1024;
const SETTLED_MS = 2_000;
const HELD_MS = 30_000;

await main(async () => {
  const { values } = parseArgs({ options: { members: { type: "string", default: "1,1000,3000,6000,9000" } } });
  await prepare();
  /** @type {{ members: number, heap: number, wasm: number, process: number }[]} */
  const seen = [];
  for (const members of values.members.split(",").map(Number)) await step(`${members} members`, async () => void seen.push({ members, ...(await measure(members)) }));
  const [few, most] = [seen.at(1), seen.at(-1)];
  if (!few || !most) return;
  const isolate = (/** @type {typeof most} */ it) => it.heap + it.wasm;
  const each = (isolate(most) - isolate(few)) / (most.members - few.members);
  const fit = Math.floor((ISOLATE_BYTES - isolate(few)) / each + few.members);
  const mib = (/** @type {number} */ bytes) => (bytes / 1024 / 1024).toFixed(1);
  const lines = [
    "# What a room takes of an isolate",
    "",
    `\`npm run bench:memory\`, ${new Date().toISOString()}. ${MESSAGES} messages of history, all members idle.`,
    "",
    "| members | V8's heap, MiB | WebAssembly's memory | the process of workerd |",
    "|---|---|---|---|",
    ...seen.map((it) => `| ${it.members.toLocaleString("en")} | ${mib(it.heap)} | ${mib(it.wasm)} | ${mib(it.process)} |`),
    "",
    `A member takes ${(each / 1024).toFixed(2)} KiB of the isolate, so one of 128 MB holds a room of ${fit.toLocaleString("en")}, by these; the platform lets an object have 32,768.`,
  ];
  writeFileSync(join(ROOT, "bench", "results", "memory.md"), `${lines.join("\n")}\n`);
  console.log(lines.join("\n"));
});

/** @param {number} members */
async function measure(members) {
  const [peer, inspector] = [SERVERS.parlor, await freePort()];
  if (!peer) throw new Error("there is no Parlor");
  const running = await peer.start({ inspector, vars: { RELAY_ABOVE: "32000" } });
  try {
    const history = { members: 1, load: { kind: "open", senders: 1, per_second: 50 }, warmup_ms: 0, measure_ms: (MESSAGES / 50) * 1_000 };
    await load(peer, running, history);
    const idle = load(peer, running, { members, load: { kind: "idle" }, warmup_ms: 0, measure_ms: HELD_MS });
    while ((await counts(running.port)).parlor_connections !== members) await pause(200);
    await pause(SETTLED_MS);
    const outcome = { ...(await heapOf(inspector)), process: memoryBytes(running.pids) };
    await idle;
    return outcome;
  } finally {
    await running.stop();
  }
}

/** What V8 says of the isolate after a full collection. @param {number} port */
async function heapOf(port) {
  const [target] = /** @type {{ webSocketDebuggerUrl: string }[]} */ (await (await fetch(`http://127.0.0.1:${port}/json`)).json());
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? "");
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let id = 0;
  const ask = (/** @type {string} */ method, params = {}) =>
    new Promise((resolve) => {
      const own = ++id;
      socket.on("message", (text) => {
        const answer = JSON.parse(`${text}`);
        if (answer.id === own) resolve(answer.result);
      });
      socket.send(JSON.stringify({ id: own, method, params }));
    });
  const context = new Promise((resolve) => {
    socket.on("message", (text) => {
      const { method, params } = JSON.parse(`${text}`);
      if (method === "Runtime.executionContextCreated") resolve(params.context.id);
    });
  });
  await ask("Runtime.enable");
  await ask("HeapProfiler.enable");
  await ask("HeapProfiler.collectGarbage");
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = /** @type {Record<string, number>} */ (await ask("Runtime.getHeapUsage"));
  // V8 does not count it there.
  const memory = await ask("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype", contextId: await context });
  const found = await ask("Runtime.queryObjects", { prototypeObjectId: memory.result.objectId });
  const functionDeclaration = "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) }";
  const wasm = await ask("Runtime.callFunctionOn", { objectId: found.objects.objectId, functionDeclaration });
  socket.terminate();
  return { heap: (usedSize ?? NaN) + embedderHeapUsedSize + backingStorageSize, wasm: wasm.result.value };
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
