//! Keeping order: what moderators and owners may do, what is recorded of it, and who is told. Whoever is
//! outranked by the one who acts can be acted on, and nobody else.

use serde::Serialize;

use super::flushing::{Written, appended};
use super::rules::{Removal, Sentence};
use super::visitor::{Role, Visitor};
use super::*;
use crate::limits::{REASON_CHARS_MAX, SENTENCE_MS_MAX, SLOW_MODE_MS_MAX};
use crate::protocol::with_commas;
use crate::relay::wire;

/// Something that a moderator wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Take the text out of a message.
    Delete {
        /// Which.
        seq: Seq,
    },
    /// End a member's connections.
    Remove(Whom),
    /// The same, and let the member in no more.
    Ban(Whom),
    /// Let a banned member in again.
    Unban(Whom),
    /// Take no message of a member.
    Mute(Whom),
    /// Take them again.
    Unmute(Whom),
    /// Take messages of moderators only, or of all again.
    Lock {
        /// Whether only of moderators.
        on: bool,
    },
    /// Take only so many messages of each member.
    SlowMode {
        /// Shortest time between two, in milliseconds; 0 for as many as the rate allows.
        interval_ms: u64,
    },
    /// Delete all messages.
    Clear,
}

/// A member, by its number or by its lasting identity, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// Its number.
    pub member: Option<u64>,
    /// Its lasting identity, the `sub` of its token.
    pub sub: Option<String>,
    /// For how long, in milliseconds; absent for good.
    pub for_ms: Option<u64>,
}

impl Order {
    /// What it is called, on the wire and in records.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::Delete { .. } => "delete",
            Self::Remove(_) => "remove",
            Self::Ban(_) => "ban",
            Self::Unban(_) => "unban",
            Self::Mute(_) => "mute",
            Self::Unmute(_) => "unmute",
            Self::Lock { .. } => "lock",
            Self::SlowMode { .. } => "slow_mode",
            Self::Clear => "clear",
        }
    }

    /// The least that one must be to give it.
    fn needs(&self) -> Role {
        match self {
            Self::Clear => Role::Owner,
            _ => Role::Moderator,
        }
    }
}

/// What was done to keep order, or reported, and by whom. Its JSON is the `record` frame of `parlor.v1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "record")]
pub struct Record {
    /// When, in Unix milliseconds.
    pub at: u64,
    /// What: the order's name, or `report`.
    pub action: &'static str,
    /// By whom.
    pub by: Actor,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Named>,
    /// To which message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// Until when, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Whether it was switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// The interval of slow mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
    /// What the reporter has to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// Its number.
    pub id: MemberId,
    /// Its name then.
    pub name: String,
    /// Its lasting identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
}

/// Who it was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its number.
    pub id: MemberId,
    /// Its name, if it is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What became of an order: effects to apply, and the record of it.
pub type Done = (Vec<Effect>, Result<Record, Refusal>);

impl Room {
    /// Does what a moderator asks for over HTTP, if the visitor is one.
    ///
    /// # Errors
    /// As [`Room::handle`].
    pub fn moderate_over_http(
        &mut self,
        order: Order,
        visitor: &Visitor,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<Done, Fault> {
        let Some(meta) = &self.meta else { return Ok((Vec::new(), Err(Refusal::UnknownRoom))) };
        let name = visitor.name.clone().or_else(|| visitor.subject.clone()).unwrap_or_default();
        let id = match &visitor.subject {
            Some(subject) => meta.secret.member_of_subject(subject),
            None => meta.secret.member_named(&name),
        };
        let by = Actor { id, name, sub: visitor.subject.clone() };
        self.moderate(by, visitor, &order, now_ms, archive)
    }

    /// How the room is kept, for a moderator, as JSON: rules, and a page of records.
    ///
    /// # Errors
    /// [`Fault`] if the archive fails.
    pub fn order_kept(
        &self,
        visitor: &Visitor,
        before: Option<u64>,
        limit: usize,
        archive: &dyn Archive,
    ) -> Result<Result<String, Refusal>, Fault> {
        if visitor.role < Role::Moderator {
            return Ok(Err(Refusal::Forbidden));
        }
        if self.meta.is_none() {
            return Ok(Err(Refusal::UnknownRoom));
        }
        let records = archive.records(before.unwrap_or(u64::MAX), limit)?;
        let numbered =
            records.iter().map(|(number, record)| format!(r#"{{"number":{number},"record":{record}}}"#));
        let json = |fault: serde_json::Error| Fault::Log(fault.to_string());
        let rules = serde_json::to_string(&self.rules).map_err(json)?;
        Ok(Ok(format!(r#"{{"rules":{rules},"records":[{}]}}"#, with_commas(&numbered.collect::<Vec<_>>()))))
    }

    /// Does what a connection asks for, if its role allows it.
    pub(super) fn moderate_for(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        order: &Order,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let Some(by) = self.actor(connection, member) else { return Ok(Vec::new()) };
        let visitor = self.visitor(connection);
        let (mut effects, done) = self.moderate(by, &visitor, order, now_ms, archive)?;
        match done {
            Ok(_) => self.note_good_frame(connection, true),
            Err(refusal) => effects.extend(self.refuse(connection, refusal, None, now_ms)),
        }
        Ok(effects)
    }

    pub(super) fn moderate(
        &mut self,
        by: Actor,
        visitor: &Visitor,
        order: &Order,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<Done, Fault> {
        let (role, rate) = (visitor.role, visitor.rate.unwrap_or(self.rate()));
        if role < order.needs() {
            return Ok((Vec::new(), Err(Refusal::Forbidden)));
        }
        if let Err(retry_after_ms) = self.buckets(by.id, now_ms).take_order(rate, now_ms) {
            return Ok((Vec::new(), Err(Refusal::RateLimited { retry_after_ms })));
        }
        // What was said before the order is stored and told before it.
        let overtakes = planted(Bug::OrderOvertakesWhatWasSaid);
        let mut effects = if overtakes { Vec::new() } else { self.flush(now_ms, archive)? };
        let written = Written { rows: appended(&effects), archive };
        let done = self.carry_out(Record::new(order.action(), by, now_ms), role, order, now_ms, &written)?;
        let outcome = done.map(|(followed, record)| {
            effects.extend(followed);
            effects.push(Effect::Record(record.clone()));
            effects.extend(self.tell_moderators(&record));
            record
        });
        Ok((effects, outcome))
    }

    fn carry_out(
        &mut self,
        mut record: Record,
        role: Role,
        order: &Order,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<Result<(Vec<Effect>, Record), Refusal>, Fault> {
        let mut effects = Vec::new();
        match order {
            Order::Delete { seq } => {
                record.seq = Some(*seq);
                let Some(row) = self.log.redact(*seq, archive)? else {
                    return Ok(Err(Refusal::UnknownMessage));
                };
                self.rules.note_deleted(*seq);
                // In this order: where only the first is stored, the same order again brings the second.
                effects.extend([Effect::Rule(self.rules.clone()), Effect::Rewrite(row)]);
                self.tell(Notice::Deleted { seq: *seq }, now_ms);
            }
            Order::Clear => {
                let (old, _) = self.meta_or_create(now_ms);
                let meta = Meta { epoch: self.lot.id(), created_at: now_ms, ..old };
                self.meta = Some(meta.clone());
                self.log = Log::default();
                if !planted(Bug::ClearKeepsDeletions) {
                    self.rules.deleted.clear();
                }
                let epoch = meta.epoch.clone();
                effects.extend([Effect::Rule(self.rules.clone()), Effect::Clear(meta)]);
                self.tell(Notice::Cleared { epoch }, now_ms);
            }
            Order::Lock { on } => {
                record.on = Some(*on);
                self.rules.house.locked = *on;
                effects.push(self.rule(now_ms));
            }
            Order::SlowMode { interval_ms } => {
                if *interval_ms > SLOW_MODE_MS_MAX {
                    let why = format!("`interval_ms` must be 0 to {SLOW_MODE_MS_MAX}");
                    return Ok(Err(Refusal::BadFrame(why)));
                }
                record.interval_ms = Some(*interval_ms);
                self.rules.house.slow_mode_ms = *interval_ms;
                effects.push(self.rule(now_ms));
            }
            Order::Remove(whom)
            | Order::Ban(whom)
            | Order::Unban(whom)
            | Order::Mute(whom)
            | Order::Unmute(whom) => match self.act_on(role, order, whom, &mut record, now_ms) {
                Ok(followed) => effects = followed,
                Err(refusal) => return Ok(Err(refusal)),
            },
        }
        Ok(Ok((effects, record)))
    }

    fn act_on(
        &mut self,
        role: Role,
        order: &Order,
        whom: &Whom,
        record: &mut Record,
        now_ms: u64,
    ) -> Result<Vec<Effect>, Refusal> {
        let member = self.find(whom)?;
        let name = self.name_of(member).map(str::to_owned);
        record.member = Some(Named { id: member, name: name.clone() });
        if self.connections_of(member).any(|connection| self.role_of(connection) >= role)
            || self.relays.role_of(member) >= Some(role)
        {
            return Err(Refusal::Forbidden);
        }
        if matches!(order, Order::Ban(_) | Order::Mute(_)) {
            if whom.for_ms.is_some_and(|ms| !(1..=SENTENCE_MS_MAX).contains(&ms)) {
                return Err(Refusal::BadFrame(format!("`for_ms` must be 1 to {SENTENCE_MS_MAX}")));
            }
            record.until = whom.for_ms.map(|ms| now_ms.saturating_add(ms));
        }
        let sentence = Sentence { member, name, until: record.until };
        match order {
            Order::Ban(_) => self.rules.bans.put(sentence, now_ms)?,
            Order::Mute(_) => self.rules.mutes.put(sentence, now_ms)?,
            Order::Unban(_) => self.rules.bans.lift(member),
            Order::Unmute(_) => self.rules.mutes.lift(member),
            _ => {}
        }
        let removes = matches!(order, Order::Remove(_) | Order::Ban(_));
        if removes {
            self.rules.note_removed(Removal { member, below: role, at: now_ms });
        }
        let mut effects = vec![Effect::Rule(self.rules.clone())];
        if !planted(Bug::BanNotToldToRelays) {
            effects.extend(self.tell_relays(&wire::rules(&self.rules)));
        }
        if removes {
            let theirs: Vec<_> = self.connections_of(member).collect();
            effects.extend(theirs.into_iter().map(|it| self.close(it, CloseCode::Removed, now_ms)));
        }
        Ok(effects)
    }

    /// Keeps a report for the moderators and tells those who are here.
    pub(super) fn report(
        &mut self,
        by: Actor,
        seq: Seq,
        reason: String,
        now_ms: u64,
    ) -> Result<Vec<Effect>, Refusal> {
        if seq < self.log.first() || seq > self.log.stored_head() {
            return Err(Refusal::UnknownMessage);
        }
        if reason.chars().count() > REASON_CHARS_MAX {
            return Err(Refusal::TextTooLong { chars_max: REASON_CHARS_MAX });
        }
        self.take_signal(by.id, now_ms).map_err(|retry_after_ms| Refusal::RateLimited { retry_after_ms })?;
        let record = Record { seq: Some(seq), reason: Some(reason), ..Record::new("report", by, now_ms) };
        let told = self.tell_moderators(&record);
        Ok([Effect::Record(record)].into_iter().chain(told).collect())
    }

    /// In a slow room, knows again when a member spoke last, if it was before the room's memory begins.
    pub(super) fn recall_speech(
        &mut self,
        member: MemberId,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<(), Fault> {
        let slow_ms = self.rules.house.slow_mode_ms;
        if slow_ms > 0
            && !planted(Bug::SlowModeForgetsInSleep)
            && self.buckets(member, now_ms).spoke_at.is_none()
        {
            let spoke_at = self.log.spoke_at(member, now_ms.saturating_sub(slow_ms), archive)?;
            self.buckets(member, now_ms).spoke_at = spoke_at;
        }
        Ok(())
    }

    /// Whether a member may say something now, be it within its rate.
    pub(super) fn may_speak(&self, member: MemberId, role: Role, now_ms: u64) -> Result<(), Refusal> {
        if role < Role::Member {
            return Err(Refusal::Forbidden);
        }
        if let Some(mute) = self.rules.mutes.of(member, now_ms) {
            return Err(Refusal::Muted { retry_after_ms: mute.until.map(|until| until - now_ms) });
        }
        if self.rules.bans.of(member, now_ms).is_some() {
            return Err(Refusal::Banned);
        }
        if role >= Role::Moderator {
            return Ok(());
        }
        if self.rules.house.locked {
            return Err(Refusal::RoomLocked);
        }
        let spoke_at = self.buckets.get(&member).and_then(|buckets| buckets.spoke_at);
        // None if the clock has jumped back since: it must not silence anybody.
        let waited = spoke_at.and_then(|at| now_ms.checked_sub(at));
        let left = waited.and_then(|waited| self.rules.house.slow_mode_ms.checked_sub(waited));
        match left.filter(|left| *left > 0) {
            Some(retry_after_ms) => Err(Refusal::RateLimited { retry_after_ms }),
            None => Ok(()),
        }
    }

    fn rule(&mut self, now_ms: u64) -> Effect {
        self.tell(Notice::Ruled(self.rules.house), now_ms);
        Effect::Rule(self.rules.clone())
    }

    fn tell_moderators(&self, record: &Record) -> Vec<Effect> {
        let told = self.moderators().into_iter().chain(self.relays.links());
        told.map(|id| Effect::Send(id, Reply::Record(record.clone()))).collect()
    }

    /// The connections of moderators here, less those that were not welcomed yet.
    pub(super) fn moderators(&self) -> Vec<ConnectionId> {
        let keep_order = self.connections.iter().filter(|(id, known)| {
            known.member.is_some()
                && known.visitor.role >= Role::Moderator
                && !self.waiting.iter().any(|(waiting, _)| waiting == *id)
        });
        keep_order.map(|(id, _)| *id).collect()
    }

    fn find(&self, whom: &Whom) -> Result<MemberId, Refusal> {
        match (whom.member, &whom.sub, &self.meta) {
            (Some(number), None, _) if MemberId::new(number).get() == number => Ok(MemberId::new(number)),
            (None, Some(subject), Some(meta)) => Ok(meta.secret.member_of_subject(subject)),
            _ => Err(Refusal::BadFrame("`member` or `sub` must say whom".to_owned())),
        }
    }

    fn connections_of(&self, member: MemberId) -> impl Iterator<Item = ConnectionId> + '_ {
        self.connections.iter().filter(move |(_, known)| known.member == Some(member)).map(|(id, _)| *id)
    }

    /// What whoever made the connection may do.
    pub(super) fn role_of(&self, connection: ConnectionId) -> Role {
        self.connections.get(&connection).map_or(Role::Reader, |known| known.visitor.role)
    }

    pub(super) fn actor(&self, connection: ConnectionId, member: MemberId) -> Option<Actor> {
        let name = self.presence.get(member)?.name.clone();
        let sub = self.connections.get(&connection)?.visitor.subject.clone();
        Some(Actor { id: member, name, sub })
    }
}

impl Actor {
    /// A member, as whom its connection's visitor makes it.
    pub(super) fn of(member: &Member, visitor: &Visitor) -> Self {
        Self { id: member.id, name: member.name.clone(), sub: visitor.subject.clone() }
    }
}

impl Record {
    /// A record that says no more than that.
    fn new(action: &'static str, by: Actor, at: u64) -> Self {
        let (member, seq, until, on, interval_ms, reason) = (None, None, None, None, None, None);
        Self { at, action, by, member, seq, until, on, interval_ms, reason }
    }
}
