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
    let inputs: Vec<&str> = corpus.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(inputs.len() >= INPUTS_MIN, "only {} inputs", inputs.len());
    for input in inputs {
        let bytes = bytes_of(input);
        if catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err() {
            panic!("the input {input} breaks a promise: see above");
        }
    }
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
