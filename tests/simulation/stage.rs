//! Where a schedule is played: its time, its dice, what is due when, and what people are told of it.
//!
//! Everything that happens takes its turn from one queue, ordered by time and then by when it was put
//! in, so a seed decides all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use parlor::limits::NAME_REMEMBERED_MS;

use crate::client::Alarm;
use crate::court::Court;
use crate::dice::Dice;
use crate::network::{Link, LinkId, Place};
use crate::store::Store;
use crate::story::{Story, Violation};
use crate::tally::Tally;
use crate::wire::{Print, Record};

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
    /// The warden's alarm.
    WardenAlarm(u32),
    /// The timer of the room, or of a relay.
    Timer(Place, u32),
    /// The platform looks whether the alarm of the room, or of a relay, is due.
    RoomAlarm(Place),
    /// Writes become durable.
    Commit(Place, u64),
    /// The next thing that somebody does, or the next fault.
    Act,
}

/// The stage.
pub struct Stage {
    /// The true time in milliseconds, which no clock shows.
    pub now_ms: u64,
    /// How far the clock of each place is ahead of its start.
    wall_skews_ms: Vec<i64>,
    /// Whether the room may have relays.
    pub has_relays: bool,
    /// Where there are relays: all messages that were ever on disk, and of which epoch.
    pub ever_stored: HashMap<Print, u64>,
    /// Likewise all records.
    pub ever_recorded: HashSet<Record>,
    /// As [`crate::wire::Wire::firsts`], for what a relay tells.
    pub firsts_on_relays: (u64, u64),
    /// As [`crate::wire::Wire::epoch`], likewise.
    pub epoch_at_room: u64,
    /// Whether the room's clock went so far at once that it may have forgotten who was renamed while a relay was cut off.
    pub forgets_names: bool,
    /// What moderators did.
    pub court: Court,
    pub dice: Dice,
    /// For what moderators do: so that where there are none, all goes as it would without this.
    pub moderators_dice: Dice,
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
            wall_skews_ms: vec![0],
            has_relays: false,
            ever_stored: HashMap::new(),
            ever_recorded: HashSet::new(),
            firsts_on_relays: (1, 1),
            epoch_at_room: 0,
            forgets_names: false,
            court: Court::default(),
            dice,
            moderators_dice: Dice::new(!seed),
            links: Vec::new(),
            pace: NetworkPace { delay_ms_max, stalls_percent },
            story,
            tally: Tally::default(),
            violation: None,
            agenda: BinaryHeap::new(),
            next_order: 0,
        }
    }

    /// What the clock of the room shows, or of a relay.
    pub fn wall_ms(&self, place: Place) -> u64 {
        let skew_ms = self.wall_skews_ms.get(place).copied().unwrap_or_default();
        (BEGIN_WALL_MS + self.now_ms).saturating_add_signed(skew_ms)
    }

    /// Lets a clock jump, and go ahead or behind by no more than `most_ms` in all.
    pub fn jump(&mut self, place: Place, by_ms: i64, most_ms: i64) {
        if self.wall_skews_ms.len() <= place {
            self.wall_skews_ms.resize(place + 1, 0);
        }
        self.forgets_names |= place == 0 && by_ms.unsigned_abs() >= NAME_REMEMBERED_MS;
        self.wall_skews_ms[place] = (self.wall_skews_ms[place] + by_ms).clamp(-most_ms, most_ms);
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

    /// Notes what the room keeps, for what happens at a relay. After a loss a relay may show what was lost for a
    /// moment yet.
    pub fn see_firsts(&mut self, place: Place, store: &Store) {
        if place > 0 {
            let is_whole = self.tally.losses + self.tally.wipes == 0;
            let first = if is_whole { store.first() } else { u64::MAX / 2 };
            self.firsts_on_relays = (first, first);
            self.epoch_at_room = store.epoch_print();
        }
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
