//! The deterministic simulation: the real core, the real dialect and the real log, with a simulated
//! clock, network and storage, all driven by a seed. docs/RELIABILITY.md says what it checks.
//!
//!     npm run simulate -- --seeds 1000000 --from 0     as many as you like, on all cores
//!     npm run simulate -- --seeds 10000 --with-relays  of those seeds every fourth, in which the room has relays
//!     npm run simulate -- --seed 17                    one, and its story
//!
//! Without arguments it is a test: a fixed number of seeds, and every planted bug must be caught.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod book;
mod client;
mod court;
mod dice;
mod faults;
mod moderation;
mod network;
mod oracles;
mod orders;
mod outsider;
#[cfg(feature = "planted-bugs")]
mod planted;
mod poster;
mod relays;
mod search;
mod shell;
mod stage;
mod store;
mod story;
mod tally;
mod timeline;
mod warden;
mod wire;
mod world;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use search::search;
use story::{Story, Violation};
use tally::Tally;
use world::{Outcome, Pasts, play};

/// How many seeds the test plays. Without the feature it is the one of a plain `cargo test`, a debug
/// build some 20 times slower.
const TEST_SEEDS: u64 = if cfg!(feature = "planted-bugs") { 5_000 } else { 200 };

/// How many of them it plays twice.
const REPLAYED_SEEDS: u64 = 50;

/// What the arguments ask for.
#[derive(Default)]
struct Arguments {
    seeds: Option<u64>,
    from: u64,
    seed: Option<u64>,
    bug: Option<String>,
    whole: bool,
    /// Only schedules with relays, or only those without.
    relays: Option<bool>,
    cores: Option<usize>,
    /// Part of the name of the tests that `cargo test` is to run.
    filter: Option<String>,
}

/// What `cargo test` may hand on to a test, and means nothing here.
const FOR_OTHER_TESTS: [&str; 7] =
    ["--nocapture", "--show-output", "--quiet", "-q", "--exact", "--ignored", "--include-ignored"];

fn main() -> ExitCode {
    match read_arguments(std::env::args().skip(1)) {
        Ok(Arguments { seed: Some(seed), bug, whole, .. }) => tell(seed, bug.as_deref(), whole),
        Ok(Arguments { seeds: Some(seeds), from, relays, bug, cores, .. }) => {
            search(from..from + seeds, relays, bug.as_deref(), cores)
        }
        Ok(Arguments { filter: Some(filter), .. }) if !"simulation".contains(&filter) => ExitCode::SUCCESS,
        Ok(_) => test(),
        Err(why) => {
            eprintln!(
                "{why}\nusage: [--seeds COUNT [--from SEED] [--cores COUNT] [--with-relays | --without-relays]] [--seed SEED [--whole]] [--bug NAME]"
            );
            ExitCode::FAILURE
        }
    }
}

fn read_arguments(mut from: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut read = Arguments::default();
    while let Some(name) = from.next() {
        let mut value = || from.next().ok_or_else(|| format!("{name} wants a value"));
        let number =
            |text: String| text.replace('_', "").parse::<u64>().map_err(|error| format!("{text}: {error}"));
        match name.as_str() {
            "--seeds" => read.seeds = Some(number(value()?)?),
            "--from" => read.from = number(value()?)?,
            "--seed" => read.seed = Some(number(value()?)?),
            "--cores" => read.cores = Some(number(value()?)? as usize),
            "--bug" => read.bug = Some(value()?),
            "--whole" => read.whole = true,
            "--with-relays" => read.relays = Some(true),
            "--without-relays" => read.relays = Some(false),
            other if FOR_OTHER_TESTS.contains(&other) || other.starts_with("--test-threads") => {}
            other if other.starts_with('-') => return Err(format!("unknown: {other}")),
            filter => read.filter = Some(filter.to_owned()),
        }
    }
    Ok(read)
}

/// Plays a schedule; a panic in the room's code that no fault asked for is a violation too.
fn play_safely(seed: u64, pasts: &Pasts, story: Story) -> Outcome {
    std::panic::catch_unwind(AssertUnwindSafe(|| play(seed, pasts, story))).unwrap_or_else(|_| Outcome {
        tally: Tally::default(),
        violation: Some(Violation { promise: "nothing panics", seen: "see above".to_owned() }),
        story: Story::default(),
    })
}

/// Tells the story of one seed.
fn tell(seed: u64, bug: Option<&str>, whole: bool) -> ExitCode {
    if let Err(why) = put_in(bug) {
        eprintln!("{why}");
        return ExitCode::FAILURE;
    }
    let outcome = play_safely(seed, &Pasts::new(), Story::told());
    print!("{}", outcome.story.end(whole));
    let bug = bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default();
    match outcome.violation {
        Some(violation) => {
            println!("{violation}\nseed {seed}; again: npm run simulate -- --seed {seed}{bug}");
            ExitCode::FAILURE
        }
        None => {
            println!("seed {seed}: every promise held\n{}", outcome.tally);
            ExitCode::SUCCESS
        }
    }
}

/// The same seed must give the same story, line for line.
fn replays() -> bool {
    let pasts = Pasts::new();
    let differs = (0..REPLAYED_SEEDS).find(|seed| {
        let told = || play_safely(*seed, &pasts, Story::told()).story.end(true);
        told() != told()
    });
    match differs {
        Some(seed) => println!("seed {seed} told twice is not the same story"),
        None => println!("{REPLAYED_SEEDS} seeds played twice: the same stories"),
    }
    differs.is_none()
}

/// A fixed number of seeds must pass; with the feature, every planted bug must be caught too.
fn test() -> ExitCode {
    let passed = search(0..TEST_SEEDS, None, None, None);
    if passed != ExitCode::SUCCESS || !replays() {
        return ExitCode::FAILURE;
    }
    #[cfg(feature = "planted-bugs")]
    return planted::test();
    #[cfg(not(feature = "planted-bugs"))]
    passed
}

#[cfg(feature = "planted-bugs")]
use planted::put_in;

/// Puts the bug of that name into the rooms of this thread.
#[cfg(not(feature = "planted-bugs"))]
fn put_in(bug: Option<&str>) -> Result<(), String> {
    bug.map_or(Ok(()), |_| Err("--bug wants a build with the feature planted-bugs".to_owned()))
}
