// @ts-check
// Parlor and those it is compared with: how each is started, on a port and a folder of its own, and how it is
// spoken to. Those for workerd run on the very `workerd` that npm installed, without wrangler or Miniflare
// between; each in the configuration that its documentation recommends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { run, step } from "../scripts/run.mjs";
import { ROOT, nodeEnvironment, npmBinary } from "../scripts/toolchain.mjs";

/** What is built for the benchmarks lies here; git ignores it. */
export const BUILT = join(ROOT, "target", "bench");
export const PEERS = join(ROOT, "bench", "peers");
const WORKERD = join(ROOT, "node_modules", "workerd", "bin", "workerd");
const SCALESOCKET = join(BUILT, "bin", "scalesocket");
const SCALESOCKET_VERSION = "0.2.3";
/** An object's class in wrangler.toml. */
const BINDING = /^\[\[durable_objects\.bindings\]\]\nname = "(\w+)"\nclass_name = "(\w+)"/gm;
const START_TIMEOUT_MS = 20_000;
const COMPATIBILITY_DATE = "2026-10-30";

/** As shipped but for the rate limit, which would refuse the load. */
const PARLOR_VARS = {
  DEFAULT_DIALECT: "parlor.v1",
  ALLOWED_ORIGINS: "*",
  RATE_BURST: "1000000",
  RATE_PER_SECOND: "1000000",
  CONNECTIONS_PER_ADDRESS_MAX: "32768",
};

/**
 * @typedef {object} Running
 * @property {number} port
 * @property {number[]} pids
 * @property {() => string} output what it printed to its standard error
 * @property {() => Promise<void>} stop
 */
/**
 * @typedef {object} Dialect how bench/load speaks to it: see bench/load/src/plan.rs
 * @property {string} path
 * @property {string} [subprotocol]
 * @property {boolean} [compressed]
 * @property {string[]} [on_open]
 * @property {string} [ready]
 * @property {string} [on_return]
 * @property {string} message
 * @property {[string, string][]} [answers]
 */
/**
 * @typedef {object} Peer
 * @property {string} title
 * @property {string} what it does, in a few words
 * @property {Dialect} dialect
 * @property {(options?: StartOptions) => Promise<Running>} start
 */
/**
 * @typedef {object} StartOptions
 * @property {Record<string, string>} [vars] for Parlor, over those above
 * @property {string} [build] the folder with Parlor's build
 * @property {string[]} [flags] compatibility flags, over the default ones
 * @property {string[]} [v8Flags] flags of V8, to profile with
 * @property {string} [folder] to keep the storage in, which outlives the server then
 * @property {number} [port] instead of any that is free
 * @property {Apart} [apart] for Parlor, of several processes
 * @property {number} [inspector] the port for V8's inspector, if it is to be had
 */
/**
 * @typedef {object} Apart one of several processes of Parlor: see peers/apart.js
 * @property {number} [roomsAt] the port of the process that has the rooms, if it is another
 * @property {string} [continent] whose visitors this one's relays serve
 */

const OBJECT = JSON.stringify({ name: "member-{member}", text: "{text}" });

/** @type {Record<string, Peer>} */
export const SERVERS = {
  parlor: {
    title: "Parlor",
    what: "all features on: parsed, checked, numbered, stored before told",
    dialect: {
      path: "/bench-{room}",
      subprotocol: "parlor.v1",
      on_open: ['{"type":"join","name":"Member {member}"}'],
      ready: '"type":"welcome"',
      on_return: '{"type":"join","name":"Member {member}","session":"{session}","after":{"epoch":"{epoch}","seq":{seq}}}',
      message: '{"type":"send","id":"{unique}","text":"{text}"}',
    },
    start: startParlor,
  },
  floor: {
    title: "barest JavaScript object",
    what: "workerd's floor: nothing parsed, nothing stored",
    dialect: { path: "/bench-{room}", message: OBJECT },
    start: (options) => startObjects({ "index.js": join(PEERS, "floor.js") }, options),
  },
  seats: keeper("seats", "the floor, and who each connection is"),
  log: keeper("log", "the floor, and a log that is read on waking"),
  row: keeper("row", "the floor, and each message on disk before anybody is told"),
  keeper: keeper("seats,log,row", "the floor, and all three"),
  words: keeper("words", "the floor, and each member has said something and was answered"),
  partyserver: {
    title: "PartyServer, hibernating",
    what: "parsed, rebuilt; nothing stored",
    dialect: { path: "/parties/rooms/bench-{room}", message: OBJECT },
    start: async (options) => startObjects({ "index.js": await bundled("partyserver.js") }, options),
  },
  demo: {
    title: "workers-chat-demo's pattern",
    what: "parsed, rebuilt; a row for each message",
    dialect: { path: "/bench-{room}", on_open: ['{"name":"member-{member}"}'], ready: '"ready"', message: OBJECT },
    start: (options) => startObjects({ "index.js": join(PEERS, "chat-demo.js") }, options),
  },
  ws: {
    title: "Node `ws` with JSON",
    what: "the pattern of the chats that Parlor grew from: parsed, escaped, rebuilt; 100 kept in memory",
    dialect: {
      path: "/",
      message: '{"type":"message","text":"{text}"}',
    },
    start: () => startProgram(npmBinary("node"), [join(PEERS, "node-ws.js")]),
  },
  socketio: {
    title: "Socket.IO with recovery",
    what: "parsed, rebuilt; recoverable for 2 minutes",
    dialect: {
      path: "/socket.io/?EIO=4&transport=websocket",
      on_open: ["40"],
      ready: '40{"sid"',
      message: `42["say",${OBJECT}]`,
      answers: [["2", "3"]],
    },
    start: () => startProgram(npmBinary("node"), [join(PEERS, "socketio.js")]),
  },
  scalesocket: {
    title: "ScaleSocket",
    what: "its chat: JSON through `cat`, told with who sent it, the last 64 kept",
    dialect: { path: "/bench-{room}", message: OBJECT },
    start: startScaleSocket,
  },
  native: {
    title: "native broadcaster",
    what: "the machine's limit for a frame a message: nothing parsed, nothing stored",
    dialect: { path: "/", message: OBJECT },
    start: () => startProgram(join(BUILT, "release", "parlor-broadcaster"), []),
  },
};

/** An object as bare as the floor, that keeps something. @param {string} keeps @param {string} what @returns {Peer} */
function keeper(keeps, what) {
  const greeting = keeps === "words" ? { on_open: ["hello"], ready: "welcome" } : {};
  const dialect = { path: "/bench-{room}", message: OBJECT, ...greeting };
  return { title: `that, keeping ${keeps}`, what, dialect, start: (options) => startObjects({ "index.js": join(PEERS, "keeper.js") }, { ...options, vars: { KEEPS: keeps } }) };
}

/** Builds what is run: Parlor, the load generator, the peers. */
export async function prepare() {
  const node = npmBinary("node");
  await step("Parlor", () => run(node, [join("scripts", "build.mjs")], { cwd: ROOT, env: nodeEnvironment() }));
  const env = { ...process.env, CARGO_TARGET_DIR: BUILT };
  await step("the load generator", () => run("cargo", ["build", "--release", "--locked"], { cwd: join(ROOT, "bench", "load"), env }));
  // Where it does not build, the run goes on without it, and says so.
  const scaleSocket = ["install", "scalesocket", "--version", SCALESOCKET_VERSION, "--locked", "--root", BUILT];
  if (!existsSync(SCALESOCKET)) {
    await step("ScaleSocket", () => run("cargo", scaleSocket, { env })).catch(() => {
      delete SERVERS.scalesocket;
      console.log("  ScaleSocket does not build here: left out");
    });
  }
  await step("the peers' packages", () => run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: PEERS, env: nodeEnvironment() }));
}

/** The two layouts of a log: see peers/layouts.js. */
export function startLayouts() {
  return startObjects({ "index.js": join(PEERS, "layouts.js") });
}

/** Parlor's own build. @param {StartOptions} [options] */
async function startParlor(options = {}) {
  const folder = join(ROOT, options.build ?? "build");
  const main = join(folder, "index.js");
  if (!existsSync(main)) throw new Error(`${folder} is missing: npm test -- build makes it`);
  const others = readdirSync(folder).filter((name) => /\.(m?js|wasm)$/.test(name) && name !== "index.js");
  const built = Object.fromEntries(["index.js", ...others].map((name) => [name, join(folder, name)]));
  const modules = options.apart ? { "apart.js": join(PEERS, "apart.js"), ...built } : built;
  const continent = options.apart?.continent;
  const vars = { ...PARLOR_VARS, ...(continent && { CONTINENT: continent }), ...options.vars };
  const bindings = readFileSync(join(ROOT, "wrangler.toml"), "utf8").matchAll(BINDING);
  return startWorkerd(modules, Object.fromEntries([...bindings].map(([, name, type]) => [name, type])), vars, options);
}

/** A Worker of one class of objects, Room. @param {Record<string, string>} modules @param {StartOptions} [options] */
function startObjects(modules, options = {}) {
  return startWorkerd(modules, { ROOMS: "Room" }, options.vars ?? {}, options);
}

/**
 * Starts workerd.
 * @param {Record<string, string>} modules from name to file, the main one first
 * @param {Record<string, string>} objects from binding to class
 * @param {Record<string, string>} vars
 * @param {StartOptions} options
 */
async function startWorkerd(modules, objects, vars, { flags = [], v8Flags = [], folder: kept, port = 0, apart, inspector }) {
  const folder = kept ?? mkdtempSync(join(tmpdir(), "parlor-bench-"));
  const list = (/** @type {string[]} */ items) => `[${items.join(", ")}]`;
  const text = JSON.stringify; // JSON's strings are Cap'n Proto's too
  const module = (/** @type {string} */ name) =>
    `(name = ${text(name)}, ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed ${text(name)})`;
  for (const [name, file] of Object.entries(modules)) copyFileSync(file, join(folder, name));
  const config = join(folder, "config.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = ${list([
    `(name = "main", worker = .main)`,
    `(name = "disk", disk = (path = ${text(folder)}, writable = true))`,
    ...(apart?.roomsAt ? [`(name = "rooms", external = (address = "127.0.0.1:${apart.roomsAt}", http = ()))`] : []),
  ])},
  v8Flags = ${list(v8Flags.map((flag) => text(flag)))},
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = ${list(Object.keys(modules).map(module))},
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  compatibilityFlags = ${list(flags.map((flag) => text(flag)))},
  durableObjectNamespaces = ${list(Object.values(objects).map((name) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`))},
  durableObjectStorage = (localDisk = "disk"),
  bindings = ${list([
    ...Object.entries(objects).map(([name, type]) => `(name = ${text(name)}, durableObjectNamespace = ${text(type)})`),
    ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...(apart?.roomsAt ? [`(name = "ROOMS_AT", service = "rooms")`] : []),
  ])},
);
`,
  );
  const args = ["serve", "--experimental", "--control-fd=3", ...(inspector ? [`--inspector-addr=127.0.0.1:${inspector}`] : []), config];
  /** @param {string} line */
  const portOf = (line) => {
    const { event, port } = JSON.parse(line);
    return event === "listen" ? port : undefined;
  };
  return start(WORKERD, args, 3, portOf, folder, kept === undefined);
}

/** A port that was free a moment ago, for programs that print none of their own choice. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = /** @type {import("node:net").AddressInfo} */ (probe.address());
      probe.close(() => resolve(address.port));
    });
  });
}

async function startScaleSocket() {
  const port = await freePort();
  const args = ["--addr", `127.0.0.1:${port}`, "--json", "--cache", "all:64", "cat"];
  return start(SCALESOCKET, args, 1, () => port); // its first line says that it listens
}

/** Starts a program that prints its port. @param {string} command @param {string[]} args */
function startProgram(command, args) {
  return start(command, args, 1, Number);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {number} stream where it says its port
 * @param {(line: string) => number | undefined} portOf of a line, if it names the port
 * @param {string} [folder] where it runs
 * @param {boolean} [temporary] whether the folder is deleted at its end
 * @returns {Promise<Running>}
 */
async function start(command, args, stream, portOf, folder, temporary = false) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe", "pipe"], cwd: folder ?? PEERS });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => (output = (output + text).slice(-20_000)));
  if (stream !== 1) child.stdout?.resume();
  const lines = createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdio[stream]) });
  const late = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
  const exited = once(child, "exit");
  const port = await firstPort(lines, portOf);
  clearTimeout(late);
  if (child.exitCode !== null || port === undefined) throw new Error(`${basename(command)} does not start: ${output}`);
  return {
    port,
    pids: [/** @type {number} */ (child.pid)],
    output: () => output,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      if (folder && temporary) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * All lines are read, so that what goes on to print does not wait for it.
 * @param {import("node:readline").Interface} lines @param {(line: string) => number | undefined} portOf
 * @returns {Promise<number | undefined>} none once there are no more lines
 */
function firstPort(lines, portOf) {
  return new Promise((resolve) => {
    lines.on("close", () => resolve(undefined));
    lines.on("line", (line) => {
      const port = portOf(line);
      if (port !== undefined) resolve(port);
    });
  });
}

/** Bundles a peer with the packages that it uses. @param {string} name @returns {Promise<string>} the file */
export async function bundled(name) {
  const out = join(BUILT, "peers", name);
  const args = [join(PEERS, name), "--bundle", "--format=esm", "--external:cloudflare:*", "--external:node:*", `--outfile=${out}`];
  await run(npmBinary("esbuild"), args, { cwd: PEERS });
  return out;
}

/**
 * Runs bench/load once.
 * @param {Peer} peer
 * @param {Running} running
 * @param {object} plan see bench/load/src/plan.rs
 * @returns {Promise<Record<string, any>>}
 */
export async function load(peer, running, plan) {
  const whole = { port: running.port, pids: running.pids, dialect: peer.dialect, ...plan };
  const child = spawn(join(BUILT, "release", "parlor-load"), [JSON.stringify(whole)], { stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${peer.title}: ${errors.trim()}\n${running.output().slice(-2_000)}`);
  return JSON.parse(output);
}
