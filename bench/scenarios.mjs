// @ts-check
// The loads of `npm run bench`: what each asks of whom, and the least that Parlor must reach.

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {string[]} servers of servers.mjs
 * @property {object} plan see bench/load/src/plan.rs
 * @property {number} [few] members of a smaller room, to compare memory with
 * @property {string[]} [v8Flags] of V8, for a server that is workerd
 * @property {boolean} [counted] Parlor's own counts of rows are read too
 * @property {Floor[]} floors
 */
/**
 * @typedef {object} Floor what must hold between medians
 * @property {string} measure
 * @property {(of: (server: string) => Medians) => number} value
 * @property {number} limit
 * @property {"at most" | "at least"} sense
 */
/** @typedef {Record<string, number>} Medians of the measures of measures.mjs */

const ALL = ["parlor", "floor", "partyserver", "ws", "socketio", "scalesocket", "native"];
const closed = (/** @type {number} */ senders, /** @type {number} */ window) => ({ kind: "closed", senders, window });
const open = (/** @type {number} */ per_second, senders = 10) => ({ kind: "open", senders, per_second });

/** CPU for a delivery, Parlor's against another's. @param {string} other @param {number} limit @returns {Floor} */
const cpuAgainst = (other, limit) => ({
  measure: `CPU for a delivery, times that of ${other}`,
  value: (of) => of("parlor").cpu_us / of(other).cpu_us,
  limit,
  sense: "at most",
});

/** @param {string} measure @param {keyof Medians & string} key @param {number} limit @param {"at most" | "at least"} [sense] @returns {Floor} */
const own = (measure, key, limit, sense = "at most") => ({ measure, value: (of) => of("parlor")[key] ?? NaN, limit, sense });

/** @type {Scenario[]} */
export const SCENARIOS = [
  {
    name: "one",
    title: "100 members, 1 closed-loop sender, window 8",
    servers: ALL,
    plan: { members: 100, load: closed(1, 8) },
    floors: [cpuAgainst("floor", 0.9)],
  },
  {
    name: "ten",
    title: "100 members, 10 closed-loop senders, window 4",
    servers: ALL,
    plan: { members: 100, load: closed(10, 4) },
    floors: [cpuAgainst("floor", 1 / 14), cpuAgainst("ws", 1 / 4)],
  },
  {
    name: "thousand",
    title: "1,000 members, 10 closed-loop senders, window 4",
    servers: ALL,
    plan: { members: 1_000, load: closed(10, 4) },
    floors: [
      cpuAgainst("floor", 1 / 25),
      cpuAgainst("ws", 1 / 5),
      own("p99 to the last member, ms", "p99_ms", 150),
      own("deliveries a second", "deliveries_per_second", 500_000, "at least"),
    ],
  },
  {
    name: "steady",
    title: "1,000 members, 100 messages a second, open loop",
    servers: ["parlor", "floor", "ws", "native"],
    plan: { members: 1_000, load: open(100) },
    floors: [
      own("p99 to the last member, ms", "p99_ms", 150),
      own("p99 in the last fifth against the first", "growth", 1.5),
      { measure: "the same of floor, which can't sustain it", value: (of) => of("floor").growth ?? NaN, limit: 1.5, sense: "at least" },
    ],
  },
  {
    name: "quiet",
    title: "1,000 members, 1 message a second, open loop",
    servers: ["parlor", "floor", "keeper"],
    plan: { members: 1_000, load: open(1), measure_ms: 30_000 },
    floors: [
      { measure: "p99 over the floor's, ms", value: (of) => of("parlor").p99_ms - of("floor").p99_ms, limit: 2, sense: "at most" },
      { measure: "the same over that of an object that keeps seats, log and rows", value: (of) => of("parlor").p99_ms - of("keeper").p99_ms, limit: 2, sense: "at most" },
      { measure: "the same of medians", value: (of) => of("parlor").p50_ms - of("keeper").p50_ms, limit: 2, sense: "at most" },
    ],
  },
  {
    name: "shipped",
    title: "100 members, 100 messages a second, evenly spaced",
    servers: ["parlor"],
    plan: { members: 100, load: open(100) },
    counted: true,
    floors: [own("rows written for 1,000 messages", "rows_per_1000", 250), own("p99 to the last member, ms", "p99_ms", 80)],
  },
  {
    name: "slow",
    title: "10 members, 1 message a second",
    servers: ["parlor"],
    plan: { members: 10, load: open(1), measure_ms: 60_000 },
    counted: true,
    floors: [own("rows written for 1,000 messages", "rows_per_1000", 1_020)],
  },
  {
    name: "wake",
    title: "8 hibernated rooms of 100 members, one message each",
    servers: ["parlor", "floor", "seats", "log", "row", "keeper"],
    plan: { members: 100, rooms: 8, load: { kind: "wake", sleep_ms: 12_000, cycles: 2 } },
    floors: [
      {
        measure: "wake to first delivery, times the floor's (medians)",
        value: (of) => of("parlor").first_p50_ms / of("floor").first_p50_ms,
        limit: 1.5,
        sense: "at most",
      },
      {
        measure: "the same, times that of an object that keeps seats, log and rows",
        value: (of) => of("parlor").first_p50_ms / of("keeper").first_p50_ms,
        limit: 1.5,
        sense: "at most",
      },
    ],
  },
  {
    name: "idle",
    title: "idle members: 4,000 against 1,000",
    servers: ["parlor", "floor", "seats", "words"],
    few: 1_000,
    // Each collection is a full one: what waits to be collected is not a member's memory.
    v8Flags: ["--gc-global"],
    plan: { members: 4_000, load: { kind: "idle" }, measure_ms: 1_000 },
    floors: [
      {
        measure: "memory of a member over the floor's, KiB",
        value: (of) => of("parlor").kib_per_member - of("floor").kib_per_member,
        limit: 1,
        sense: "at most",
      },
      {
        measure: "the same over that of the floor once each member has said something and was answered",
        value: (of) => of("parlor").kib_per_member - of("words").kib_per_member,
        limit: 1,
        sense: "at most",
      },
    ],
  },
];

/** Points of the plots: the same load over more members, the same members under more load. */
export const CURVES = {
  members: [10, 30, 100, 300, 1_000].map((members) => ({
    x: members,
    servers: ["parlor", "floor", "ws", "native"],
    plan: { members, load: closed(10, 4) },
  })),
  rate: [1, 3, 10, 30, 100, 300].map((rate) => ({
    x: rate,
    servers: ["parlor", "floor", "ws", "native"],
    plan: { members: 300, load: open(rate) },
  })),
};
