// @ts-check
// One room with more connections than an object should hold, over relays in processes of their own: what comes, when,
// and what it costs. Writes bench/results/relay.json, which bench/model.mjs reads.
//
//   node bench/relay.mjs                  20,000 connections, 10 messages a second: two processes of relays
//   node bench/relay.mjs --members 8000 --per-second 10 --seconds 20 --room 2000 --relay 4000 --processes 2
//   node bench/relay.mjs --profile        the same, with `perf`: where the time goes
//
// `--prepared` builds nothing. `workerd` has two descriptors open for each connection: where a process may have 20,000
// (ulimit -Hn), one of relays holds some 9,900, and above that an upgrade gets no answer.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main } from "../scripts/run.mjs";
import { ROOT } from "../scripts/toolchain.mjs";
import { FAN_OUT_PIECE, loadCrowd, startCrowd } from "./crowd.mjs";
import { prepare } from "./servers.mjs";
import { record } from "./recorded.mjs";

const PROFILE = join(ROOT, "bench", "results", "relay-profile.txt");
const PROFILED_S = "10";

await main(async () => {
  const text = (/** @type {string} */ value) => ({ type: /** @type {const} */ ("string"), default: value });
  const flag = { type: /** @type {const} */ ("boolean"), default: false };
  const { values } = parseArgs({
    options: {
      members: text("20000"),
      "per-second": text("10"),
      seconds: text("50"),
      room: text("2000"),
      relay: text("4000"),
      processes: text("2"),
      piece: text(`${FAN_OUT_PIECE}`),
      prepared: flag,
      profile: flag,
    },
  });
  const { members, room, processes, seconds } = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
  if (!values.prepared) await prepare();
  const crowd = await startCrowd(processes ?? 1, { RELAY_ABOVE: values.room, RELAY_CONNECTIONS_MAX: values.relay, FAN_OUT_PIECE: values.piece });
  try {
    const here = Math.min(members ?? 0, room ?? 0);
    const each = Math.floor(((members ?? 0) - here) / crowd.relays.length);
    const shares = crowd.relays.map((relay, at) => ({
      doors: /** @type {[import("./servers.mjs").Running, number][]} */ (at === 0 ? [[crowd.room, here], [relay, each]] : [[relay, each]]),
      senders: 5,
    }));
    /** @type {(() => Promise<string>) | undefined} */
    let profiled;
    const begun = () => void (values.profile && (profiled = profile(crowd.relays[0]?.pids[0] ?? 0)));
    const outcome = await loadCrowd(crowd, { shares, per_second: Number(values["per-second"]), warmup_ms: 5_000, measure_ms: (seconds ?? 20) * 1_000, begun });
    if (profiled) writeFileSync(PROFILE, await profiled());
    // This machine may do other work: the window in which the last had it soonest says what this one can.
    const best = [...outcome.windows].sort((one, two) => one.last_p99_ms - two.last_p99_ms)[0];
    const bytes_per_connection = outcome.relay_bytes.reduce((sum, bytes) => sum + bytes, 0) / (each * crowd.relays.length);
    const whole = { ...outcome, bytes_per_connection, best };
    console.log(JSON.stringify(whole, undefined, 1));
    record(`crowd-${members}-${values["per-second"]}`, { members, room, relay: Number(values.relay), per_second: Number(values["per-second"]), seconds, ...whole });
  } finally {
    await crowd.stop();
  }
});

/** Has `perf` look at a process for some seconds. Returns what gives what it spent its time in, itself and all that it called. @param {number} pid */
function profile(pid) {
  const data = join(mkdtempSync(join(tmpdir(), "parlor-profile-")), "perf.data");
  const looks = once(spawn("perf", ["record", "-F", "499", "-g", "-p", `${pid}`, "-o", data, "--", "sleep", PROFILED_S], { stdio: "ignore" }), "exit");
  return async () => {
    await looks;
    const args = ["report", "-i", data, "--children", "--sort", "symbol", "--stdio", "-g", "none"];
    const lines = execFileSync("perf", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 2 ** 28 }).split("\n");
    const symbols = lines.filter((line) => /^ +\d/.test(line) && !/ 0x0/.test(line)).map((line) => line.replace(/[<(]\S*[>(].*/, "").replace(/ +- +-/, "").replace(/ +/g, " ").trimEnd().slice(0, 110));
    return `all, self, symbol: ${PROFILED_S} s of a process of relays\n${symbols.slice(0, 120).join("\n")}\n`;
  };
}
