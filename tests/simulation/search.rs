//! Many seeds on all cores.

use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::story::Story;
use crate::tally::Tally;
use crate::world::{Pasts, has_relays};
use crate::{play_safely, put_in, tell};

/// How many seeds a core takes at a time.
const SHARE: u64 = 500;

/// What one core did.
struct Part {
    tally: Tally,
    failed: Option<u64>,
    /// How long the core worked on it, where the system tells.
    busy_s: Option<f64>,
}

/// Plays seeds on all cores until one fails; the least that failed is told.
pub fn search(seeds: Range<u64>, relays: Option<bool>, bug: Option<&str>, cores: Option<usize>) -> ExitCode {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = cores.unwrap_or(available).max(1);
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let has_failed = AtomicBool::new(false);
    let is_asked = |seed: &u64| relays.is_none_or(|wanted| has_relays(*seed) == wanted);
    let parts: Vec<Part> = std::thread::scope(|scope| {
        let work = || work(seeds.end, &next, &has_failed, bug, is_asked);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    report(&parts, began.elapsed().as_secs_f64());
    match parts.iter().filter_map(|part| part.failed).min() {
        Some(seed) => tell(seed, bug, false),
        None if has_failed.into_inner() => ExitCode::FAILURE,
        None => {
            println!("violations: none");
            ExitCode::SUCCESS
        }
    }
}

fn work(
    end: u64,
    next: &AtomicU64,
    has_failed: &AtomicBool,
    bug: Option<&str>,
    is_asked: impl Fn(&u64) -> bool,
) -> Part {
    let mut part = Part { tally: Tally::default(), failed: None, busy_s: None };
    if let Err(why) = put_in(bug) {
        eprintln!("{why}");
        has_failed.store(true, Ordering::Relaxed);
        return part;
    }
    let pasts = Pasts::new();
    while part.failed.is_none() && !has_failed.load(Ordering::Relaxed) {
        let first = next.fetch_add(SHARE, Ordering::Relaxed);
        if first >= end {
            break;
        }
        for seed in (first..end.min(first + SHARE)).filter(&is_asked) {
            let outcome = play_safely(seed, &pasts, Story::default());
            part.tally += outcome.tally;
            if outcome.violation.is_some() {
                has_failed.store(true, Ordering::Relaxed);
                part.failed = Some(seed);
                break;
            }
        }
    }
    part.busy_s = busy_s();
    part
}

fn report(parts: &[Part], seconds: f64) {
    let mut total = Tally::default();
    parts.iter().for_each(|part| total += part.tally);
    let (schedules, cores) = (total.schedules, parts.len());
    let rate = schedules as f64 / seconds;
    let events = total.events as f64 / schedules.max(1) as f64;
    println!("{schedules} schedules of {events:.0} events each, in {seconds:.1} s on {cores} cores");
    println!("{rate:.0} schedules a second, {:.0} a second and core", rate / cores as f64);
    if let Some(busy_s) = parts.iter().map(|part| part.busy_s).sum::<Option<f64>>() {
        println!(
            "{:.0} in a second of a core's time: others may have used the cores too",
            schedules as f64 / busy_s
        );
    }
    println!("{total}");
}

/// How long this thread has run on a core, in seconds, where Linux tells.
fn busy_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
