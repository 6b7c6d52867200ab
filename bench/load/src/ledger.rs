//! Who got what, when: every delivery is checked against the order in which the room told it first.

use crate::histogram::Histogram;
use crate::mark::Mark;

/// All messages of all rooms.
pub struct Ledger {
    /// The members of each room.
    members: usize,
    /// Of each sender, its messages.
    sent: Vec<Vec<Sent>>,
    rooms: Vec<Room>,
    /// What was counted while [`Ledger::measuring`].
    pub tally: Tally,
    /// Deliveries of all time.
    pub deliveries: u64,
    /// Deliveries of a mark that was never sent.
    pub strange: u64,
    /// Messages that there are in the end, where not all are sent here.
    pub expected: Option<usize>,
}

#[derive(Clone, Copy)]
struct Sent {
    intended_us: u64,
    deliveries: u32,
    measured: bool,
    /// From when it should have left to its newest delivery.
    last_us: u64,
}

struct Room {
    /// The messages in the order in which a member got them first.
    order: Vec<Mark>,
    /// How far along the order each member is.
    positions: Vec<usize>,
    lost: u64,
    doubled: u64,
    misordered: u64,
}

/// What was measured.
#[derive(Clone, Default)]
pub struct Tally {
    /// From when a message should have left to each delivery, to those whose connections never ended.
    pub each: Histogram,
    /// The same to those whose connections did.
    pub returned: Histogram,
    /// The same to its first delivery.
    pub first: Histogram,
    /// The same to its last delivery.
    pub last: Histogram,
    /// The same to its last delivery, by when in the measurement the message left: five slices.
    pub slices: [Histogram; 5],
}

impl Ledger {
    /// A ledger in which nothing was sent.
    pub fn new(rooms: usize, members: usize, senders: usize) -> Self {
        let room =
            || Room { order: Vec::new(), positions: vec![0; members], lost: 0, doubled: 0, misordered: 0 };
        Self {
            members,
            sent: vec![Vec::new(); senders],
            rooms: (0..rooms).map(|_| room()).collect(),
            tally: Tally::default(),
            deliveries: 0,
            strange: 0,
            expected: None,
        }
    }

    /// Numbers a sender's next message, which should leave at `intended_us`.
    pub fn send(&mut self, sender: usize, intended_us: u64, measured: bool) -> Mark {
        let all = &mut self.sent[sender];
        all.push(Sent { intended_us, deliveries: 0, measured, last_us: 0 });
        Mark { sender: sender as u32, nth: all.len() as u32 - 1 }
    }

    /// Takes a message in that another process sent, unless it is known.
    pub fn learn(&mut self, mark: Mark, intended_us: u64, measured: bool) {
        let Some(all) = self.sent.get_mut(mark.sender as usize) else { return };
        let nth = mark.nth as usize;
        // What a sender said before it and nobody here has seen is missing in the end.
        while all.len() <= nth {
            all.push(Sent { intended_us: 0, deliveries: 0, measured: false, last_us: 0 });
        }
        if all[nth].deliveries == 0 {
            all[nth] = Sent { intended_us, deliveries: 0, measured, last_us: 0 };
        }
    }

    /// Of the measured messages in the order in which they should have left, how long each took to its last delivery.
    pub fn lasts_us(&self) -> Vec<u64> {
        let measured = self.sent.iter().flatten().filter(|sent| sent.measured);
        let mut lasts: Vec<_> = measured.map(|sent| (sent.intended_us, sent.last_us)).collect();
        lasts.sort_unstable();
        lasts.into_iter().map(|(_, us)| us).collect()
    }

    /// A digest of the order of all messages of the first room, the same where the order is.
    pub fn order_digest(&self) -> String {
        let mut digest = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a
        for byte in
            self.rooms.iter().take(1).flat_map(|room| &room.order).flat_map(|mark| mark.digits().into_bytes())
        {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{digest:016x}")
    }

    /// Notes that a member of a room got a message. `slice`: which part of the measurement a time is in. `steady`:
    /// whether its connection never ended.
    pub fn deliver(
        &mut self,
        room: usize,
        member: usize,
        mark: Mark,
        now_us: u64,
        steady: bool,
        slice: impl FnOnce(u64) -> usize,
    ) {
        let known = self.sent.get_mut(mark.sender as usize).and_then(|all| all.get_mut(mark.nth as usize));
        let Some(sent) = known else {
            self.strange += 1;
            return;
        };
        self.deliveries += 1;
        sent.deliveries += 1;
        let us = now_us.saturating_sub(sent.intended_us);
        sent.last_us = us;
        if sent.measured {
            if steady {
                self.tally.each.record(us)
            } else {
                self.tally.returned.record(us)
            }
            if sent.deliveries == 1 {
                self.tally.first.record(us);
            }
            if sent.deliveries as usize == self.members {
                self.tally.last.record(us);
                self.tally.slices[slice(sent.intended_us).min(4)].record(us);
            }
        }
        let is_new = sent.deliveries == 1;
        self.rooms[room].check(member, mark, is_new);
    }

    /// Messages that should have been delivered so far and were not.
    pub fn missing(&self) -> u64 {
        ((self.messages() * self.members) as u64).saturating_sub(self.deliveries)
    }

    fn messages(&self) -> usize {
        self.expected.unwrap_or_else(|| self.sent.iter().map(Vec::len).sum())
    }

    /// Deliveries that were left out, came twice, or came in another order than to others.
    pub fn wrongs(&self) -> (u64, u64, u64) {
        let sum = |of: fn(&Room) -> u64| self.rooms.iter().map(of).sum();
        let left_out: u64 = self
            .rooms
            .iter()
            .flat_map(|room| room.positions.iter().map(|position| (room.order.len() - position) as u64))
            .sum();
        let seen: usize = self.rooms.iter().map(|room| room.order.len()).sum();
        let never = (self.messages().saturating_sub(seen) * self.members) as u64;
        (sum(|room| room.lost) + left_out + never, sum(|room| room.doubled), sum(|room| room.misordered))
    }
}

impl Room {
    fn check(&mut self, member: usize, mark: Mark, is_new: bool) {
        let position = &mut self.positions[member];
        match self.order.get(*position) {
            None if is_new => {
                self.order.push(mark);
                *position += 1;
            }
            None => self.doubled += 1,
            Some(expected) if *expected == mark => *position += 1,
            Some(_) if is_new => self.misordered += 1,
            Some(_) => match self.order.iter().position(|other| *other == mark) {
                Some(at) if at < *position => self.doubled += 1,
                Some(at) => {
                    self.lost += (at - *position) as u64;
                    *position = at + 1;
                }
                None => self.misordered += 1,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(orders: [&[u32]; 2]) -> (u64, u64, u64) {
        let mut ledger = Ledger::new(1, 2, 1);
        for at in 0..3 {
            ledger.send(0, at, true);
        }
        for (member, order) in orders.into_iter().enumerate() {
            for nth in order {
                ledger.deliver(0, member, Mark { sender: 0, nth: *nth }, 10, true, |_| 0);
            }
        }
        ledger.wrongs()
    }

    #[test]
    fn wrongs_are_told_apart() {
        assert_eq!(told([&[0, 1, 2], &[0, 1, 2]]), (0, 0, 0));
        assert_eq!(told([&[0, 1, 2], &[0, 2]]), (1, 0, 0));
        assert_eq!(told([&[0, 1, 2], &[0, 1]]), (1, 0, 0));
        assert_eq!(told([&[0, 1, 2], &[0, 1, 1, 2]]), (0, 1, 0));
        assert_eq!(told([&[0, 1, 2], &[1, 0, 2]]), (1, 1, 0));
        assert_eq!(told([&[0, 1], &[0, 1]]), (2, 0, 0));
    }

    #[test]
    fn what_others_send_is_missing_until_it_came() {
        let mut ledger = Ledger::new(1, 1, 2);
        ledger.expected = Some(2);
        let mark = |nth| Mark { sender: 1, nth };
        ledger.learn(mark(1), 5, true);
        ledger.deliver(0, 0, mark(1), 9, true, |_| 0);
        ledger.learn(mark(1), 7, true);
        assert_eq!((ledger.missing(), ledger.wrongs().0, ledger.lasts_us()), (1, 1, vec![4]));
        let before = ledger.order_digest();
        ledger.learn(mark(0), 5, true);
        ledger.deliver(0, 0, mark(0), 9, true, |_| 0);
        assert_eq!((ledger.missing(), ledger.wrongs(), ledger.strange), (0, (0, 0, 0), 0));
        assert_ne!(before, ledger.order_digest());
    }

    #[test]
    fn a_mark_of_nobody_is_strange() {
        let mut ledger = Ledger::new(1, 1, 1);
        ledger.deliver(0, 0, Mark { sender: 5, nth: 0 }, 0, true, |_| 0);
        assert_eq!((ledger.strange, ledger.deliveries), (1, 0));
    }
}
