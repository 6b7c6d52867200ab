//! When a flush leaves. What costs on this platform is the frame and the row, not what is in them, so
//! a busy room lets some tens of milliseconds pass from one flush to the next and sends fewer, fuller frames. A
//! quiet room waits for nothing.

use crate::limits::{HOLD_ABOVE_PER_SECOND, HOLD_MS, HOLD_MS_PER_FRAME, QUIET_MS};

/// How many of the last gaps between frames the mean looks back on.
const MEMORY: f64 = 5.0;

/// What a frame to broadcast is made for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// Somebody said something.
    Message,
    /// Anything else: who comes, goes, types.
    Notice,
}

/// The pace of a room: how often it broadcasts, and its last flush. Messages are held for the sake of other messages
/// only: those who come and go, or type, as fast as they can hold up nobody who speaks.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    messages: Gaps,
    all: Gaps,
    flushed_ms: u64,
}

/// The mean gap between frames, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Gaps {
    last_ms: u64,
    mean_ms: f64,
}

impl Gaps {
    fn new(now_ms: u64) -> Self {
        Self { last_ms: now_ms, mean_ms: 1_000.0 }
    }

    /// Notes one more. Returns how long after the last flush its own should leave, in milliseconds.
    fn note(&mut self, now_ms: u64) -> u64 {
        let gap = now_ms.saturating_sub(self.last_ms) as f64;
        self.last_ms = now_ms;
        // A pause makes the room quiet at once; a burst makes it busy only if it goes on.
        self.mean_ms = if gap > 1_000.0 { 1_000.0 } else { self.mean_ms + (gap - self.mean_ms) / MEMORY };
        let above = 1_000.0 / self.mean_ms.max(1.0) - HOLD_ABOVE_PER_SECOND;
        (above * HOLD_MS_PER_FRAME).clamp(0.0, HOLD_MS as f64) as u64
    }
}

impl Pace {
    /// The pace of a room that was quiet until now.
    pub fn new(now_ms: u64) -> Self {
        Self { messages: Gaps::new(now_ms), all: Gaps::new(now_ms), flushed_ms: 0 }
    }

    /// Notes one more frame to broadcast. Returns when its flush should leave, in Unix
    /// milliseconds: so long after the last flush that it is shared, and never that long after now.
    pub fn due(&mut self, cause: Cause, now_ms: u64) -> u64 {
        let among_all = self.all.note(now_ms);
        let hold = if cause == Cause::Message { self.messages.note(now_ms) } else { among_all };
        self.flushed_ms.saturating_add(hold).clamp(now_ms, now_ms.saturating_add(hold))
    }

    /// Whether the last flush is so long ago that hardly anybody else is about to say something.
    pub fn is_quiet(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.flushed_ms) > QUIET_MS
    }

    /// Notes a flush.
    pub fn flushed(&mut self, now_ms: u64) {
        self.flushed_ms = now_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long the last of many frames at that rate is held if one of the same moment was flushed.
    fn hold_at(per_second: u64) -> u64 {
        let mut pace = Pace::new(0);
        let mut hold = 0;
        for frame in 1..200 {
            let now_ms = frame * 1_000 / per_second;
            pace.flushed(now_ms);
            hold = pace.due(Cause::Message, now_ms) - now_ms;
        }
        hold
    }

    /// Flushes and the longest wait of a message among so many, evenly spaced.
    fn flushes(per_second: u64, messages: u64) -> (u64, u64) {
        let mut pace = Pace::new(0);
        let (mut flushes, mut wait_max) = (0, 0);
        // The first message that waits, and until when.
        let mut waiting: Option<(u64, u64)> = None;
        for message in 1..=messages + 1 {
            let now_ms = message * 1_000 / per_second;
            if let Some((since, due)) = waiting.filter(|(_, due)| *due <= now_ms) {
                pace.flushed(due);
                flushes += 1;
                wait_max = wait_max.max(due - since);
                waiting = None;
            }
            let due = pace.due(Cause::Message, now_ms);
            waiting = waiting.map(|(since, earlier)| (since, earlier.min(due))).or(Some((now_ms, due)));
        }
        (flushes, wait_max)
    }

    #[test]
    fn a_quiet_room_holds_nothing() {
        assert_eq!(hold_at(1), 0);
        assert_eq!(hold_at(10), 0);
        assert_eq!(hold_at(20), 0);
    }

    #[test]
    fn a_busy_room_holds_as_long_as_it_may() {
        assert_eq!(hold_at(100), HOLD_MS);
        assert_eq!(hold_at(1_000), HOLD_MS);
    }

    /// That of a room which was busy with one thing until its last flush at 1,000.
    fn busy_with(cause: Cause) -> Pace {
        let mut pace = Pace::new(0);
        for at in 0..1_000 {
            pace.due(cause, at);
        }
        pace.flushed(1_000);
        pace
    }

    #[test]
    fn who_comes_and_goes_holds_up_nobody_who_speaks() {
        let mut pace = busy_with(Cause::Notice);
        assert_eq!(pace.due(Cause::Notice, 1_001), 1_000 + HOLD_MS);
        assert_eq!(pace.due(Cause::Message, 1_001), 1_001);
    }

    #[test]
    fn messages_hold_what_else_there_is() {
        let mut pace = busy_with(Cause::Message);
        assert_eq!(pace.due(Cause::Notice, 1_001), 1_000 + HOLD_MS);
    }

    #[test]
    fn a_pause_makes_it_quiet_again() {
        let mut pace = Pace::new(0);
        for at in 0..1_000 {
            pace.flushed(at);
            pace.due(Cause::Message, at);
        }
        assert_eq!(pace.due(Cause::Message, 3_000), 3_000);
    }

    #[test]
    fn a_hold_counts_from_the_last_flush() {
        let mut pace = busy_with(Cause::Message);
        assert_eq!(pace.due(Cause::Message, 1_001), 1_000 + HOLD_MS);
        assert_eq!(pace.due(Cause::Message, 1_030), 1_000 + HOLD_MS);
        assert_eq!(pace.due(Cause::Message, 1_100), 1_100, "the last flush was long ago");
        // By a clock that jumped back it was in the future.
        assert!(pace.due(Cause::Message, 10) <= 10 + HOLD_MS);
    }

    #[test]
    fn messages_share_a_flush_and_none_waits_for_more_than_the_hold() {
        for (per_second, flushes_max) in [(10, 1_000), (40, 660), (50, 420), (100, 220), (400, 70)] {
            let (flushes, wait_max) = flushes(per_second, 1_000);
            assert!(flushes <= flushes_max, "{flushes} at {per_second} a second");
            assert!(wait_max <= HOLD_MS, "{wait_max} ms at {per_second} a second");
        }
    }
}
