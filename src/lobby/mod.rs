//! The lobby: what is known of all rooms together, for the numbers that operators and the curious ask for.
//!
//! Where to start: a room's shell keeps a [`Reporter`], which says when to tell the lobby how the room
//! stands ([`Report`]). The lobby's [`Directory`] takes reports in and gives an [`Overview`], from which
//! the Worker makes `/api/rooms`, `/status` and `/metrics`. All of it is pure: no socket, no clock.
//!
//! Invariants:
//! - a room is told nothing by the lobby and needs nothing of it: without one, rooms work as ever;
//! - a report says what was and what is, so the totals stay right for rooms that the lobby has forgotten;
//! - a private room's name is in no [`Overview`];
//! - memory and storage are bounded by [`crate::limits::LOBBY_ROOMS_MAX`], however many rooms there are.

mod counters;
mod directory;
mod metrics;
mod overview;
mod pages;
mod reporter;
mod spacing;
mod words;

use words::{Words, write_numbers, write_word};

pub use counters::{BATCH_BOUNDS, Counters};
pub use directory::Directory;
pub use metrics::metrics;
pub use overview::{Listed, Overview, Totals};
pub use pages::Row;
pub use reporter::Reporter;

/// Where the lobby asks a room how it stands. No request from outside reaches a room with this path:
/// it is no room's name, and nothing of the API.
pub const ASK_PATH: &str = "/api/-/standing";

/// Where a room tells the lobby how it stands; its report follows, with `+` for spaces.
pub const REPORT_PATH: &str = "/report/";

/// A room in numbers, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Connections that have joined.
    pub connections: u64,
    /// Messages ever stored in this epoch.
    pub messages: u64,
    /// When the last message was taken, or the room was first used, in Unix milliseconds; 0 if never.
    pub active_at: u64,
    /// Bytes of its storage.
    pub bytes: u64,
}

/// What a room tells the lobby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The room's name.
    pub name: String,
    /// How it stood at the last report, or when it woke.
    pub before: Standing,
    /// How it stands.
    pub now: Standing,
    /// What it counted since.
    pub counters: Counters,
}

impl Standing {
    fn read(words: &mut Words<'_>) -> Option<Self> {
        let [connections, messages, active_at, bytes] = words.numbers()?;
        Some(Self { connections, messages, active_at, bytes })
    }

    fn write(&self, line: &mut String) {
        write_numbers(line, &[self.connections, self.messages, self.active_at, self.bytes]);
    }
}

impl Report {
    /// Reads what [`Report::to_line`] wrote.
    pub fn from_line(line: &str) -> Option<Self> {
        let mut words = Words::of(line);
        let name = words.word()?.to_owned();
        let (before, now) = (Standing::read(&mut words)?, Standing::read(&mut words)?);
        Some(Self { name, before, now, counters: Counters::read(&mut words)? })
    }

    /// The report as a line of words.
    pub fn to_line(&self) -> String {
        let mut line = String::new();
        write_word(&mut line, &self.name);
        self.before.write(&mut line);
        self.now.write(&mut line);
        self.counters.write(&mut line);
        line
    }
}

/// The name of the lobby that a room belongs to, among so many.
pub fn lobby_of(room: &str, lobbies: u64) -> String {
    // The lower half of the hash chooses a page within the lobby.
    lobby_name((hash(room) >> 32) % lobbies.max(1))
}

/// The name of a lobby, counted from 0.
pub fn lobby_name(index: u64) -> String {
    format!("lobby-{index}")
}

/// FNV-1a, 64 bits, stirred as MurmurHash3 does at its end: the same on every machine and in every version.
fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{Request, Route};

    #[test]
    fn rooms_are_spread_over_lobbies() {
        let mut counts = [0; 4];
        for room in 0..4_000 {
            let name = lobby_of(&format!("room-{room}"), 4);
            let index: usize = name.strip_prefix("lobby-").unwrap().parse().unwrap();
            counts[index] += 1;
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
        assert_eq!(lobby_of("kitchen", 1), "lobby-0");
    }

    #[test]
    fn a_report_on_the_wire() {
        let mut counters = Counters { opened: 3, rows_read: 5, ..Counters::default() };
        counters.broadcast(4, 8);
        counters.refused("bad_frame");
        let now = Standing { connections: 1, messages: 2, active_at: 3, bytes: 4 };
        let report = Report { name: "kitchen".to_owned(), before: Standing::default(), now, counters };
        assert_eq!(Report::from_line(&report.to_line()), Some(report));
        for broken in ["", "kitchen", "kitchen 0 0 0 0 1 2 3", "kitchen 0 0 0 0 1 2 3 -4"] {
            assert_eq!(Report::from_line(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_report_that_names_a_code_twice_says_at_most_all() {
        let numbers = "0 ".repeat(8 + 8 + BATCH_BOUNDS.len() + 1);
        let line = format!("kitchen {numbers}muted {} muted 2", u64::MAX);
        let report = Report::from_line(&line).unwrap();
        assert_eq!(report.counters.refusals, [("muted".into(), u64::MAX)]);
    }

    #[test]
    fn nobody_outside_can_ask_as_the_lobby_does() {
        for upgrade in [false, true] {
            assert!(Route::of(Request { method: "GET", path: ASK_PATH, upgrade }).is_err());
        }
    }
}
