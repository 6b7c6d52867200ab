//! What one client wants done as a moderator, and what becomes of it; and what becomes of clients whom a moderator
//! acts on.

use std::collections::VecDeque;

use crate::client::{Client, Phase};
use crate::court::Kind;
use crate::stage::Stage;
use crate::wire::Deed;

/// Longest time for which a relay may not know whom its room has banned: it holds its members for a minute without
/// its room, and takes some seconds to see that it is without it.
const UNTOLD_MS_MAX: u64 = 120_000;

/// Something that is to be done.
#[derive(Clone, Debug)]
pub struct Order {
    pub frame: String,
    pub deed: Deed,
}

impl Order {
    /// An order that one client gives to the end: half done, it would leave others with different messages.
    fn is_given_again(&self) -> bool {
        matches!(self.deed.action.as_str(), "delete" | "clear")
    }
}

/// What one client wants done.
#[derive(Debug, Default)]
pub struct Orders {
    /// Given over this link, and not answered.
    open: VecDeque<Order>,
    /// Whether any was given over this link.
    pub has_given: bool,
    /// To be given again.
    pub again: Vec<Order>,
}

impl Orders {
    /// Whether none waits for its answer.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes an answer: that something is done, or a refusal.
    pub fn answered(&mut self, done: Option<&Deed>) {
        let at = done.map_or(Some(0), |deed| self.open.iter().position(|order| order.deed == *deed));
        at.and_then(|at| self.open.remove(at));
    }

    /// The relay does not know the answer.
    pub fn unheard(&mut self) {
        self.again.extend(self.open.pop_front().filter(Order::is_given_again));
    }

    /// The link is gone.
    pub fn cut(&mut self) {
        self.has_given = false;
        self.again.extend(self.open.drain(..).filter(Order::is_given_again));
    }
}

impl Client {
    /// Wants something done, if it is connected.
    pub fn order(&mut self, order: Order, stage: &mut Stage) {
        if self.phase != Phase::Live {
            return;
        }
        stage.note(|| format!("client {} orders {}", self.number, order.frame));
        *stage.court.given.entry(order.deed.clone()).or_default() += 1;
        self.transmit(&order.frame, stage);
        self.orders.open.push_back(order);
        self.orders.has_given = true;
    }

    /// Gives again what was not answered.
    pub fn give_orders(&mut self, stage: &mut Stage) {
        for order in std::mem::take(&mut self.orders.again) {
            self.order(order, stage);
        }
    }

    /// It was let in as that member.
    pub fn be_let_in(&mut self, member: u64, stage: &mut Stage) {
        let banned_since = stage.court.since(Kind::Ban(member));
        let is_known = banned_since.is_some_and(|since_ms| since_ms + UNTOLD_MS_MAX < stage.now_ms);
        // The room itself is held to it as it lets somebody in; and no clock tells of a ban that has no end.
        let is_for_good = self.is_on_relay(stage) && stage.court.is_banned(member, u64::MAX);
        stage.promise(!is_known || !is_for_good, "who is banned stays out", || {
            format!("client {} is let in by a relay, banned since {banned_since:?}", self.number)
        });
    }

    /// A moderator has ended its link, or did not let it in.
    pub fn be_removed(&mut self, stage: &mut Stage) {
        stage.tally.removed += 1;
        self.is_removed = true;
        let members = self.members(stage);
        // A relay may not know of a moment ago.
        let untold_ms = if self.is_on_relay(stage) { UNTOLD_MS_MAX } else { 0 };
        let since_ms = self.dialled_ms.saturating_sub(untold_ms);
        let is_just = members.iter().any(|member| stage.court.removed(*member, since_ms));
        stage.promise(is_just, "nobody is removed but whom a moderator wants to be", || {
            format!("client {}, member {members:?}", self.number)
        });
    }

    /// Who it is to the room, as far as that can be known.
    pub fn member(&self, stage: &Stage) -> Option<u64> {
        match &self.visitor.subject {
            Some(subject) => stage.court.member_of(subject),
            None => self.session.as_ref().map(|session| session.member),
        }
    }

    /// All that it may be to the room.
    pub fn members(&self, stage: &Stage) -> Vec<u64> {
        let by_session = self.session.iter().map(|session| session.member);
        let mut members: Vec<u64> = by_session.chain([self.timeline.you]).collect();
        let by_subject = self.visitor.subject.as_ref().and_then(|subject| stage.court.subjects.get(subject));
        members.extend(by_subject.into_iter().flatten());
        members
    }

    /// Something else than what it said was refused.
    pub fn refused_something(&mut self, code: &str, temporary: bool, stage: &mut Stage) {
        let is_answer = matches!(code, "forbidden" | "unknown_message" | "too_many" | "rate_limited");
        let is_expected = temporary || code == "bad_frame" || (is_answer && self.orders.has_given);
        stage.promise(is_expected, "nothing proper is refused for good", || {
            format!("client {}: {code}", self.number)
        });
        if is_answer {
            self.orders.answered(None);
        }
        if code == "no_answer" {
            stage.tally.unheard += 1;
            self.orders.unheard();
            self.give_orders(stage);
        }
    }
}
