//! How much each may do: who may come in, and what members have left of what they may say, signal and order. Sleep, relays
//! and many connections at once make nobody's share larger.

use super::*;

/// What one member may still do.
#[derive(Debug)]
pub(super) struct Buckets {
    pub send: Bucket,
    /// How fast it may speak, as its token said last.
    pub rate: Rate,
    pub signal: Bucket,
    pub order: Bucket,
    /// When the member last said something.
    pub spoke_at: Option<u64>,
    /// What it is called, in a room with relays, and since when: of late.
    pub named: Option<(String, u64)>,
}

/// Who comes from one address.
#[derive(Debug)]
pub(super) struct Neighbours {
    pub open: usize,
    pub arrivals: Bucket,
}

impl Room {
    /// Lets somebody make a connection, or not.
    ///
    /// # Errors
    /// [`Refusal::Banned`], [`Refusal::RoomFull`], or [`Refusal::RateLimited`] if too many came from the same
    /// address, or too fast.
    pub fn admit(&mut self, visitor: &Visitor, now_ms: u64) -> Result<(), Refusal> {
        if self.connections.len() >= self.limits.connections_max {
            return Err(Refusal::RoomFull);
        }
        if let (Some(subject), Some(meta)) = (&visitor.subject, &self.meta)
            && self.rules.bans.of(meta.secret.member_of_subject(subject), now_ms).is_some()
        {
            return Err(Refusal::Banned);
        }
        let Some(address) = &visitor.address else { return Ok(()) };
        let most = self.limits.connections_per_address_max;
        let Some(neighbours) = self.addresses.get_mut(address) else { return Ok(()) };
        if neighbours.open >= most {
            return Err(Refusal::TooManyConnections);
        }
        let arrived = neighbours.arrivals.take(most as f64, ARRIVALS_PER_SECOND, now_ms);
        arrived.map_err(|retry_after_ms| Refusal::RateLimited { retry_after_ms })
    }

    pub(super) fn take_signal(&mut self, member: MemberId, now_ms: u64) -> Result<(), u64> {
        self.buckets(member, now_ms).signal.take(SIGNAL_BURST, SIGNAL_PER_SECOND, now_ms)
    }

    /// Lets a member do what everybody is told of beside messages, if neither it nor all of a crowd do so too often.
    pub(super) fn take_signals(&mut self, member: MemberId, now_ms: u64) -> Result<(), Refusal> {
        let taken = self.take_signal(member, now_ms).and_then(|()| self.take_crowd_signal(now_ms));
        taken.map_err(|retry_after_ms| Refusal::RateLimited { retry_after_ms })
    }

    pub(super) fn buckets(&mut self, member: MemberId, now_ms: u64) -> &mut Buckets {
        let rate = self.rate();
        self.buckets.entry(member).or_insert_with(|| Buckets {
            send: Bucket::full(f64::INFINITY, now_ms),
            rate,
            signal: Bucket::full(SIGNAL_BURST, now_ms),
            order: Bucket::full(f64::INFINITY, now_ms),
            spoke_at: None,
            named: None,
        })
    }

    /// Knows again who said how much of late, which is in the newest row: so sleep makes nobody's bucket full.
    pub(super) fn recall_rates(&mut self, now_ms: u64) {
        let rate = self.rate();
        for (member, at) in self.log.recent().collect::<Vec<_>>() {
            let buckets = self.buckets(member, at.min(now_ms));
            let _ = buckets.send.take(rate.burst, rate.per_second, at);
            buckets.spoke_at = Some(at);
        }
    }

    /// How fast one may speak of whom nothing else is said.
    pub(super) fn rate(&self) -> Rate {
        Rate { burst: self.limits.rate_burst, per_second: self.limits.rate_per_second }
    }

    /// Drops the buckets that say nothing, once there are more of them than members.
    pub(super) fn forget_full_buckets(&mut self, now_ms: u64) {
        if self.buckets.len() <= 2 * self.presence.count() + 64 {
            return;
        }
        let slow_ms = self.rules.house.slow_mode_ms;
        self.buckets.retain(|_, buckets| {
            let slowed = buckets.spoke_at.is_some_and(|at| at.saturating_add(slow_ms) > now_ms);
            if buckets.named.as_ref().is_some_and(|(_, at)| now_ms.abs_diff(*at) < NAME_REMEMBERED_MS) {
                return true;
            }
            !(!slowed
                && buckets.send.is_full(buckets.rate.burst, buckets.rate.per_second, now_ms)
                && buckets.signal.is_full(SIGNAL_BURST, SIGNAL_PER_SECOND, now_ms)
                && buckets.order.is_full(ORDER_BURST, ORDER_PER_SECOND, now_ms))
        });
    }
}
