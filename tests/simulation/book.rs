//! What moderators have decided, as the simulation keeps it beside the room: made of the records alone, and held
//! against the rules that the room stores, and against everything that anybody says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parlor::room::rules::Rules;
use parlor::room::visitor::Role;
use serde::Deserialize;

use crate::stage::Stage;
use crate::wire::{Deed, House, Message, Record};

const AS_RECORDED: &str = "what holds is what was recorded, and nothing else";
const NOT_ALLOWED: &str = "who may not speak says nothing that is stored";

/// What holds, as a storage has it.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// As they are stored.
    pub json: String,
    /// Read from that.
    pub holds: Holding,
    /// What should hold by the records.
    by_records: Holding,
    /// Whether an order since the last record may have been stored in part.
    pub is_torn: bool,
    /// Of the newest life of the storage, all.
    pub records: Vec<Record>,
}

/// Rules as their JSON text has them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Holding {
    pub house: House,
    bans: Vec<Sentence>,
    mutes: Vec<Sentence>,
    deleted: Vec<u64>,
    removed: Vec<Removed>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Sentence {
    member: u64,
    until: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Removed {
    member: u64,
    at: u64,
    below: String,
}

impl Holding {
    /// Whether a member's ban holds at that time of the room's clock.
    pub fn is_banned(&self, member: u64, wall_ms: u64) -> bool {
        hold(&self.bans, member, wall_ms)
    }

    /// Likewise its mute.
    pub fn is_muted(&self, member: u64, wall_ms: u64) -> bool {
        hold(&self.mutes, member, wall_ms)
    }

    /// The rules after what a record tells.
    fn after(mut self, record: &Record, role: Role) -> Self {
        let below = role.name().to_owned();
        let Record { at, deed, until, .. } = record;
        let put = |list: &mut Vec<Sentence>, member: u64| {
            list.retain(|sentence| sentence.until.is_none_or(|until| until > *at));
            lift(list, member);
            list.push(Sentence { member, until: *until });
        };
        match (deed.action.as_str(), deed.member, deed.seq) {
            ("delete", _, Some(seq)) => self.deleted.push(seq),
            ("mute", Some(member), _) => put(&mut self.mutes, member),
            ("unmute", Some(member), _) => lift(&mut self.mutes, member),
            ("unban", Some(member), _) => lift(&mut self.bans, member),
            ("remove", Some(member), _) => self.removed.push(Removed { member, at: *at, below }),
            ("ban", Some(member), _) => {
                put(&mut self.bans, member);
                self.removed.push(Removed { member, at: *at, below });
            }
            ("clear", ..) => self.deleted.clear(),
            _ => {}
        }
        self.house.locked = deed.on.unwrap_or(self.house.locked);
        self.house.slow_mode_ms = deed.interval_ms.unwrap_or(self.house.slow_mode_ms);
        self
    }
}

fn hold(list: &[Sentence], member: u64, wall_ms: u64) -> bool {
    list.iter().any(|it| it.member == member && it.until.is_none_or(|until| wall_ms < until))
}

fn lift(list: &mut Vec<Sentence>, member: u64) {
    list.retain(|sentence| sentence.member != member);
}

impl Book {
    /// Keeps rules.
    pub fn rule(&mut self, rules: &Rules, stage: &mut Stage) {
        self.json = serde_json::to_string(rules).unwrap_or_default();
        match serde_json::from_str(&self.json) {
            Ok(holds) => self.holds = holds,
            Err(error) => stage.violate(AS_RECORDED, || format!("{error}: {}", self.json)),
        }
    }

    /// Keeps a record.
    pub fn record(&mut self, record: Record, stage: &mut Stage) {
        let is_torn = std::mem::take(&mut self.is_torn);
        let role = stage.court.staff.get(&record.by).copied().unwrap_or_default();
        let expected = std::mem::take(&mut self.by_records).after(&record, role);
        stage.promise(is_torn || expected == self.holds, AS_RECORDED, || {
            format!("after {record:?} there should be {expected:?}, and there is {:?}", self.holds)
        });
        self.by_records = self.holds.clone();
        let same = self.records.iter().filter(|it| it.deed == record.deed).count();
        let given = stage.court.given.get(&record.deed).copied().unwrap_or_default();
        stage.promise(
            same < given || !stage.court.is_whole(),
            "an order acts as often as it was given",
            || format!("{record:?} is recorded, with {same} before it, of {given} given"),
        );
        stage.promise(role >= needed(&record), "only who may keeps order", || format!("{record:?}"));
        self.records.push(record);
    }

    /// Holds a message that is being stored against what holds; `before` is when its sender spoke last.
    pub fn judge(&self, message: &Message, before: Option<u64>, stage: &mut Stage) {
        let Message { from, sent_at, .. } = *message;
        let holds = &self.holds;
        let is_silenced = holds.is_muted(from, sent_at) || holds.is_banned(from, sent_at);
        stage.promise(!is_silenced, NOT_ALLOWED, || {
            format!("{message:?} of who is muted or banned: {holds:?}")
        });
        if stage.court.staff.contains_key(&from) {
            return;
        }
        let House { locked, slow_mode_ms } = holds.house;
        stage.promise(!locked, NOT_ALLOWED, || format!("{message:?} while the room is locked"));
        let waited = before.and_then(|before| sent_at.checked_sub(before));
        stage.promise(waited.is_none_or(|waited| waited >= slow_mode_ms), NOT_ALLOWED, || {
            format!("{message:?} {waited:?} ms after the last, with {slow_mode_ms} ms to wait")
        });
    }
}

/// The least that one must be to have done it.
fn needed(record: &Record) -> Role {
    if record.deed.action == "clear" { Role::Owner } else { Role::Moderator }
}

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
