// @ts-check
// CPU time of processes, from /proc.

import { readFileSync, readdirSync } from "node:fs";

/** What the threads of these processes have run, in seconds. @param {number[]} pids */
export function cpuSeconds(pids) {
  let ns = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    }
  }
  return ns / 1e9;
}
