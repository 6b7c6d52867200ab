// @ts-check
/**
 * Starts the built worker for a test file: real workerd, real SQLite, a port of its own, the page
 * from public/ and every setting from wrangler.toml. Nothing is built here.
 *
 *     const server = await startServer({ vars: { RATE_BURST: "1000" } });
 *     after(() => server.close());
 *     const alice = await Client.connect(server, "kitchen");
 *
 * Must not know what frames mean; client.js does.
 */
import { randomUUID } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import wrangler from "wrangler";
import { COUNTER, countingWorker } from "./crossings.js";
import { request, upgrade } from "./http.js";

export { Client, fence, UpgradeRefused } from "./client.js";

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */
/**
 * @typedef {object} ServerOptions
 * @property {Record<string, string>} [vars] override those of wrangler.toml
 * @property {string} [build] the folder whose worker runs: build, build-faults, or a copy of one
 * @property {Record<string, number>} [ratelimits] requests a minute by the name of the binding, instead of those of wrangler.toml
 * @property {boolean} [watched] count how often each room's object was made (see `wakes`)
 * @property {boolean} [counted] count calls from WebAssembly and frames (see crossings.js)
 */
const CONFIG = fileURLToPath(new URL("../wrangler.toml", import.meta.url));
const NAME = "parlor";
/** Logs come a little later than frames; generous for a loaded machine. */
const LOGS_MS_MAX = 20_000;

/** A vars setting in which no test of something else is slowed down by the rate limit. */
export const UNHURRIED = { RATE_BURST: "100000", RATE_PER_SECOND: "100000" };

/** @param {ServerOptions} [options] @returns {Promise<Server>} */
export async function startServer(options = {}) {
  const server = new Server(await mkdtemp(join(tmpdir(), "parlor-test-")), options);
  await server.start();
  return server;
}

export class Server {
  /** Everything that the worker and workerd wrote, oldest first. @type {string[]} */
  logs = [];
  /** @type {Miniflare | undefined} */ #miniflare;
  /** @type {ChildProcess | undefined} */ #workerd;
  /** @type {() => void} */ #onRestart = () => {};
  #port = 0;
  #className = "";
  #folder;
  #options;

  /** @param {string} folder where the storage lies @param {ServerOptions} options */
  constructor(folder, options) {
    this.#folder = folder;
    this.#options = options;
  }

  get port() {
    return this.#port;
  }

  /** Where its storage lies, below `state`. */
  get folder() {
    return this.#folder;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts, on the port and the storage of the time before if there was one. */
  async start() {
    const miniflare = new Miniflare(this.#settings());
    this.#miniflare = miniflare;
    await this.#seeWorkerd(async () => {
      this.#port = Number((await miniflare.ready).port);
    });
  }

  /** Puts the worker in anew, as a deploy does: with what the build's folder holds now. Every socket ends. */
  async reload() {
    const miniflare = this.#miniflare;
    if (miniflare === undefined) throw new Error("the server is stopped");
    await this.#seeWorkerd(() => miniflare.setOptions(this.#settings()));
  }

  #settings() {
    const { worker, className } = settings(this.#options);
    this.#className = className;
    return convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: this.#port,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => this.logs.push(message),
      unsafeHandleRuntimeRestart: () => this.#onRestart(),
      resourcePersistencePath: join(this.#folder, "state"),
      resourceTmpPath: join(this.#folder, "tmp"),
      workers: [worker],
    });
  }

  /** Stops workerd; the storage stays for `start`. */
  async stop() {
    await this.#miniflare?.dispose();
    this.#miniflare = undefined;
  }

  /** Kills workerd as a crash would, and waits until it answers again on the same port and storage. */
  async kill() {
    const workerd = this.#workerd;
    if (workerd === undefined) throw new Error("workerd is not running");
    await this.#seeWorkerd(async () => {
      const restarted = /** @type {Promise<void>} */ (new Promise((resolve) => (this.#onRestart = resolve)));
      const exited = workerd.exitCode === null ? once(workerd, "exit") : undefined;
      workerd.kill("SIGKILL");
      await exited;
      await restarted;
    });
  }

  async close() {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /**
   * Throws the room's object out of memory, as the platform may at any time. Its sockets go to
   * sleep with it or are closed.
   * @param {string} room @param {"hibernate" | "close"} webSockets
   */
  async evict(room, webSockets = "hibernate") {
    if (this.#miniflare === undefined) throw new Error("the server is stopped");
    await this.#miniflare.unsafeEvictDurableObject(NAME, this.#className, { name: room, webSockets });
  }

  /** Throws the lobby out of memory. */
  async evictLobby() {
    if (this.#miniflare === undefined) throw new Error("the server is stopped");
    await this.#miniflare.unsafeEvictDurableObject(NAME, "Lobby", { name: "lobby-0", webSockets: "hibernate" });
  }

  /**
   * How often workerd has made the object of this room so far; needs the option `watched`. Logs
   * come in order, so once a later event shows in them, none of before is missing.
   * @param {string} room
   */
  async wakes(room) {
    const later = `fence-${randomUUID()}`;
    await this.request(`/api/rooms/${later}`);
    const deadline = performance.now() + LOGS_MS_MAX;
    while (!this.logs.includes(`made ${later}`)) {
      if (performance.now() > deadline) throw new Error("the worker's logs don't come");
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.logs.filter((line) => line === `made ${room}`).length;
  }

  /** A request whose path goes out as written; see http.js. @param {string} path @param {import("./http.js").RequestOptions} [options] */
  request(path, options) {
    return request(this.#port, path, options);
  }

  /** Asks for an upgrade of this very path and hangs up at once. @param {string} path @param {Record<string, string>} [headers] */
  upgrade(path, headers) {
    return upgrade(this.#port, path, headers);
  }

  /** Runs `start` and keeps the workerd process that it made. @param {() => Promise<void>} start */
  async #seeWorkerd(start) {
    /** @type {ChildProcess[]} */
    const made = [];
    /** @type {import("node:diagnostics_channel").ChannelListener} */
    const see = (message) => made.push(/** @type {{ process: ChildProcess }} */ (message).process);
    diagnostics.subscribe("child_process", see);
    try {
      await start();
    } finally {
      diagnostics.unsubscribe("child_process", see);
    }
    this.#workerd = made.findLast((child) => child.spawnargs?.includes("serve"));
  }
}

/** Reads wrangler.toml into what Miniflare takes. @param {ServerOptions} options */
function settings({ vars = {}, build = "build", watched = false, counted = false, ratelimits }) {
  const { workerOptions, main } = wrangler.unstable_getMiniflareWorkerOptions(CONFIG);
  if (main === undefined) throw new Error("wrangler.toml names no main module");
  const root = dirname(CONFIG);
  const script = join(root, build, relative(join(root, "build"), main));
  if (!existsSync(script)) {
    throw new Error(`${relative(root, script)} is missing: \`npm test -- build\` makes it.`);
  }
  const { ROOMS, RELAYS } = /** @type {Record<string, { className: string }>} */ (workerOptions.durableObjects);
  if (ROOMS === undefined || RELAYS === undefined) throw new Error("wrangler.toml binds no ROOMS or no RELAYS");
  /** @type {Module[]} */
  const modules = [{ type: "ESModule", path: script }, ...otherModules(script)];
  if (watched) {
    const contents = watchedWorker([ROOMS.className, RELAYS.className], `./${basename(script)}`);
    modules.unshift({ type: "ESModule", path: join(dirname(script), "watched.js"), contents });
  }
  if (counted) {
    const contents = countingWorker(ROOMS.className, `./${basename(script)}`);
    modules.unshift({ type: "ESModule", path: join(dirname(script), "counted.js"), contents });
    modules.push({ type: "ESModule", path: join(dirname(script), "counter.js"), contents: COUNTER });
  }
  const bindings = { .../** @type {Record<string, string>} */ (workerOptions.bindings), ...vars };
  const { modulesRules: _, ...bare } = workerOptions; // modules are listed one by one instead
  const assets = { .../** @type {object} */ (bare.assets), directory: join(root, "public") }; // as it lies there, so that a change needs no build
  const limiters = ratelimits === undefined ? workerOptions.ratelimits : limitersOf(ratelimits);
  const worker = { ...bare, assets, name: NAME, modules, modulesRoot: dirname(script), bindings, ratelimits: limiters };
  return { worker, className: ROOMS.className };
}

/** @param {Record<string, number>} limits a minute, by name */
function limitersOf(limits) {
  const limiters = Object.entries(limits).map(([name, limit], at) => [name, { type: "ratelimit", name, namespace_id: String(at), simple: { limit, period: 60 } }]);
  return Object.fromEntries(limiters);
}

/** @typedef {{ type: "ESModule" | "CompiledWasm", path: string, contents?: string }} Module */

/** What else lies in the folder of the worker's main module. @param {string} script @returns {Module[]} */
function otherModules(script) {
  return readdirSync(dirname(script))
    .map((file) => join(dirname(script), file))
    .filter((path) => path !== script && /\.(m?js|wasm)$/.test(path))
    .map((path) => ({ type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path }));
}

/** A module around the built worker that tells of each object of these classes that workerd makes. @param {string[]} classes @param {string} built */
function watchedWorker(classes, built) {
  return `
    import worker, * as all from "${built}";
    export default worker;
    export * from "${built}";
    const watched = (Watched) => new Proxy(Watched, {
      construct(target, [state, env], newTarget) {
        console.log("made " + state.id.name);
        return Reflect.construct(target, [state, env], newTarget);
      },
    });
    ${classes.map((name) => `export const ${name} = watched(all.${name});`).join("\n")}`;
}
