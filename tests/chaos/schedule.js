// @ts-check
/**
 * Draws a schedule from a seed (who talks, how much, what goes wrong and when) and plays it on a
 * workerd of its own: real SQLite on disk, real sockets, each person behind a bad network. In the
 * end the faults stop, everything settles, and the verdict compares what everybody has.
 *
 *     const result = await play(drawSchedule(17, LONG), { build: "build", faults: "build-faults" });
 *     result.violations; // none, one hopes
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Server, UNHURRIED } from "../harness.js";
import { Lot } from "./lot.js";
import { FaultProxy } from "./proxy.js";
import { Saboteur } from "./saboteur.js";
import { HURRIED, Speaker } from "./speaker.js";
import { pagesOf, rowsOf, settle, verdict } from "./verdict.js";

/** @typedef {"kill" | "hibernate" | "close" | "panic" | "refuse-write" | "reload"} Act */
/**
 * @typedef {object} Size
 * @property {[number, number]} kills from, to
 * @property {[number, number]} evictions
 * @property {[number, number]} faults in the room's code: panics and refused writes
 * @property {[number, number]} reloads
 * @property {number} lines said in all, at least
 * @property {number} waitMax longest pause before a step, in milliseconds
 */
/**
 * @typedef {object} Schedule
 * @property {number} seed
 * @property {boolean} isShipped run on the build that is deployed, which has no doors for faults
 * @property {number} people
 * @property {number} linesEach at least
 * @property {{ wait_ms: number, act: Act }[]} steps
 */

/** @type {Size} */
export const LONG = { kills: [5, 6], evictions: [2, 4], faults: [1, 3], reloads: [0, 2], lines: 1_050, waitMax: 1_200 };
/** @type {Size} */
export const SHORT = { kills: [2, 3], evictions: [1, 1], faults: [1, 1], reloads: [0, 1], lines: 240, waitMax: 400 };

/** One schedule in so many runs on the shipped build. */
const SHIPPED_IN = 4;
/** What a client may have unacknowledged before it holds its tongue. */
const WINDOW = 40;
const EVICTION_MS_MAX = 5_000;
/** A connection that has not joined keeps its room awake, so this is shorter than as shipped. */
const VARS = { ...UNHURRIED, JOIN_TIMEOUT_MS: "1500" };

/** @param {number} seed @param {Size} size @returns {Schedule} */
export function drawSchedule(seed, size) {
  const lot = new Lot(seed, "schedule");
  const isShipped = seed % SHIPPED_IN === 0;
  const people = lot.int(4, 8);
  /** @param {[number, number]} range @param {() => Act} act */
  const some = (range, act) => Array.from({ length: lot.int(...range) }, act);
  const acts = lot.shuffled([
    ...some(size.kills, () => "kill"),
    ...some(size.evictions, () => lot.pick(["hibernate", "hibernate", "close"])),
    ...(isShipped ? [] : some(size.faults, () => lot.pick(["panic", "refuse-write"]))),
    ...some(size.reloads, () => "reload"),
  ]);
  const steps = acts.map((act) => ({ wait_ms: lot.magnitude(20, size.waitMax), act }));
  return { seed, isShipped, people, linesEach: Math.ceil(size.lines / people), steps };
}

/**
 * @typedef {object} Result
 * @property {number} seed
 * @property {Record<string, number>} counts
 * @property {string[]} violations
 * @property {string[]} story what happened when
 */

/** @param {Schedule} schedule @param {{ build: string, faults: string }} builds @returns {Promise<Result>} */
export async function play(schedule, builds) {
  const folder = await mkdtemp(join(tmpdir(), "parlor-chaos-"));
  const server = new Server(folder, { build: schedule.isShipped ? builds.build : builds.faults, vars: VARS });
  const stage = new Stage(schedule, server, folder);
  try {
    await server.start();
    await stage.play();
  } catch (error) {
    stage.violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    for (const speaker of stage.speakers) speaker.stop();
    await Promise.all(stage.proxies.map((proxy) => proxy.close()));
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  const violations = [...stage.speakers.flatMap((speaker) => speaker.violations), ...stage.violations];
  return { seed: schedule.seed, counts: stage.counts(), violations, story: stage.story };
}

/** One schedule's room with all who are in it. */
class Stage {
  /** @type {Speaker[]} */ speakers = [];
  /** @type {FaultProxy[]} */ proxies = [];
  /** @type {string[]} */ violations = [];
  /** @type {string[]} */ story = [];
  /** @type {Record<Act, number>} */ acts = { kill: 0, hibernate: 0, close: 0, panic: 0, "refuse-write": 0, reload: 0 };
  #started = performance.now();
  #messages = 0;
  #isOver = false;
  #isHushed = false;

  /** @param {Schedule} schedule @param {Server} server @param {string} folder */
  constructor(schedule, server, folder) {
    this.schedule = schedule;
    this.server = server;
    this.folder = folder;
    this.room = `chaos-${schedule.seed}`;
  }

  async play() {
    const { seed, people, steps } = this.schedule;
    for (let n = 0; n < people; n++) await this.#enter(`Person ${n + 1}`, n, seed);
    const talks = this.speakers.map((speaker, n) => this.#talk(speaker, new Lot(seed, "talk", n)));
    const saboteur = new Saboteur(() => this.server.port, this.room);
    for (const { wait_ms, act } of steps) {
      await sleep(wait_ms);
      await this.#do(act, saboteur);
    }
    this.#isOver = true;
    await Promise.all(talks);
    this.#note("the faults stop");
    for (const proxy of this.proxies) proxy.calm();
    await settle(this.speakers, this.server, this.room);
    this.#note("settled");
    const pages = await pagesOf(this.server, this.room);
    for (const speaker of this.speakers) speaker.stop();
    await this.server.stop();
    const rows = rowsOf(this.folder);
    this.#messages = rows.length;
    this.violations.push(...verdict(this.speakers, pages, rows));
  }

  /** @param {string} name @param {number} n @param {number} seed */
  async #enter(name, n, seed) {
    const proxy = new FaultProxy(() => this.server.port, `${seed}/proxy/${n}`);
    await proxy.listen();
    const lot = new Lot(seed, "backoff", n);
    const speaker = new Speaker({ port: () => proxy.port, room: this.room, name, lot, pace: HURRIED });
    speaker.on("end", (code) => this.#note(`${name}: ended with ${code}`));
    speaker.on("welcome", () => this.#note(`${name}: in, at ${speaker.log.head}`));
    speaker.on("violation", (what) => this.#note(`${name}: VIOLATION ${what}`));
    this.proxies.push(proxy);
    this.speakers.push(speaker);
  }

  /** Talks in bursts until its quota is said and the faults are over. @param {Speaker} speaker @param {Lot} lot */
  async #talk(speaker, lot) {
    while (!this.#isOver || speaker.said.size < this.schedule.linesEach) {
      await sleep(lot.int(5, 150));
      if (this.#isHushed) continue;
      for (let burst = lot.int(1, 12); burst > 0 && speaker.unacknowledged.size < WINDOW; burst--) {
        speaker.say(`${speaker.name} says ${speaker.said.size + 1}${" and so on".repeat(lot.int(0, 12))}`);
      }
    }
  }

  /** @param {Act} act @param {Saboteur} saboteur */
  async #do(act, saboteur) {
    const { server } = this;
    this.#note(act);
    if (act === "kill") await server.kill();
    else if (act === "reload") await server.reload();
    else if (act === "panic" || act === "refuse-write") await saboteur.strike(act);
    else if (!(await this.#evict(act))) return this.#note("no moment for an eviction");
    this.acts[act]++;
    this.#note(`${act} done`);
  }

  /**
   * Only a room without a timer or a request is evicted, so everybody pauses for breath: what is on
   * its way arrives before the eviction or after it.
   * @param {"hibernate" | "close"} webSockets @returns {Promise<boolean>} whether it happened
   */
  async #evict(webSockets) {
    this.#isHushed = true;
    const evicted = this.server.evict(this.room, webSockets).then(
      () => true,
      (error) => this.#note(String(error)) ?? false,
    );
    const happened = await Promise.race([evicted, sleep(EVICTION_MS_MAX, false)]);
    this.#isHushed = false;
    return happened;
  }

  /** @param {string} what */
  #note(what) {
    this.story.push(`${((performance.now() - this.#started) / 1_000).toFixed(3)} s  ${what}`);
  }

  /** @returns {Record<string, number>} */
  counts() {
    const { acts } = this;
    const acknowledged = this.speakers.reduce((sum, speaker) => sum + speaker.acknowledged.size, 0);
    /** @type {Record<string, number>} */
    const counts = {
      "acknowledged sends": acknowledged,
      "stored messages": this.#messages,
      SIGKILLs: acts.kill,
      "evictions, sockets kept": acts.hibernate,
      "evictions, sockets closed": acts.close,
      panics: acts.panic,
      "refused writes": acts["refuse-write"],
      reloads: acts.reload,
    };
    for (const part of [...this.speakers, ...this.proxies]) {
      for (const [name, count] of Object.entries(part.counts)) counts[name] = (counts[name] ?? 0) + count;
    }
    return counts;
  }
}
