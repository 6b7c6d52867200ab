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
}

#[derive(Clone, Copy)]
struct Sent {
    intended_us: u64,
    deliveries: u32,
    measured: bool,
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
    /// From when a message should have left to each delivery.
    pub each: Histogram,
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
        }
    }

    /// Numbers a sender's next message, which should leave at `intended_us`.
    pub fn send(&mut self, sender: usize, intended_us: u64, measured: bool) -> Mark {
        let all = &mut self.sent[sender];
        all.push(Sent { intended_us, deliveries: 0, measured });
        Mark { sender: sender as u32, nth: all.len() as u32 - 1 }
    }

    /// Notes that a member of a room got a message. `slice`: which part of the measurement a time is in.
    pub fn deliver(
        &mut self,
        room: usize,
        member: usize,
        mark: Mark,
        now_us: u64,
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
        if sent.measured {
            self.tally.each.record(us);
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
        let sent: usize = self.sent.iter().map(Vec::len).sum();
        ((sent * self.members) as u64).saturating_sub(self.deliveries)
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
        let sent: usize = self.sent.iter().map(Vec::len).sum();
        let never = (sent.saturating_sub(seen) * self.members) as u64;
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
                ledger.deliver(0, member, Mark { sender: 0, nth: *nth }, 10, |_| 0);
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
    fn a_mark_of_nobody_is_strange() {
        let mut ledger = Ledger::new(1, 1, 1);
        ledger.deliver(0, 0, Mark { sender: 5, nth: 0 }, 0, |_| 0);
        assert_eq!((ledger.strange, ledger.deliveries), (1, 0));
    }
}
