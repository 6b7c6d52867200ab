//! CPU time and memory of trees of processes, from `/proc`.

use std::fs::read_to_string;

/// Ticks of `/proc/<pid>/stat` a second: fixed in Linux's interface to programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// What processes have used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// CPU time, user and system, in seconds.
    pub cpu_s: f64,
    /// Memory in bytes; what is shared between processes is divided among them.
    pub memory_bytes: f64,
}

/// Adds up these processes and all that descend from them.
pub fn usage(pids: &[u32]) -> Usage {
    let mut all: Vec<u32> = pids.to_vec();
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        for child in children(pid) {
            if !all.contains(&child) {
                all.push(child);
            }
        }
        next += 1;
    }
    let cpu_s = all.iter().map(|pid| cpu_s(&format!("/proc/{pid}"))).sum();
    Usage { cpu_s, memory_bytes: all.iter().map(|pid| memory_bytes(*pid)).sum() }
}

/// CPU time of this process, in seconds.
pub fn own_cpu_s() -> f64 {
    cpu_s("/proc/self")
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split(' ').filter_map(|pid| pid.trim().parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Of all threads, in nanoseconds of the scheduler where it tells, else in ticks.
fn cpu_s(folder: &str) -> f64 {
    let exact = std::fs::read_dir(format!("{folder}/task")).ok().and_then(|threads| {
        threads.flatten().map(|thread| run_ns(&thread.path().join("schedstat"))).sum::<Option<f64>>()
    });
    let ticks = || {
        let stat = read_to_string(format!("{folder}/stat")).unwrap_or_default();
        // The name, which may hold spaces, ends with the last parenthesis; `utime` is the 12th field after it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks =
            |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / TICKS_PER_SECOND
    };
    // Threads that have ended count in `stat` only.
    exact.filter(|exact| *exact > 0.0).unwrap_or_else(ticks)
}

fn run_ns(path: &std::path::Path) -> Option<f64> {
    let text = read_to_string(path).ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

fn memory_bytes(pid: u32) -> f64 {
    let rollup = read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = pss.and_then(|rest| rest.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let before = own_cpu_s();
        let started = std::time::Instant::now();
        while started.elapsed().as_millis() < 60 {}
        let used = usage(&[std::process::id()]);
        assert!(own_cpu_s() > before);
        assert!(used.cpu_s >= before && used.memory_bytes > 100_000.0);
    }
}
