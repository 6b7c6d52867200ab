// @ts-check
/**
 * A bad network on loopback: stands between one client and workerd and does to each TCP connection
 * what its seed says. The n-th connection through a proxy always meets the same fault.
 *
 *     const proxy = new FaultProxy(() => server.port, "17/proxy/3");
 *     await proxy.listen();
 *     new WebSocket(`ws://127.0.0.1:${proxy.port}/kitchen`);
 *     proxy.calm(); // from here on a good network
 *
 * The faults:
 *   cut         the connection ends, by RST or FIN, at a byte or at a frame: before, within or after it
 *   half-open   from there on bytes vanish, one way or both, and neither end is told anything, not even
 *               when the other one goes; the server keeps its side until `calm` or its own end
 *   delay       each chunk waits, with jitter
 *   slow-read   the client takes a few KiB a second for a while, and the server feels the pressure
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Framing } from "./framing.js";
import { Lot } from "./lot.js";

/** @typedef {import("node:net").Socket} Socket */
/** @typedef {"up" | "down"} Way from the client to the server, or back */
/** @typedef {{ byte: number } | { frame: number, where: "before" | "within" | "after", part: number }} Place */
/**
 * @typedef {{ kind: "none" }
 *   | { kind: "cut", way: Way, at: Place, how: "RST" | "FIN" }
 *   | { kind: "half-open", ways: Way[], at: Place }
 *   | { kind: "delay", latency_ms: number, jitter_ms: number }
 *   | { kind: "slow-read", bytes_per_tick: number, lasts_ms: number }} Fault
 */

const TICK_MS = 50;

/** How often each fault strikes. */
const WEIGHTS = { none: 3, cut: 3, "half-open": 1.5, delay: 1.5, "slow-read": 1 };

/** Draws what will happen to one connection. @param {Lot} lot @returns {Fault} */
export function drawFault(lot) {
  const kind = lot.weighted(WEIGHTS);
  if (kind === "cut") {
    const way = lot.pick(/** @type {Way[]} */ (["up", "down"]));
    return { kind, way, at: drawPlace(lot), how: lot.pick(["RST", "FIN"]) };
  }
  if (kind === "half-open") {
    const ways = lot.pick(/** @type {Way[][]} */ ([["up"], ["down"], ["up", "down"]]));
    return { kind, ways, at: drawPlace(lot) };
  }
  if (kind === "delay") return { kind, latency_ms: lot.int(1, 60), jitter_ms: lot.int(0, 80) };
  if (kind === "slow-read") return { kind, bytes_per_tick: lot.magnitude(100, 10_000), lasts_ms: lot.int(300, 3_000) };
  return { kind };
}

/** From within the handshake to some hundreds of frames. @param {Lot} lot @returns {Place} */
function drawPlace(lot) {
  if (lot.chance(0.25)) return { byte: lot.magnitude(1, 50_000) - 1 };
  return { frame: lot.magnitude(1, 150), where: lot.pick(["before", "within", "after"]), part: lot.next() };
}

export class FaultProxy {
  /** What was done so far, by the fault's name. */
  counts = { connections: 0, cuts: 0, "cuts within a frame": 0, resets: 0, "half-opens": 0, delays: 0, "slow reads": 0 };
  #calm = false;
  #target;
  #seed;
  /** @type {Set<Link>} */ #links = new Set();
  #server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#take(client));

  /** @param {() => number} target the port of the server, asked for at each connection @param {string} seed */
  constructor(target, seed) {
    this.#target = target;
    this.#seed = seed;
  }

  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port() {
    return /** @type {import("node:net").AddressInfo} */ (this.#server.address()).port;
  }

  /** No more faults: ends the connections that were to have one, or have it; new ones are good. */
  calm() {
    this.#calm = true;
    for (const link of this.#links) if (link.fault.kind !== "none") link.end("RST");
  }

  async close() {
    for (const link of this.#links) link.end("RST");
    this.#server.close();
    await once(this.#server, "close");
  }

  /** @param {Socket} client */
  #take(client) {
    const lot = new Lot(this.#seed, this.counts.connections++);
    const fault = this.#calm ? /** @type {Fault} */ ({ kind: "none" }) : drawFault(lot);
    if (fault.kind === "delay") this.counts.delays++;
    if (fault.kind === "slow-read") this.counts["slow reads"]++;
    const server = connect({ host: "127.0.0.1", port: this.#target(), allowHalfOpen: true, noDelay: true });
    const link = new Link(client, server, fault, lot, this.counts);
    this.#links.add(link);
    link.done.then(() => this.#links.delete(link));
  }
}

/** One connection through the proxy: a socket to each side, and what is done between them. */
class Link {
  #isCut = false;
  /** Bytes vanish here already. */
  #isHalfOpen = false;
  #born = performance.now();

  /** @param {Socket} client @param {Socket} server @param {Fault} fault @param {Lot} lot @param {FaultProxy["counts"]} counts */
  constructor(client, server, fault, lot, counts) {
    this.client = client;
    this.server = server;
    this.fault = fault;
    this.lot = lot;
    this.counts = counts;
    for (const socket of [client, server]) socket.on("error", () => {}); // a close follows
    /** Both sides are gone. @type {Promise<unknown>} */
    this.done = Promise.all([client, server].map((socket) => new Promise((resolve) => socket.on("close", resolve))));
    this.#carry("up", client, server);
    this.#carry("down", server, client);
  }

  /** Ends both sides. @param {"RST" | "FIN"} how */
  end(how) {
    this.#isCut = true;
    for (const socket of [this.client, this.server]) {
      if (how === "FIN" && !socket.connecting) socket.destroySoon();
      else socket.resetAndDestroy();
    }
  }

  /** @param {Way} way @param {Socket} from @param {Socket} to */
  async #carry(way, from, to) {
    const spot = "at" in this.fault ? new Spot(this.fault.at) : undefined;
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        const sound = await this.#pass(way, chunk, to, spot);
        if (this.#isCut) return;
        if (sound < chunk.length) this.#strike(way);
      }
      if (!this.#isSilent) to.end();
    } catch {
      if (!this.#isSilent) this.end("RST"); // one side broke: so does the other
    }
  }

  /** Whether an end on one side must not show on the other. */
  get #isSilent() {
    return this.#isHalfOpen && !this.#isCut;
  }

  /**
   * Passes on as much of a chunk as the fault leaves of it; returns how much that was.
   * @param {Way} way @param {Buffer} chunk @param {Socket} to @param {Spot | undefined} spot
   */
  async #pass(way, chunk, to, spot) {
    const { fault } = this;
    if (fault.kind === "delay") await sleep(fault.latency_ms + this.lot.next() * fault.jitter_ms);
    if (fault.kind === "slow-read" && way === "down") await this.#trickle(chunk, to, fault);
    const strikes = (fault.kind === "cut" && fault.way === way) || (fault.kind === "half-open" && fault.ways.includes(way));
    const sound = strikes && spot ? spot.reach(chunk) : chunk.length;
    if (fault.kind !== "slow-read" || way === "up") await write(to, chunk.subarray(0, sound));
    if (sound < chunk.length && fault.kind === "cut" && spot?.isWithinFrame) this.counts["cuts within a frame"]++;
    return sound;
  }

  /** @param {Buffer} chunk @param {Socket} to @param {{ bytes_per_tick: number, lasts_ms: number }} pace */
  async #trickle(chunk, to, { bytes_per_tick, lasts_ms }) {
    let rest = chunk;
    while (rest.length > 0) {
      const isSlow = performance.now() - this.#born < lasts_ms && !this.#isCut;
      const part = isSlow ? rest.subarray(0, bytes_per_tick) : rest;
      await write(to, part);
      rest = rest.subarray(part.length);
      if (isSlow) await sleep(TICK_MS);
    }
  }

  /** The place of the fault is reached. @param {Way} way */
  #strike(way) {
    const { fault } = this;
    if (fault.kind === "cut" && fault.way === way) {
      this.counts.cuts++;
      if (fault.how === "RST") this.counts.resets++;
      this.end(fault.how);
    }
    if (fault.kind === "half-open" && !this.#isHalfOpen) {
      this.counts["half-opens"]++;
      this.#isHalfOpen = true;
    }
  }
}

/** Where in one way's stream the fault strikes. */
class Spot {
  isWithinFrame = false;
  #at;
  #passed = 0;
  #framing = new Framing();
  #frames = 0;
  /** @type {number | undefined} */ #byte;

  /** @param {Place} at */
  constructor(at) {
    this.#at = at;
    if ("byte" in at) this.#byte = at.byte;
  }

  /** How many of a chunk's bytes come before the spot. @param {Buffer} chunk */
  reach(chunk) {
    const at = this.#at;
    if ("frame" in at && this.#byte === undefined) {
      for (const { start, end } of this.#framing.feed(chunk)) {
        if (++this.#frames !== at.frame) continue;
        if (at.where === "before") this.#byte = start;
        if (at.where === "after") this.#byte = end;
        if (at.where === "within") this.#byte = start + 1 + Math.floor(at.part * (end - start - 1));
        this.isWithinFrame = at.where === "within";
      }
    }
    const sound = Math.min(chunk.length, Math.max(0, (this.#byte ?? Infinity) - this.#passed));
    this.#passed += chunk.length;
    return sound;
  }
}

/** Writes with back pressure; settles, too, once there is nobody to write to. @param {Socket} to @param {Buffer} bytes */
async function write(to, bytes) {
  if (bytes.length === 0 || !to.writable || to.write(bytes)) return;
  await Promise.race([once(to, "drain"), once(to, "close")]).catch(() => {});
}
