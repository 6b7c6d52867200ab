// @ts-check
/**
 * A module around the built worker that counts what no clock can tell: how often WebAssembly calls JavaScript,
 * and how many frames leave, within each call of `webSocketMessage` and of a timer, and how large WebAssembly's
 * memory is then, which never shrinks. It says so in the log, a line of JSON each.
 */
import { randomUUID } from "node:crypto";
import { Client } from "./client.js";

/** @typedef {{ in: "message" | "timer", room?: string, crossings: number, sends: number, memory: number }} Work what one call did; the room of a message */

const FENCE = "fence-";
/** Logs come a little later than frames; generous for a loaded machine. */
const LOGS_MS_MAX = 20_000;

/** Runs before the built worker. */
export const COUNTER = `
  const counted = { crossings: 0, sends: 0 };
  let memory;
  export function during(name, work, room) {
    const before = { ...counted };
    try {
      return work();
    } finally {
      console.log(JSON.stringify({ in: name, room, crossings: counted.crossings - before.crossings, sends: counted.sends - before.sends, memory: memory.buffer.byteLength }));
    }
  }
  const Instance = WebAssembly.Instance;
  WebAssembly.Instance = function (module, imports) {
    const spaces = Object.entries(imports).map(([space, entries]) => [space, Object.fromEntries(Object.entries(entries).map(counting))]);
    const made = new Instance(module, Object.fromEntries(spaces));
    memory = made.exports.memory;
    return made;
  };
  function counting([name, entry]) {
    if (typeof entry !== "function") return [name, entry];
    return [name, (...given) => { counted.crossings++; return entry(...given); }];
  }
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (frame) { counted.sends++; return send.call(this, frame); };
  const set = globalThis.setTimeout;
  globalThis.setTimeout = (callback, ...more) => set(() => during("timer", callback), ...more);
`;

/** The worker's main module. @param {string} className @param {string} built */
export function countingWorker(className, built) {
  return `
    import { during } from "./counter.js";
    import worker, { ${className} as Room } from "${built}";
    export default worker;
    export * from "${built}";
    export const ${className} = new Proxy(Room, {
      construct(target, given, newTarget) {
        // Frees the one that was thrown out before, if V8 was started with --expose-gc.
        globalThis.gc?.();
        const room = Reflect.construct(target, given, newTarget);
        const called = given[0].id.name;
        return new Proxy(room, {
          get(_, name) {
            const field = room[name];
            if (name !== "webSocketMessage") return typeof field === "function" ? field.bind(room) : field;
            return (...frame) => during("message", () => field.apply(room, frame), called);
          },
        });
      },
    });`;
}

/** What a server's log says of each call. @param {string[]} logs @returns {Work[]} */
export function works(logs) {
  const all = logs.filter((line) => line.startsWith('{"in":')).map((line) => /** @type {Work} */ (JSON.parse(line)));
  return all.filter(({ room }) => !room?.startsWith(FENCE));
}

/**
 * How many calls there were so far. Logs come in order, so once a later event shows in them, none of before is missing.
 * @param {import("./harness.js").Server} server
 */
export async function worksSoFar(server) {
  const room = FENCE + randomUUID();
  const stranger = await Client.connect(server, room);
  stranger.write({ type: "history" }); // refused, as one who has not joined
  await stranger.next("error");
  await stranger.close();
  const deadline = performance.now() + LOGS_MS_MAX;
  while (!server.logs.some((line) => line.includes(room))) {
    if (performance.now() > deadline) throw new Error("the worker's logs don't come");
    await new Promise((resolve) => setImmediate(resolve));
  }
  return works(server.logs).length;
}
