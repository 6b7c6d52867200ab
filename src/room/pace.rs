//! When a flush leaves. What costs on this platform is the frame and the row, not what is in them, so
//! a busy room holds its flush for some tens of milliseconds and sends fewer, fuller frames. A quiet
//! room waits only for the turn of the event loop.

use crate::limits::{HOLD_ABOVE_PER_SECOND, HOLD_MS_MAX};

/// How many of the last gaps between frames the mean looks back on.
const MEMORY: f64 = 5.0;

/// The pace of a room: the mean gap between the frames that it broadcasts.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    last_ms: u64,
    gap_ms: f64,
}

impl Pace {
    /// The pace of a room that was quiet until now.
    pub fn new(now_ms: u64) -> Self {
        Self { last_ms: now_ms, gap_ms: 1_000.0 }
    }

    /// Notes one more frame to broadcast. Returns how long its flush may be held, in milliseconds.
    pub fn hold(&mut self, now_ms: u64) -> u64 {
        let gap = now_ms.saturating_sub(self.last_ms) as f64;
        self.last_ms = now_ms;
        // A pause makes the room quiet at once; a burst makes it busy only if it goes on.
        self.gap_ms = if gap > 1_000.0 { 1_000.0 } else { self.gap_ms + (gap - self.gap_ms) / MEMORY };
        let per_second = 1_000.0 / self.gap_ms.max(1.0);
        (per_second - HOLD_ABOVE_PER_SECOND).clamp(0.0, HOLD_MS_MAX as f64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold_at(per_second: u64) -> u64 {
        let mut pace = Pace::new(0);
        (1..200).map(|frame| pace.hold(frame * 1_000 / per_second)).last().unwrap_or(0)
    }

    #[test]
    fn a_quiet_room_holds_nothing() {
        assert_eq!(hold_at(1), 0);
        assert_eq!(hold_at(10), 0);
        assert_eq!(hold_at(20), 0);
    }

    #[test]
    fn a_busy_room_holds_as_long_as_it_may() {
        assert_eq!(hold_at(100), HOLD_MS_MAX);
        assert_eq!(hold_at(1_000), HOLD_MS_MAX);
    }

    #[test]
    fn a_pause_makes_it_quiet_again() {
        let mut pace = Pace::new(0);
        for at in 0..1_000 {
            pace.hold(at);
        }
        assert_eq!(pace.hold(3_000), 0);
    }
}
