// @ts-check
// One room with more connections than an object should hold, over relays: what comes, when, and what it costs.
//
//   node bench/relay.mjs                                         20,000 connections, 10 messages a second
//   node bench/relay.mjs --members 8000 --per-second 10 --seconds 20 --room 2000 --relay 4000
//
// Needs open files for both ends (ulimit -n 65536), and ports for every connection (net.ipv4.ip_local_port_range).

import { parseArgs } from "node:util";
import { main } from "../scripts/run.mjs";
import { SERVERS, load, prepare } from "./servers.mjs";

await main(async () => {
  const text = (/** @type {string} */ value) => ({ type: /** @type {const} */ ("string"), default: value });
  const { values } = parseArgs({
    options: { members: text("20000"), "per-second": text("10"), seconds: text("20"), room: text("2000"), relay: text("4000"), prepared: { type: "boolean" } },
  });
  if (!values.prepared) await prepare();
  const [members, per_second, seconds] = [values.members, values["per-second"], values.seconds].map(Number);
  const peer = SERVERS.parlor;
  if (!peer || !seconds) throw new Error("nothing to do");
  const running = await peer.start({ vars: { RELAY_ABOVE: values.room, RELAY_CONNECTIONS_MAX: values.relay } });
  try {
    const plan = { members, load: { kind: "open", senders: 10, per_second }, warmup_ms: 5_000, measure_ms: seconds * 1_000 };
    const report = await load(peer, running, plan);
    console.log(JSON.stringify(report, undefined, 1));
    const answer = await fetch(`http://127.0.0.1:${running.port}/metrics`);
    const counted = (await answer.text()).split("\n").filter((line) => /^parlor_(connections|messages_total|fanout_frames_total) /.test(line));
    console.log(counted.join("\n"));
  } finally {
    await running.stop();
  }
});
