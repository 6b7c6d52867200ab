//! libFuzzer's way into `../room.rs`. Built with `planted-bugs`, it puts the bug that `PLANTED_BUG` names into
//! the room, to show how soon the fuzzer finds such a one.
#![no_main]

#[path = "../room.rs"]
mod room;

use parlor::limits;
use parlor::room::log;

libfuzzer_sys::fuzz_target!(init: plant(), |data: &[u8]| room::run(data));

#[cfg(feature = "planted-bugs")]
fn plant() {
    use parlor::planted::{Bug, plant};
    let name = std::env::var("PLANTED_BUG").unwrap_or_default();
    plant(Bug::ALL.into_iter().find(|bug| format!("{bug:?}") == name));
}

#[cfg(not(feature = "planted-bugs"))]
fn plant() {}
