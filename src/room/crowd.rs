//! A crowd is told how many it is now and then, not who comes and goes: with ten thousand members one of them
//! comes or goes at every moment, and each would be told of each. A room is a crowd while it has relays, or more
//! members than [`crate::limits::Limits::crowd_above`].

use super::*;
use crate::limits::{COUNT_GAP_MS, CROWD_SIGNAL_BURST, CROWD_SIGNAL_PER_SECOND};

/// Whether a room is a crowd, and what it was told of its number.
#[derive(Debug)]
pub(super) struct Crowd {
    pub on: bool,
    /// When to tell the number, if it may be another than was told.
    pub at: Option<u64>,
    told_at: u64,
    /// What all members together may do that is told to all, beside speaking.
    signal: Bucket,
}

impl Crowd {
    pub fn new(now_ms: u64) -> Self {
        Self { on: false, at: None, told_at: 0, signal: Bucket::full(CROWD_SIGNAL_BURST, now_ms) }
    }

    /// Notes that the number may have changed.
    fn changed(&mut self, now_ms: u64) {
        // A clock that jumped back must not put it off.
        let earliest = self.told_at.saturating_add(COUNT_GAP_MS).min(now_ms.saturating_add(COUNT_GAP_MS));
        self.at.get_or_insert(earliest.max(now_ms));
    }
}

impl Room {
    /// How many members are here, on relays too. Of a crowd, one who is at two places counts twice.
    pub(super) fn member_count(&self) -> usize {
        let here = self.presence.count();
        match &self.upstream {
            Some(upstream) => upstream.members.max(here),
            None => here + self.relays.members(),
        }
    }

    /// Notes that the number of members may have changed. Returns whether the room is a crowd, which is not told at
    /// once.
    pub(super) fn note_crowd(&mut self, now_ms: u64) -> bool {
        self.crowd.on |= !self.relays.is_empty() || self.presence.count() > self.limits.crowd_above;
        if self.crowd.on {
            self.crowd.changed(now_ms);
        }
        self.crowd.on
    }

    /// Knows again whether it is a crowd. What it was told last is not known any more.
    pub(super) fn recall_crowd(&mut self, now_ms: u64) {
        self.crowd.on = !self.is_small();
        if self.crowd.on {
            self.crowd.told_at = now_ms;
            self.crowd.changed(now_ms);
        }
    }

    fn is_small(&self) -> bool {
        self.relays.is_empty() && self.presence.count() <= self.limits.crowd_above / 4 * 3
    }

    /// Whether a crowd has become few, and was not told yet who: a room that loses its memory would not know that it
    /// owes this.
    pub(super) fn is_few_again(&self) -> bool {
        self.crowd.on
            && self.relays.links().next().is_none()
            && self.presence.count() <= self.limits.crowd_above / 4 * 3
    }

    /// Tells how many are here, if it is time to; and who, once they are few again.
    pub(super) fn tell_count(&mut self, now_ms: u64) -> Vec<Effect> {
        if self.crowd.at.is_none_or(|at| at > now_ms) {
            return Vec::new();
        }
        (self.crowd.at, self.crowd.told_at) = (None, now_ms);
        let members = self.is_small().then(|| self.presence.list());
        self.crowd.on = members.is_none();
        self.tell(Notice::Counted { member_count: self.member_count(), members }, now_ms);
        self.call_home()
    }

    /// Lets somebody type, or change its name, if all together don't do so too often.
    pub(super) fn take_crowd_signal(&mut self, now_ms: u64) -> Result<(), u64> {
        if !self.crowd.on && self.upstream.is_none() {
            return Ok(());
        }
        self.crowd.signal.take(CROWD_SIGNAL_BURST, CROWD_SIGNAL_PER_SECOND, now_ms)
    }
}
