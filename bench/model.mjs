// @ts-check
// What a room with a hundred thousand or a million readers comes to: its tree, latency, requests, time and list price, and
// which limit of the platform binds where. Fed with costs per hop that bench/relay-readers.mjs, bench/relay-threshold.mjs
// and bench/relay.mjs measured (bench/results/relay.json), and with list prices (bench/prices.json):
//
//   node bench/relay-readers.mjs --per-second 10 --readers 1000,16000     what relays cost that have much to do
//   node bench/relay.mjs                                                  the run that --check foretells
//
//   node bench/model.mjs            prints the tables, and writes them to bench/results/scale.md
//   node bench/model.mjs --frame-us 20    the same, if a frame to a connection took so much of a thread: only prints
//   node bench/model.mjs --check    fails unless it foretells the recorded run of 20,000 to within 20 %
//
// What it takes for granted is in ASSUMED. A thread is taken to go round its connections piece by piece (src/fan_out.rs).

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main } from "../scripts/run.mjs";
import { ROOT } from "../scripts/toolchain.mjs";
import { FAN_OUT_PIECE } from "./crowd.mjs";
import { recorded } from "./recorded.mjs";

const PRICES = JSON.parse(readFileSync(new URL("./prices.json", import.meta.url), "utf8"));
const TOLERANCE = 0.2;

/** From src/limits.rs, by name. */
const LIMITS = { RELAY_ABOVE: 2_000, RELAY_CONNECTIONS_MAX: 4_000, HOLD_ABOVE_PER_SECOND: 20, HOLD_MS_PER_FRAME: 2, HOLD_MS: 50, RELAY_REPORT_GAP_MS: 1_000, RELAY_PLACEMENT_ARRIVALS_MAX: 50, COUNT_GAP_MS: 2_000, FAN_OUT_PIECE: 250, FAN_OUT_GAP_MS_MAX: 500, FAN_OUT_HEARING_PER_GAP_MS: 16 };
/** Of the platform: https://developers.cloudflare.com/durable-objects/platform/limits/ */
const PLATFORM = { sockets: 32_768, requests_per_second: 1_000, memory_bytes: 128e6, frame_bytes: 1024 * 1024 };
const ASSUMED = {
  /** Between a member and its relay, and between a relay and its room on another continent, one way. */
  member_hop_ms: 20,
  relay_hop_ms: 75,
  /** A thread is full at this share: beyond it queues grow. */
  busy_max: 0.8,
  /** Bytes of a message on the wire, with its envelope: 64 characters of text. */
  message_bytes: 260,
};

/**
 * @typedef {object} Costs in microseconds of a server's thread
 * @property {number} message at the room: take, check, number, store
 * @property {number} link at the room: a frame to a relay, which is one to a connection
 * @property {number} frame at either: a frame to a connection
 * @property {number} generator of the load generator: a frame to a connection
 * @property {number} turns_p50 turns of a busy thread, with a piece of each of its relays in it, that pass until a message is among what
 *   goes round: what comes up and what comes down waits for the pieces that are leaving, hop by hop
 * @property {number} turns_p99
 * @property {number} bytes a connection takes of a relay's process
 */
/**
 * @typedef {object} Tree
 * @property {number} readers
 * @property {number} in_room connections of the room itself
 * @property {number} relays
 * @property {number} on_relay connections of each
 */

/** What was measured, made into costs. @returns {Costs} */
function costs() {
  const { "readers-10": readers, "crowd-20000-10": crowd } = recorded();
  if (!readers || !crowd) throw new Failure("nothing is measured yet: node bench/relay-readers.mjs --per-second 10 --readers 1000,16000, node bench/relay.mjs");
  const [few, many] = [readers.medians[0], readers.medians.at(-1)];
  const frame = many.relay_us_per_frame;
  // Those runs have two processes of relays; each member had a frame once in a round.
  const round_ms = 1_000 / (readers.per_second * many.frames_per_delivery);
  const turns = (/** @type {number} */ last_ms) => Math.max(0, last_ms - round_ms) / turn_ms(frame, many.relays / 2);
  return {
    // One connection in those runs is the room's own.
    message: few.room_us_per_message - frame * (few.relays + 1),
    link: frame,
    frame,
    generator: many.generator_us_per_frame,
    turns_p50: turns(many.last_p50_ms),
    turns_p99: turns(many.last_p99_ms),
    bytes: crowd.bytes_per_connection ?? NaN,
  };
}

/** A turn of a thread's loop in which each of its relays tells a piece. @param {number} frame_us @param {number} relays @param {number} [piece] */
function turn_ms(frame_us, relays, piece = FAN_OUT_PIECE) {
  return (relays * piece * frame_us) / 1_000;
}

/**
 * How long a round of a broadcast takes: what its frames take, and no less than what each waits for its next where there is always
 * something to tell. src/fan_out.rs. @param {number} fan_out_ms @param {number} members of room and relays @param {number} per_second flushes
 */
function round(fan_out_ms, members, per_second) {
  const gap_ms = Math.min(LIMITS.FAN_OUT_GAP_MS_MAX, members / LIMITS.FAN_OUT_HEARING_PER_GAP_MS);
  return 1_000 / per_second < gap_ms ? Math.max(fan_out_ms, gap_ms) : fan_out_ms;
}

/** @param {number} readers @param {number} [room] @param {number} [relay] @returns {Tree} */
function treeOf(readers, room = LIMITS.RELAY_ABOVE, relay = LIMITS.RELAY_CONNECTIONS_MAX) {
  const in_room = Math.min(readers, room);
  const relays = Math.ceil((readers - in_room) / relay);
  return { readers, in_room, relays, on_relay: relays ? (readers - in_room) / relays : 0 };
}

/** How a busy room holds its flushes: src/room/pace.rs. @param {number} per_second */
function flushes(per_second) {
  const hold_ms = Math.min(LIMITS.HOLD_MS, Math.max(0, per_second - LIMITS.HOLD_ABOVE_PER_SECOND) * LIMITS.HOLD_MS_PER_FRAME);
  // From one flush to the next, which is when a message has come.
  return { hold_ms, per_second: Math.min(per_second, 1_000 / hold_ms) };
}

/**
 * The platform: each object has a thread of its own, and hops take time.
 * @param {Tree} tree @param {number} per_second @param {Costs} cost
 */
function foretell(tree, per_second, cost) {
  const own_ms = (tree.in_room * cost.frame) / 1_000;
  const links_ms = (tree.relays * cost.link) / 1_000;
  // Relays are told at once; a room that is busy with that waits with the next.
  const rest = 1 - (per_second * cost.message) / 1e6;
  const paced = flushes(per_second);
  const flush = { ...paced, per_second: links_ms > 0 ? Math.min(paced.per_second, (rest * 1_000) / links_ms) : paced.per_second };
  const own_round_ms = round(own_ms, tree.readers, flush.per_second);
  const fan_out_ms = (tree.on_relay * cost.frame) / 1_000;
  const round_ms = round(fan_out_ms, tree.readers, flush.per_second);
  const rounds_per_second = (/** @type {number} */ ms) => Math.min(flush.per_second, 1_000 / ms);
  const room_busy = Math.min(1, 1 - rest + (flush.per_second * links_ms + rounds_per_second(own_round_ms) * own_ms) / 1_000);
  const relay_busy = (rounds_per_second(round_ms) * fan_out_ms) / 1_000;
  // From a member on a relay up, held, down, and round.
  const way_ms = 2 * (ASSUMED.member_hop_ms + ASSUMED.relay_hop_ms) + links_ms;
  const turn = turn_ms(cost.frame, 1, LIMITS.FAN_OUT_PIECE) * relay_busy;
  const p50_ms = way_ms + flush.hold_ms / 2 + round_ms + turn * cost.turns_p50;
  const p99_ms = way_ms + flush.hold_ms + (turn_ms(cost.frame, 1, LIMITS.FAN_OUT_PIECE) + links_ms) * room_busy + round_ms + turn * cost.turns_p99;
  return { flush, room_busy, relay_busy, shown_per_second: rounds_per_second(round_ms), p50_ms, p99_ms, ...charged(tree, per_second, flush.per_second) };
}

/** What an hour of it is charged for. @param {Tree} tree @param {number} per_second @param {number} flushes_per_second */
function charged({ readers, relays }, per_second, flushes_per_second) {
  const HOUR_S = 3_600;
  // A message comes in at a relay, and again at the room; a flush at each relay, whose end of the line is a client's.
  const frames_in = per_second * 2 + flushes_per_second * relays;
  // A relay says at most once a second how many it has: here, that somebody comes or goes all the time.
  const counts = relays * (1_000 / LIMITS.RELAY_REPORT_GAP_MS);
  const requests = ((frames_in + counts) * HOUR_S) / PRICES.incoming_messages_per_request;
  // Coming: the Worker's request, the relay's, the room's for some together, and the `join`, once in the hour.
  const arrivals = readers * (2 + 1 / LIMITS.RELAY_PLACEMENT_ARRIVALS_MAX + 1 / PRICES.incoming_messages_per_request);
  const gb_s = (1 + relays) * PRICES.gb_of_an_object * HOUR_S;
  const rows = flushes_per_second * HOUR_S;
  const dollars = ((requests + arrivals) * PRICES.per_million_requests + gb_s * PRICES.per_million_gb_seconds + rows * PRICES.per_million_rows_written) / 1e6;
  return { requests, arrivals, gb_s, rows, dollars, dollars_duration: (gb_s * PRICES.per_million_gb_seconds) / 1e6 };
}

/**
 * How full each limit is, and how many readers a flat tree holds before it is: its relays all hang from the room.
 * @param {number} per_second @param {Costs} cost
 */
function bounds(per_second, cost) {
  const flush = flushes(per_second);
  const each = LIMITS.RELAY_CONNECTIONS_MAX;
  const readers = (/** @type {number} */ relays) => LIMITS.RELAY_ABOVE + Math.max(0, Math.floor(relays)) * each;
  const own_rounds = Math.min(flush.per_second, 1_000 / LIMITS.FAN_OUT_GAP_MS_MAX);
  const left = ASSUMED.busy_max * 1e6 - per_second * cost.message - own_rounds * LIMITS.RELAY_ABOVE * cost.frame;
  const batch_bytes = (per_second / flush.per_second) * ASSUMED.message_bytes;
  return [
    { what: "the room's thread: a frame to each relay for each flush", readers: readers(left / (flush.per_second * cost.link)) },
    { what: `the room's requests (${PLATFORM.requests_per_second}/s): each relay's count every second, while people come and go`, readers: readers(PLATFORM.requests_per_second - per_second) },
    { what: `the room's sockets (${PLATFORM.sockets.toLocaleString("en")}): one for each relay`, readers: readers(PLATFORM.sockets - LIMITS.RELAY_ABOVE) },
    { what: `a frame (1 MiB) holds a flush of ${Math.round(batch_bytes).toLocaleString("en")} bytes`, readers: batch_bytes < PLATFORM.frame_bytes / 4 ? Infinity : 0 },
  ];
}

/**
 * The same on one machine, whose cores are shared by all threads and the generator: what a run there must come to.
 * @param {{ members: number, room: number, relay: number, per_second: number, processes: number, cores: number }} run @param {Costs} cost
 */
function foretellRun({ members, room, relay, per_second, processes, cores }, cost) {
  const tree = treeOf(members, room, relay);
  const flush = flushes(per_second);
  const on_relays = members - tree.in_room;
  const per_message_us = cost.message + tree.relays * cost.link;
  const per_round_us = members * (cost.frame + cost.generator);
  // Each process of relays is one thread; all share what cores there are.
  const thread_ms = ((on_relays / processes) * cost.frame) / 1_000;
  const all_ms = per_round_us / 1_000 / (cores - (per_second * per_message_us) / 1e6);
  const mean_ms = round(Math.max(thread_ms, all_ms), members, flush.per_second);
  // The relays of a thread take turns, so the one that is not full goes round more often, at the others' cost.
  const full = Math.floor(on_relays / processes / relay);
  const rest = on_relays / processes - full * relay;
  const frames_per_ms = on_relays / processes / mean_ms;
  const of_rest = Math.min(frames_per_ms / (full + 1), rest / round(0, members, flush.per_second));
  const round_ms = full > 0 && of_rest > 0 ? Math.max(mean_ms, (full * relay) / (frames_per_ms - of_rest)) : mean_ms;
  const rounds_per_second = Math.min(flush.per_second, 1_000 / mean_ms);
  const server_cores = (per_second * per_message_us + rounds_per_second * members * cost.frame) / 1e6;
  const turn = turn_ms(cost.frame, tree.relays / processes);
  return { frames_per_second: rounds_per_second * members, server_cores, last_p50_ms: round_ms + turn * cost.turns_p50, last_p99_ms: round_ms + turn * cost.turns_p99 };
}

await main(async () => {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false }, "frame-us": { type: "string" } } });
  const cost = costs();
  if (values["frame-us"]) cost.frame = cost.link = Number(values["frame-us"]);
  if (values.check) return check(cost);
  const text = [...table(cost), "", ...limits(cost)].join("\n");
  console.log(text);
  if (values["frame-us"]) return;
  writeFileSync(join(ROOT, "bench", "results", "scale.md"), `# One room, by bench/model.mjs\n\n${text}\n`);
});

/** @param {Costs} cost */
function check(cost) {
  const crowd = recorded()["crowd-20000-10"];
  // All of the run; its best window may have begun with less to do.
  const best = { ...crowd, frames_per_second: (crowd.frames * crowd.per_second) / crowd.messages };
  const run = { members: crowd.members, room: crowd.room, relay: crowd.relay, per_second: crowd.per_second, processes: best.relay_cores.length, cores: crowd.machine.cores - best.other_cores };
  const foretold = foretellRun(run, cost);
  const seen = {
    frames_per_second: best.frames_per_second,
    server_cores: best.room_cores + best.relay_cores.reduce((/** @type {number} */ sum, /** @type {number} */ it) => sum + it, 0),
    last_p50_ms: best.last_p50_ms,
    last_p99_ms: best.last_p99_ms,
  };
  const off = [];
  for (const [key, value] of Object.entries(seen)) {
    const told = /** @type {Record<string, number>} */ (foretold)[key] ?? NaN;
    const ratio = told / value;
    console.log(`${key}: foretold ${told.toFixed(2)}, seen ${value.toFixed(2)}: ${ratio.toFixed(2)}`);
    if (!(Math.abs(ratio - 1) <= TOLERANCE)) off.push(key);
  }
  if (off.length > 0) throw new Failure(`off by more than ${TOLERANCE * 100} %: ${off.join(", ")}`);
}

/** @param {Costs} cost */
function table(cost) {
  const lines = [
    `Costs of a thread, measured: ${cost.message.toFixed(0)} µs a message at the room, ${cost.link.toFixed(1)} µs a frame to a relay, ${cost.frame.toFixed(1)} µs a frame to a connection.`,
    "",
    "| readers | messages/s | relays | flushes/s | room's thread | a relay's thread | p50, p99 to the last | requests an hour | GB-s | $ an hour | of it time |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const readers of [20_000, 100_000, 1_000_000]) {
    for (const per_second of [1, 10, 50]) {
      const tree = treeOf(readers);
      const told = foretell(tree, per_second, cost);
      const cells = [
        whole(readers),
        per_second,
        `${tree.relays} of ${whole(tree.on_relay)}`,
        told.flush.per_second.toFixed(0),
        percent(told.room_busy),
        percent(told.relay_busy),
        `${whole(told.p50_ms)}, ${whole(told.p99_ms)} ms`,
        whole(told.requests),
        whole(told.gb_s),
        told.dollars.toFixed(2),
        told.dollars_duration.toFixed(2),
      ];
      lines.push(`| ${cells.join(" | ")} |`);
    }
  }
  return lines;
}

/** @param {Costs} cost */
function limits(cost) {
  const lines = ["| limit | readers at 1 message/s | at 10 | at 50 |", "|---|---|---|---|"];
  const rates = [1, 10, 50].map((per_second) => bounds(per_second, cost));
  for (const [at, { what }] of (rates[0] ?? []).entries()) {
    const cells = rates.map((all) => (all[at]?.readers === Infinity ? "any" : whole(all[at]?.readers ?? NaN)));
    lines.push(`| ${[what, ...cells].join(" | ")} |`);
  }
  const let_in = PLATFORM.requests_per_second * LIMITS.RELAY_PLACEMENT_ARRIVALS_MAX;
  const coming = [100_000, 1_000_000].map((readers) => `${whole(readers)} in ${whole(readers / let_in)} s`);
  lines.push(`| arrivals: the room is asked by one of ${LIMITS.RELAY_PLACEMENT_ARRIVALS_MAX} (${whole(let_in)}/s); a relay lets in ${whole(PLATFORM.requests_per_second)}/s, so others are opened | ${coming.join(", ")} | | |`);
  const memory = LIMITS.RELAY_CONNECTIONS_MAX * cost.bytes;
  if (memory > 0) lines.push(`| memory of a relay's process with ${whole(LIMITS.RELAY_CONNECTIONS_MAX)} connections, native memory included | ${whole(memory / 1e6)} MB | | |`);
  return lines;
}

/** @param {number} value */
function whole(value) {
  return Math.round(value).toLocaleString("en");
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}
