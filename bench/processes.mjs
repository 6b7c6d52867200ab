// @ts-check
// CPU time and memory of processes, from /proc.

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

/** What all cores of this machine have run, in seconds since it started. */
export function machineSeconds() {
  const [, ...ticks] = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").trim().split(/ +/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks;
  return (user + nice + system + irq + softirq) / 100; // ticks a second: fixed in Linux's interface to programs
}

/** What processes have in memory. @param {number[]} pids */
export function memoryBytes(pids) {
  const pss = pids.map((pid) => /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
  return pss.reduce((sum, kib) => sum + Number(kib) * 1024, 0);
}
