//! What moderators have decided, as the simulation keeps it beside the room: made of the records alone, and held
//! against the rules that the room stores, and against everything that anybody says.

use parlor::refusal::Refusal;
use parlor::room::rules::Rules;
use parlor::room::visitor::Role;
use parlor::room::{Reply, Seat};
use serde::Deserialize;

use crate::network::Down;
use crate::shell::{Part, Shell};
use crate::stage::Stage;
use crate::wire::{House, Message, Record};

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
    pub bans: Vec<Sentence>,
    pub mutes: Vec<Sentence>,
    deleted: Vec<u64>,
    pub removed: Vec<Removed>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Sentence {
    pub member: u64,
    until: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Removed {
    pub member: u64,
    at: u64,
    pub below: String,
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
    match record.deed.action.as_str() {
        "clear" => Role::Owner,
        "report" => Role::Member,
        _ => Role::Moderator,
    }
}

impl Shell {
    /// Holds what one connection is told, or a relay, against what is stored: nobody who asks is shown what is deleted.
    pub fn compare_with_stored(&self, stage: &mut Stage, frame: &Down) {
        if !stage.court.sits || self.part != Part::Room {
            return;
        }
        let other = match frame {
            Down::Frame(wire) => wire.messages().find(|message| !self.store.shows(message)).cloned(),
            Down::Raw(text) => messages_in(text).find(|message| !self.store.shows(message)),
            _ => None,
        };
        stage.promise(other.is_none(), "who asks is shown what is stored", || format!("{other:?}"));
    }

    /// Holds what the room tells one of its own connections against what moderators decided.
    pub fn judge(&self, stage: &mut Stage, seat: &Seat, reply: &Reply) {
        const JUST: &str = "nobody is silenced or let in against what moderators decided";
        let (holds, wall_ms) = (self.store.holds(), stage.wall_ms(self.place));
        let member = seat.member.as_ref().map_or(0, |(member, _)| member.get());
        let is_just = match reply {
            Reply::Welcome(welcome) => !holds.is_banned(welcome.you.id.get(), wall_ms),
            Reply::Refused { refusal: Refusal::Muted { .. }, .. } => holds.is_muted(member, wall_ms),
            Reply::Refused { refusal: Refusal::RoomLocked, .. } => {
                holds.house.locked && seat.visitor.role < Role::Moderator
            }
            Reply::Refused { refusal: Refusal::Banned, .. } => holds.is_banned(member, wall_ms),
            _ => true,
        };
        stage.promise(is_just, JUST, || format!("{seat:?} is told {reply:?}, and there is {holds:?}"));
    }
}

/// All messages in a frame for a relay.
fn messages_in(frame: &str) -> impl Iterator<Item = Message> {
    frame.split(['\n', '\t']).filter_map(|field| Message::read(field.starts_with('{').then_some(field)?))
}
