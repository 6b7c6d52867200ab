//! What moderators' decisions were in force when, by the true time: for what is told of it later, and elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parlor::room::visitor::Role;

use crate::book::Holding;
use crate::wire::Deed;

/// What can hold of a member, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ban(u64),
    Mute(u64),
    Lock,
    Slow,
}

/// That a member was removed, and when by the true time.
#[derive(Debug)]
struct Removal {
    member: u64,
    below: Role,
    at_ms: u64,
}

/// What held when, by the true time: for what is told of it later, elsewhere.
#[derive(Debug, Default)]
pub struct Court {
    /// Whether there are moderators at all.
    pub sits: bool,
    /// Members who keep order.
    pub staff: BTreeMap<u64, Role>,
    /// The members of lasting identities: one for each life of the storage.
    pub subjects: BTreeMap<String, Vec<u64>>,
    /// The member that speaks over HTTP.
    pub bot: Option<u64>,
    /// How often something was ordered.
    pub given: HashMap<Deed, usize>,
    holding: BTreeMap<Kind, u64>,
    held: Vec<(Kind, u64, u64)>,
    removals: Vec<Removal>,
    last: Holding,
}

impl Court {
    /// Notes what holds from now on.
    pub fn follow(&mut self, holding: &Holding, now_ms: u64) {
        let bans = holding.bans.iter().map(|it| Kind::Ban(it.member));
        let mutes = holding.mutes.iter().map(|it| Kind::Mute(it.member));
        let lock = holding.house.locked.then_some(Kind::Lock);
        let slow = (holding.house.slow_mode_ms > 0).then_some(Kind::Slow);
        let now: BTreeSet<Kind> = bans.chain(mutes).chain(lock).chain(slow).collect();
        let ended = self.holding.extract_if(.., |kind, _| !now.contains(kind));
        self.held.extend(ended.map(|(kind, since_ms)| (kind, since_ms, now_ms)));
        for kind in now {
            self.holding.entry(kind).or_insert(now_ms);
        }
        let new = holding.removed.iter().filter(|it| !self.last.removed.contains(it));
        self.removals.extend(new.map(|it| Removal {
            member: it.member,
            below: Role::parse(&it.below).unwrap_or_default(),
            at_ms: now_ms,
        }));
        self.last = holding.clone();
    }

    /// Whether nobody is another member than before, as after a loss of the storage.
    pub fn is_whole(&self) -> bool {
        self.subjects.values().all(|members| members.len() <= 1)
    }

    /// Whether a member's ban holds at that time of a clock.
    pub fn is_banned(&self, member: u64, wall_ms: u64) -> bool {
        self.last.is_banned(member, wall_ms)
    }

    /// The member of a lasting identity, as of the newest storage.
    pub fn member_of(&self, subject: &str) -> Option<u64> {
        self.subjects.get(subject)?.last().copied()
    }

    /// Whether it held at some time since then.
    pub fn held(&self, kind: Kind, since_ms: u64) -> bool {
        self.holding.contains_key(&kind) || self.held.iter().any(|it| it.0 == kind && it.2 >= since_ms)
    }

    /// Since when it holds.
    pub fn since(&self, kind: Kind) -> Option<u64> {
        self.holding.get(&kind).copied()
    }

    /// Whether a member was removed since then, or was banned.
    pub fn removed(&self, member: u64, since_ms: u64) -> bool {
        self.held(Kind::Ban(member), since_ms)
            || self.removals.iter().any(|it| it.member == member && it.at_ms >= since_ms)
    }

    /// When a member of that role was removed who was here since then.
    pub fn removed_at(&self, member: u64, role: Role, since_ms: u64) -> Option<u64> {
        let theirs = |it: &&Removal| it.member == member && role < it.below && it.at_ms > since_ms;
        self.removals.iter().find(theirs).map(|it| it.at_ms)
    }
}
