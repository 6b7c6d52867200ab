//! Who was told what. A broadcast to very many connections leaves piece by piece, with a turn of the event loop
//! after each: the platform looks at what comes in only when all that was sent has left, and by then a fan-out to thousands has
//! held everybody up. It goes round and round: each piece is the next so many connections, and each of them is
//! told all that it was not told yet, in one frame; so what is said in the middle of a round waits for no other.
//!
//! It knows no socket and no frame. What holds of every connection: from when it begins to hear it is told everything, once
//! and in order, and nothing else is sent to it before what came earlier ([`FanOut::catch_up`]).

use litemap::LiteMap;

use crate::limits::{FAN_OUT_GAP_MS_MAX, FAN_OUT_NOTICES_MAX};
use crate::planted::{Bug, planted};
use crate::room::ConnectionId;

/// What is still to be told, and to whom.
#[derive(Debug)]
pub struct FanOut<N> {
    /// Connections that may be told in one go.
    above: usize,
    /// Connections in a piece, where they are more.
    piece: usize,
    /// Up to where each connection that hears was told, counted from the first notice ever, and when, in Unix milliseconds.
    told: LiteMap<ConnectionId, (u64, u64)>,
    /// What somebody was not told yet, and those after it.
    notices: Vec<N>,
    /// How many were before these.
    before: u64,
    /// The last connection that was in a piece: the next one goes on after it.
    last: ConnectionId,
    /// When to look who is to be told next, in Unix milliseconds.
    next_at: u64,
    /// When somebody was told last, in Unix milliseconds.
    told_at: u64,
}

impl<N> FanOut<N> {
    /// Nobody hears anything yet. So many may be told in one go, and so many at a time where they are more.
    pub fn new(above: usize, piece: usize) -> Self {
        let (told, last) = (LiteMap::new(), ConnectionId(0));
        Self { above, piece, told, notices: Vec::new(), before: 0, last, next_at: 0, told_at: 0 }
    }

    /// Lets a connection hear what is told from now on, if it does not hear already. Returns whether that is news.
    pub fn begin(&mut self, connection: ConnectionId) -> bool {
        let end = if planted(Bug::NewcomerIsBehind) { self.before } else { self.end() };
        self.told.try_insert(connection, (end, 0)).is_none()
    }

    /// Forgets a connection.
    pub fn end_of(&mut self, connection: ConnectionId) {
        self.told.remove(&connection);
        self.forget_told();
    }

    /// Whether somebody may not have been told everything yet.
    pub fn is_behind(&self) -> bool {
        !self.notices.is_empty()
    }

    /// When the next piece is to leave, if there is one.
    pub fn timeout(&self, now_ms: u64) -> Option<u64> {
        // A clock that jumped back must not put it off.
        self.is_behind().then(|| self.next_at.min(now_ms.saturating_add(FAN_OUT_GAP_MS_MAX)))
    }

    /// Whether all that hear are to be told at once, now: they are a piece at most, or nobody was told anything for
    /// `gap_ms`, so that the last fan-out has long left, and the next is not soon to come.
    pub fn tells_at_once(&mut self, now_ms: u64, gap_ms: u64) -> bool {
        let hear = self.told.len();
        let at_once = hear <= self.above
            && !self.is_behind()
            && (hear <= self.piece || now_ms.abs_diff(self.told_at) >= gap_ms);
        if at_once {
            self.told_at = now_ms;
        }
        at_once
    }

    /// Takes what is to be told to all that hear, by [`FanOut::tell_piece`].
    pub fn add(&mut self, notices: Vec<N>) {
        if !self.is_behind() {
            self.next_at = 0;
        }
        self.notices.extend(notices);
        self.forget_told();
    }

    /// Tells the next piece what its connections were not told: `tell` is called for those at the same place together.
    /// Who was told something less than `gap_ms` ago has to wait. Once too much waits it is everybody.
    pub fn tell_piece(&mut self, now_ms: u64, gap_ms: u64, mut tell: impl FnMut(&[N], &[ConnectionId])) {
        let (end, last) = (self.end(), self.last);
        let is_too_much = self.notices.len() > FAN_OUT_NOTICES_MAX;
        let (mut left, gap_ms) = if is_too_much { (usize::MAX, 0) } else { (self.piece, gap_ms) };
        let mut places: Vec<(u64, Vec<ConnectionId>)> = Vec::new();
        (self.next_at, self.told_at) = (u64::MAX, now_ms);
        for is_ahead in [true, false] {
            for (connection, (place, at)) in self.told.iter_mut() {
                if *place == end || (*connection > last) != is_ahead {
                    continue;
                }
                // A clock that jumped back must not put it off.
                *at = now_ms.min(*at);
                let next_at = at.saturating_add(gap_ms);
                if left == 0 || next_at > now_ms {
                    self.next_at = self.next_at.min(next_at);
                    continue;
                }
                left -= 1;
                self.last = *connection;
                match places.iter_mut().find(|(known, _)| known == place) {
                    Some((_, there)) => there.push(*connection),
                    None => places.push((*place, vec![*connection])),
                }
                (*place, *at) = (end, now_ms);
            }
        }
        for (place, connections) in places {
            tell(self.since(place), &connections);
        }
        self.forget_told();
    }

    /// What a connection was not told yet, before something else is sent to it: it counts as told.
    pub fn catch_up(&mut self, connection: ConnectionId) -> &[N] {
        let end = self.end();
        match self.told.get_mut(&connection) {
            Some((place, _)) if *place < end && !planted(Bug::ReplyOvertakesFanOut) => {
                let place = std::mem::replace(place, end);
                self.since(place)
            }
            _ => &[],
        }
    }

    fn end(&self) -> u64 {
        self.before + self.notices.len() as u64
    }

    fn since(&self, place: u64) -> &[N] {
        self.notices.get((place - self.before) as usize..).unwrap_or_default()
    }

    /// Drops what all were told.
    fn forget_told(&mut self) {
        if self.is_behind() {
            let least = self.told.values().map(|(place, _)| *place).min().unwrap_or_else(|| self.end());
            self.notices.drain(..(least - self.before) as usize);
            self.before = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn hearing(piece: usize, connections: u64) -> FanOut<u32> {
        let mut fan_out = FanOut::new(piece, piece);
        assert!((1..=connections).all(|number| fan_out.begin(ConnectionId(number))));
        fan_out
    }

    /// What a piece tells to whom.
    fn piece(fan_out: &mut FanOut<u32>) -> Vec<(Vec<u32>, Vec<u64>)> {
        let mut told = Vec::new();
        fan_out.tell_piece(0, 0, |notices, to| {
            told.push((notices.to_vec(), to.iter().map(|it| it.0).collect()))
        });
        told
    }

    #[test]
    fn few_are_told_at_once() {
        let mut few = FanOut::<u32>::new(4, 2);
        let mut at_once = |number, now_ms| {
            few.begin(ConnectionId(number));
            few.tells_at_once(now_ms, 100)
        };
        assert!(at_once(1, 1_000) && at_once(2, 1_000), "a piece");
        assert!(!at_once(3, 1_000) && !at_once(3, 1_099) && at_once(3, 1_100), "after a rest");
        assert!(!at_once(4, 1_100) && at_once(4, 900), "the clock jumped back");
        assert!(!at_once(5, 9_000), "too many");
        few.end_of(ConnectionId(5));
        few.add(vec![1]);
        assert!(!few.tells_at_once(9_000, 100), "some are behind");
        few.tell_piece(9_000, 0, |_, _| {});
        few.tell_piece(9_050, 0, |_, _| {});
        assert!(!few.is_behind() && !few.tells_at_once(9_149, 100) && few.tells_at_once(9_150, 100));
    }

    #[test]
    fn a_round_goes_on_with_what_came_meanwhile() {
        let mut fan_out = hearing(2, 5);
        fan_out.add(vec![1]);
        assert_eq!(piece(&mut fan_out), [(vec![1], vec![1, 2])]);
        fan_out.add(vec![2, 3]);
        assert_eq!(piece(&mut fan_out), [(vec![1, 2, 3], vec![3, 4])]);
        assert_eq!(piece(&mut fan_out), [(vec![1, 2, 3], vec![5]), (vec![2, 3], vec![1])]);
        assert!(fan_out.is_behind());
        assert_eq!(piece(&mut fan_out), [(vec![2, 3], vec![2])]);
        assert!(!fan_out.is_behind() && piece(&mut fan_out).is_empty());
        fan_out.add(vec![4]);
        assert_eq!(piece(&mut fan_out), [(vec![4], vec![3, 4])], "it goes on where it was");
    }

    #[test]
    fn who_is_told_something_else_has_caught_up() {
        let mut fan_out = hearing(1, 3);
        fan_out.add(vec![1, 2]);
        assert_eq!(fan_out.catch_up(ConnectionId(2)), [1, 2]);
        assert!(fan_out.catch_up(ConnectionId(2)).is_empty());
        assert!(fan_out.catch_up(ConnectionId(9)).is_empty(), "who does not hear");
        assert_eq!(piece(&mut fan_out), [(vec![1, 2], vec![1])]);
        assert_eq!(piece(&mut fan_out), [(vec![1, 2], vec![3])]);
        assert!(!fan_out.is_behind());
    }

    #[test]
    fn a_newcomer_hears_what_comes_and_who_has_gone_keeps_nothing() {
        let mut fan_out = hearing(1, 2);
        fan_out.add(vec![1]);
        assert!(fan_out.begin(ConnectionId(3)) && !fan_out.begin(ConnectionId(1)));
        assert_eq!(piece(&mut fan_out), [(vec![1], vec![1])]);
        fan_out.end_of(ConnectionId(2));
        assert!(!fan_out.is_behind());
        fan_out.add(vec![2]);
        assert_eq!(piece(&mut fan_out), [(vec![2], vec![3])]);
        fan_out.end_of(ConnectionId(1));
        fan_out.add(vec![3]);
        fan_out.end_of(ConnectionId(3));
        assert!(!fan_out.is_behind(), "there is nobody");
        fan_out.add(vec![4]);
        assert!(!fan_out.is_behind());
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut fan_out = hearing(1, 50);
        fan_out.add(vec![0; FAN_OUT_NOTICES_MAX + 1]);
        assert_eq!(piece(&mut fan_out).len(), 1);
        assert!(!fan_out.is_behind());
    }

    #[test]
    fn who_was_told_just_now_waits_whatever_the_clock_does() {
        let mut fan_out = hearing(2, 3);
        let mut tells = |now_ms| {
            let mut count = 0;
            fan_out.add(vec![1]);
            fan_out.tell_piece(now_ms, FAN_OUT_GAP_MS_MAX, |_, to| count += to.len());
            (count, fan_out.timeout(now_ms))
        };
        let gap = FAN_OUT_GAP_MS_MAX;
        assert_eq!(tells(10_000), (2, Some(gap)), "the third at once");
        assert_eq!(tells(10_001), (1, Some(10_000 + gap)));
        assert_eq!(tells(10_000 + gap), (2, Some(10_001 + gap)));
        assert_eq!(tells(500), (0, Some(500 + gap)), "it jumped back");
        assert_eq!(tells(500 + gap), (2, Some(500 + gap)));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Begin(u64),
        End(u64),
        Add(usize),
        Piece,
        CatchUp(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1u64..12).prop_map(Step::Begin),
            (1u64..12).prop_map(Step::End),
            (0usize..4).prop_map(Step::Add),
            Just(Step::Piece),
            (1u64..12).prop_map(Step::CatchUp),
        ]
    }

    proptest! {
        #[test]
        fn each_hears_everything_once_and_in_order(
            size in 1usize..5,
            steps in prop::collection::vec(step(), 1..120),
        ) {
            let mut fan_out = FanOut::new(size, size);
            let mut said = 0u32;
            // What each expects to hear next.
            let mut next: BTreeMap<ConnectionId, u32> = BTreeMap::new();
            let hear = |next: &mut BTreeMap<ConnectionId, u32>, notices: &[u32], to: &[ConnectionId]| {
                for (connection, notice) in to.iter().flat_map(|to| notices.iter().map(move |it| (to, it))) {
                    let expected = next.get_mut(connection).unwrap();
                    assert_eq!(notice, expected);
                    *expected += 1;
                }
            };
            let rounds = std::iter::repeat_n(Step::Piece, 12);
            for step in steps.into_iter().chain(rounds) {
                match step {
                    Step::Begin(number) => {
                        fan_out.begin(ConnectionId(number));
                        next.entry(ConnectionId(number)).or_insert(said);
                    }
                    Step::End(number) => {
                        fan_out.end_of(ConnectionId(number));
                        next.remove(&ConnectionId(number));
                    }
                    Step::Add(count) => {
                        fan_out.add((said..said + count as u32).collect());
                        said += count as u32;
                    }
                    Step::Piece => {
                        let mut in_piece = 0;
                        fan_out.tell_piece(0, 0, |notices, to| {
                            in_piece += to.len();
                            hear(&mut next, notices, to);
                        });
                        prop_assert!(in_piece <= size);
                    }
                    Step::CatchUp(number) => {
                        let notices = fan_out.catch_up(ConnectionId(number)).to_vec();
                        hear(&mut next, &notices, &[ConnectionId(number)]);
                        prop_assert!(next.get(&ConnectionId(number)).is_none_or(|next| *next == said));
                    }
                }
                prop_assert!(fan_out.is_behind() || next.values().all(|next| *next == said));
            }
            prop_assert!(!fan_out.is_behind(), "some rounds, and all are told");
        }
    }
}
