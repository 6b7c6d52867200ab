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

impl Buckets {
    /// Those of somebody who has done nothing yet.
    fn full(rate: Rate, now_ms: u64) -> Self {
        Self {
            send: Bucket::full(f64::INFINITY, now_ms),
            rate,
            signal: Bucket::full(SIGNAL_BURST, now_ms),
            order: Bucket::full(f64::INFINITY, now_ms),
            spoke_at: None,
            named: None,
        }
    }

    /// How fast orders may come: as fast as what one says, where that is faster.
    fn order_rate(&self) -> (f64, f64) {
        (self.rate.burst.max(ORDER_BURST), self.rate.per_second.max(ORDER_PER_SECOND))
    }

    /// Takes an order of one who may speak at this rate.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub fn take_order(&mut self, rate: Rate, now_ms: u64) -> Result<(), u64> {
        self.rate = rate;
        let (burst, per_second) = self.order_rate();
        self.order.take(burst, per_second, now_ms)
    }

    /// Whether forgetting them would change anything.
    fn matter(&mut self, slow_ms: u64, now_ms: u64) -> bool {
        let Rate { burst, per_second } = self.rate;
        let (orders, orders_per_second) = self.order_rate();
        self.spoke_at.is_some_and(|at| at.saturating_add(slow_ms) > now_ms)
            || self.name(now_ms).is_some()
            || !self.send.is_full(burst, per_second, now_ms)
            || !self.signal.is_full(SIGNAL_BURST, SIGNAL_PER_SECOND, now_ms)
            || !self.order.is_full(orders, orders_per_second, now_ms)
    }
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
        self.buckets.entry(member).or_insert_with(|| Buckets::full(rate, now_ms))
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
        self.buckets.retain(|_, it| it.matter(slow_ms, now_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::harness::World;

    const RATE: Rate = Rate { burst: 10.0, per_second: 2.0 };

    #[test]
    fn what_forgetting_a_member_would_change() {
        let (now_ms, slow_ms) = (1_000_000, 10_000);
        let matter = |change: &dyn Fn(&mut Buckets), later_ms: u64| {
            let mut buckets = Buckets::full(RATE, now_ms);
            change(&mut buckets);
            buckets.matter(slow_ms, now_ms + later_ms)
        };
        assert!(!matter(&|_| (), 0));
        let send: &dyn Fn(&mut Buckets) = &|it| it.send.take(RATE.burst, RATE.per_second, now_ms).unwrap();
        assert!(matter(send, 499) && !matter(send, 500), "half a second a message");
        let signal: &dyn Fn(&mut Buckets) =
            &|it| it.signal.take(SIGNAL_BURST, SIGNAL_PER_SECOND, now_ms).unwrap();
        let whole_ms = (1_000.0 / SIGNAL_PER_SECOND).ceil() as u64;
        assert!(matter(signal, whole_ms - 1) && !matter(signal, whole_ms));
        let order: &dyn Fn(&mut Buckets) =
            &|it| it.order.take(ORDER_BURST, ORDER_PER_SECOND, now_ms).unwrap();
        let whole_ms = (1_000.0 / ORDER_PER_SECOND).ceil() as u64;
        assert!(matter(order, whole_ms - 1) && !matter(order, whole_ms));
        let spoke: &dyn Fn(&mut Buckets) = &|it| it.spoke_at = Some(now_ms);
        assert!(matter(spoke, slow_ms - 1) && !matter(spoke, slow_ms), "the time of slow mode");
        let named: &dyn Fn(&mut Buckets) = &|it| it.named = Some(("Ada".to_owned(), now_ms));
        assert!(matter(named, NAME_REMEMBERED_MS - 1) && !matter(named, NAME_REMEMBERED_MS));
    }

    #[test]
    fn who_has_gone_is_forgotten_once_there_are_many() {
        let mut world = World::new();
        let here: Vec<_> = (0..10).map(|n| world.join(&format!("Here {n}"))).collect();
        let known = |world: &World| world.room.buckets.len();
        let come_and_go = |world: &mut World, count: usize| {
            for _ in 0..count {
                let gone = world.join("Ada");
                world.ask(gone, Request::Typing { on: true });
                world.leave(gone);
            }
            world.advance(60_000);
        };
        world.say(here[0], "1", "x");
        let before = known(&world);
        come_and_go(&mut world, 2 * 10 + 64 - before);
        world.say(here[0], "2", "x");
        assert_eq!(known(&world), 84, "as many as are worth a look");
        come_and_go(&mut world, 1);
        world.say(here[0], "3", "x");
        assert!(known(&world) <= 10, "{}", known(&world));
    }
}
