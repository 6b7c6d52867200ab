//! Where a schedule is played: its time, its dice, what is due when, and what people are told of it.
//!
//! Everything that happens takes its turn from one queue, ordered by time and then by when it was put
//! in, so a seed decides all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::client::Alarm;
use crate::dice::Dice;
use crate::network::{Link, LinkId};
use crate::story::{Story, Violation};
use crate::tally::Tally;

/// The true time at which a schedule begins, in milliseconds.
const BEGIN_MS: u64 = 1_000;
/// What the room's clock shows then.
const BEGIN_WALL_MS: u64 = 1_800_000_000_000;

/// Something whose time will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// Something on a link reaches the server.
    Up(LinkId),
    /// Something on a link reaches the client.
    Down(LinkId),
    /// The server notices that a half-open link is dead.
    ServerGivesUp(LinkId),
    /// A client's alarm.
    Alarm(usize, Alarm, u32),
    /// The poster's alarm.
    PosterAlarm(u32),
    /// The room's timer.
    RoomTimer(u32),
    /// The platform looks whether the room's alarm is due.
    RoomAlarm,
    /// Writes become durable.
    Commit(u64),
    /// The next thing that somebody does, or the next fault.
    Act,
}

/// The stage.
pub struct Stage {
    /// The true time in milliseconds, which no clock shows.
    pub now_ms: u64,
    /// How far the room's clock is ahead of its start.
    pub wall_skew_ms: i64,
    pub dice: Dice,
    pub links: Vec<Link>,
    pub pace: NetworkPace,
    pub story: Story,
    pub tally: Tally,
    pub violation: Option<Violation>,
    agenda: BinaryHeap<Reverse<(u64, u64, Due)>>,
    next_order: u64,
}

/// How slow the network is.
#[derive(Clone, Copy, Debug)]
pub struct NetworkPace {
    /// The longest that a frame usually takes.
    pub delay_ms_max: u64,
    /// How often of a hundred one takes far longer.
    pub stalls_percent: u64,
}

impl Stage {
    /// A stage on which nothing happened yet.
    pub fn new(seed: u64, story: Story) -> Self {
        let mut dice = Dice::new(seed);
        let delay_ms_max = dice.pick(&[1, 5, 30, 200]);
        let stalls_percent = if dice.percent(40) { dice.between(1, 5) } else { 0 };
        Self {
            now_ms: BEGIN_MS,
            wall_skew_ms: 0,
            dice,
            links: Vec::new(),
            pace: NetworkPace { delay_ms_max, stalls_percent },
            story,
            tally: Tally::default(),
            violation: None,
            agenda: BinaryHeap::new(),
            next_order: 0,
        }
    }

    /// What the room's clock shows.
    pub fn wall_ms(&self) -> u64 {
        (BEGIN_WALL_MS + self.now_ms).saturating_add_signed(self.wall_skew_ms)
    }

    /// Puts something on the agenda.
    pub fn after(&mut self, delay_ms: u64, due: Due) {
        self.agenda.push(Reverse((self.now_ms + delay_ms, self.next_order, due)));
        self.next_order += 1;
    }

    /// Goes on to what is due next.
    pub fn next(&mut self) -> Option<Due> {
        let Reverse((at_ms, _, due)) = self.agenda.pop()?;
        self.now_ms = self.now_ms.max(at_ms);
        Some(due)
    }

    /// Adds a line to the story.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        self.story.note(self.now_ms, line);
    }

    /// Notes that a promise did not hold; the first counts.
    pub fn violate(&mut self, promise: &'static str, seen: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(Violation { promise, seen: seen() });
        }
    }

    /// Notes a violation unless `holds`.
    pub fn promise(&mut self, holds: bool, promise: &'static str, seen: impl FnOnce() -> String) {
        if !holds {
            self.violate(promise, seen);
        }
    }
}
