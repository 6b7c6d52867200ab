//! Plays what the fuzzers have found worth keeping: an ordinary test, which needs no libFuzzer. The inputs are in
//! `corpus/`, a file for each target, a line for each input, in hexadecimal; `npm run fuzz` finds more.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod doors;
mod frames;
mod room;

use std::panic::{AssertUnwindSafe, catch_unwind};

use parlor::limits;
use parlor::room::log;

/// Fewer inputs than this would be a corpus that got lost.
const INPUTS_MIN: usize = 100;

fn replay(corpus: &str, run: fn(&[u8])) {
    assert!(inputs(corpus).count() >= INPUTS_MIN, "only {} inputs", inputs(corpus).count());
    if let Some(input) = inputs(corpus).find(|input| breaks_a_promise(input, run)) {
        panic!("the input {input} breaks a promise: see above");
    }
}

fn inputs(corpus: &str) -> impl Iterator<Item = &str> {
    corpus.lines().filter(|line| !line.starts_with('#'))
}

fn breaks_a_promise(input: &str, run: fn(&[u8])) -> bool {
    let bytes = bytes_of(input);
    catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).expect("a hexadecimal digit") as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn frames_of_every_dialect() {
    replay(include_str!("corpus/frames.hex"), frames::run);
}

#[test]
fn what_stands_before_a_room() {
    replay(include_str!("corpus/doors.hex"), doors::run);
}

#[test]
fn lives_of_a_room() {
    replay(include_str!("corpus/room.hex"), room::run);
}

/// Were the room to have such a bug, what is kept would show it.
#[cfg(feature = "planted-bugs")]
#[test]
fn bugs_that_are_put_in_are_found() {
    use parlor::planted::{Bug, plant};
    std::panic::set_hook(Box::new(|_| {}));
    let lives = || inputs(include_str!("corpus/room.hex"));
    let unnoticed: Vec<Bug> = Bug::ALL
        .into_iter()
        // For that one the fuzzer has no eyes: the simulation finds it.
        .filter(|bug| *bug != Bug::IdsWithoutMember)
        .filter(|bug| {
            plant(Some(*bug));
            !lives().any(|life| breaks_a_promise(life, room::run))
        })
        .collect();
    plant(None);
    let _ = std::panic::take_hook();
    assert_eq!(unnoticed, []);
}
