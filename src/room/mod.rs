//! The room: pure, synchronous, deterministic. It knows no socket, no clock and no dialect.
//!
//! [`Room::handle`] takes an [`Event`] and the time and returns [`Effect`]s. What is broadcast waits in
//! a queue until a flush, which stores all new messages in one write and tells everybody in one go.
//!
//! Invariants:
//! - a message is in a `Broadcast`, or in a reply, only after the `Append` that stores it;
//! - a connection is told of everything from its `Welcome` on, and of nothing before it;
//! - whatever is in memory follows from storage and the seats, but for what nobody was told yet,
//!   buckets (full again before a room can fall asleep) and counts of bad frames.

pub mod events;
#[cfg(test)]
mod harness;
mod informal;
pub mod log;
mod pace;
pub mod presence;
mod rate;
pub mod session;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use events::*;
use log::{Found, Line, Log, Page, Range, Segment, SegmentHead, SegmentKeys, Seq};
use pace::Pace;
use presence::{Arrival, Member, MemberId, Presence};
use rate::Bucket;
use session::Lot;

use crate::limits::{
    ALARM_AGAIN_MS, ALARM_GAP_MS_MIN, BAD_FRAMES_MAX, Limits, RATE_REFUSALS_MAX, SIGNAL_BURST,
    SIGNAL_PER_SECOND,
};
use crate::name::{DisplayName, MessageId, RoomName, Text};
use crate::planted::{Bug, planted};
use crate::refusal::{CloseCode, Refusal};

/// A room in memory.
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    limits: Limits,
    meta: Option<Meta>,
    log: Log,
    presence: Presence,
    connections: BTreeMap<ConnectionId, Connection>,
    /// When each connection that has not joined will be closed.
    join_deadlines: BTreeSet<(u64, ConnectionId)>,
    /// Kept after a member left until full, so that a reconnect does not refill them.
    buckets: HashMap<MemberId, Buckets>,
    queue: Vec<Queued>,
    /// Who sent the messages in the queue and those that the last call flushed, and under which ids.
    senders: (Vec<Sender>, Vec<Sender>),
    /// Joined or listening, to be told so with the next flush.
    waiting: Vec<(ConnectionId, Awaited)>,
    flush_at: Option<u64>,
    pace: Pace,
    lot: Lot,
}

#[derive(Debug)]
struct Connection {
    opened_at: u64,
    member: Option<MemberId>,
    listens: bool,
    bad_frames: u32,
    rate_refusals: u32,
}

/// What a connection waits for.
#[derive(Debug)]
enum Awaited {
    /// To be welcomed as a member, who has seen the history up to here.
    Welcome(Option<Position>),
    /// To hear what is said, after so many messages of before.
    Hearing(usize),
}

#[derive(Debug)]
struct Buckets {
    send: Bucket,
    signal: Bucket,
}

/// What the next flush will tell everybody.
#[derive(Debug)]
enum Queued {
    /// The log's next pending message.
    Message,
    /// Anything else.
    Notice(Notice),
}

/// What is known of a room that was used before: its storage and the seats of its connections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// What [`Effect::Create`] wrote, if it ever did.
    pub meta: Option<Meta>,
    /// The newest row of the log.
    pub newest: Option<Segment>,
    /// The head of its oldest row.
    pub oldest: Option<SegmentHead>,
    /// The keys of all rows that [`log::remembers`] wants, oldest first.
    pub keys: Vec<SegmentKeys>,
    /// The open connections.
    pub seats: Vec<(ConnectionId, Seat)>,
}

/// A room in numbers, for `/api/rooms/<room>`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// Connections that have joined.
    pub connections: usize,
    /// Messages ever stored in this epoch.
    pub messages: Seq,
    /// When the last message was taken, or the room was first used, in Unix milliseconds.
    pub active_at: u64,
}

/// What became of a message that somebody wants to say.
enum Said {
    /// It will be seen with the next flush.
    Queued(Seq),
    /// It was stored before.
    Before(Seq, Line),
}

type Effects = Result<Vec<Effect>, Fault>;

type Sender = (ConnectionId, String);

/// What a [`Post`] leads to: effects to apply, and what became of it.
pub type Publication = (Vec<Effect>, Result<Published, Refusal>);

impl Room {
    /// Restores a room from what is saved of it; a room that was never used from nothing. `seed` must
    /// be unknown to everybody.
    pub fn restore(name: RoomName, limits: Limits, saved: Saved, seed: [u8; 32], now_ms: u64) -> Self {
        let mut room = Self {
            name,
            limits,
            meta: saved.meta,
            log: Log::restore(saved.newest, saved.oldest, saved.keys),
            presence: Presence::default(),
            connections: BTreeMap::new(),
            join_deadlines: BTreeSet::new(),
            buckets: HashMap::new(),
            queue: Vec::new(),
            senders: Default::default(),
            waiting: Vec::new(),
            flush_at: None,
            pace: Pace::new(now_ms),
            lot: Lot::new(seed),
        };
        for (connection, seat) in saved.seats {
            room.open(connection, seat.opened_at);
            if let Some((id, name)) = seat.member {
                room.presence.add(Member::new(id, &name));
                room.sit(connection, id);
            }
            if seat.listens {
                room.let_listen(connection);
            }
        }
        room
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// [`Fault`] where the room can't go on; it must be restored then.
    pub fn handle(&mut self, event: Event, now_ms: u64, archive: &dyn Archive) -> Effects {
        match event {
            Event::Opened(connection) => {
                self.open(connection, now_ms);
                let seat = Seat { opened_at: now_ms, member: None, listens: false };
                Ok(vec![Effect::Seat(connection, seat)])
            }
            Event::Received(connection, frame) => self.receive(connection, frame, now_ms, archive),
            Event::Closed(connection) => {
                self.forget(connection, now_ms);
                Ok(Vec::new())
            }
            Event::Tick => self.tick(now_ms, archive),
            Event::Alarm => self.alarm(now_ms, archive),
        }
    }

    /// Notes that the effects of the last call were applied: what it flushed is stored.
    pub fn applied(&mut self) {
        self.senders.1.clear();
    }

    /// What to say when the effects of the last call could not be applied: to each sender, that the
    /// message was not stored. After that the room's memory is worth nothing, and its connections end.
    pub fn give_up(&mut self) -> Vec<Effect> {
        let (queued, flushed) = std::mem::take(&mut self.senders);
        let refusal = Refusal::NotStored;
        let refused = flushed.into_iter().chain(queued);
        let refused = refused
            .map(|(connection, id)| (connection, Reply::Refused { refusal: refusal.clone(), id: Some(id) }));
        refused.map(|(connection, reply)| Effect::Send(connection, reply)).collect()
    }

    /// When the room wants its next [`Event::Tick`], in Unix milliseconds; a time that has passed
    /// means at the next turn of the event loop.
    pub fn timeout(&self) -> Option<u64> {
        let join = self.join_deadlines.first().map(|(deadline, _)| *deadline);
        self.flush_at.into_iter().chain(join).min()
    }

    /// Whether something was taken that is not stored or not told yet.
    pub fn is_unsettled(&self) -> bool {
        self.flush_at.is_some()
            && !(planted(Bug::NoticesNeedNoSettling) && self.log.head() == self.log.stored_head())
    }

    /// Whether one more connection fits.
    pub fn has_space(&self) -> bool {
        self.connections.len() < self.limits.connections_max
    }

    /// The room in numbers, if it has ever been used.
    pub fn summary(&self) -> Option<Summary> {
        let meta = self.meta.as_ref()?;
        Some(Summary {
            name: self.name.to_string(),
            connections: self.connections.values().filter(|connection| connection.member.is_some()).count(),
            messages: self.log.stored_head(),
            active_at: self.log.last_at().unwrap_or(meta.created_at),
        })
    }

    /// Reads a page of history.
    ///
    /// # Errors
    /// [`Fault`] if the archive fails.
    pub fn page(&self, range: Range, limit: usize, archive: &dyn Archive) -> Result<Page, Fault> {
        self.log.page(range, limit, archive)
    }

    /// Takes a message that came over HTTP. Its effects store it at once; after them
    /// [`Room::message`] has it.
    ///
    /// # Errors
    /// As [`Room::handle`].
    pub fn publish(&mut self, post: Post, now_ms: u64, archive: &dyn Archive) -> Result<Publication, Fault> {
        let name = DisplayName::parse(&post.name, &self.limits);
        let parsed = name.and_then(|name| Ok((name, self.parse(post.id, post.text)?)));
        let (name, (id, text)) = match parsed {
            Ok(parsed) => parsed,
            Err(refusal) => return Ok((Vec::new(), Err(refusal))),
        };
        let (meta, mut effects) = self.meta_or_create(now_ms);
        let from = Member::new(meta.secret.member_named(name.as_str()), &name);
        let said = self.say(from, &id, &text, None, None, now_ms, archive)?;
        effects.extend(self.flush(now_ms, archive)?);
        let published = said.map(|said| match said {
            Said::Queued(seq) => Published { seq, new: true },
            Said::Before(seq, _) => Published { seq, new: false },
        });
        Ok((effects, published))
    }

    /// Reads a stored message.
    ///
    /// # Errors
    /// [`Fault`] if the archive fails or does not have it.
    pub fn message(&self, seq: Seq, archive: &dyn Archive) -> Result<Line, Fault> {
        self.log.read(seq, archive)
    }

    fn receive(
        &mut self,
        connection: ConnectionId,
        frame: Result<Request, Unreadable>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let Some(known) = self.connections.get_mut(&connection) else { return Ok(Vec::new()) };
        let member = known.member;
        let request = match frame {
            Ok(request) => request,
            Err(Unreadable::Malformed(why)) => return Ok(self.refuse_frame(connection, why, now_ms)),
            Err(Unreadable::Binary) => return Ok(vec![self.close(connection, CloseCode::Binary, now_ms)]),
            Err(Unreadable::TooBig) => return Ok(vec![self.close(connection, CloseCode::TooBig, now_ms)]),
            Err(Unreadable::Ignored) => return Ok(Vec::new()),
            Err(Unreadable::Fatal) => return Ok(vec![self.close(connection, CloseCode::BadFrames, now_ms)]),
        };
        if request == Request::Ping {
            known.bad_frames = 0;
            return Ok(vec![Effect::Send(connection, Reply::Pong)]);
        }
        // Who asks for more before the answer to the first gets that answer first.
        let mut effects = Vec::new();
        let waits = self.waiting.iter().any(|(waiting, _)| *waiting == connection);
        if waits && (member.is_some() || known.listens) {
            if planted(Bug::ForcedFlushTellsNobody) {
                self.queue.clear();
            }
            effects = self.flush(now_ms, archive)?;
        }
        // That flush is not in the archive before its effects are applied.
        let written = Written { rows: appended(&effects), archive };
        let served = self.answer(connection, member, request, now_ms, &written)?;
        effects.extend(served);
        Ok(effects)
    }

    fn answer(
        &mut self,
        connection: ConnectionId,
        member: Option<MemberId>,
        request: Request,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        match (request, member) {
            (
                request @ (Request::Listen { .. }
                | Request::Enter { .. }
                | Request::Speak { .. }
                | Request::TypingAs { .. }),
                member,
            ) => self.serve_informally(connection, member, request, now_ms, archive),
            (Request::Join { name, session, after }, None) => {
                self.note_good_frame(connection, false);
                Ok(self.join(connection, &name, session.as_deref(), after, now_ms))
            }
            (Request::Join { .. }, Some(_)) => {
                Ok(self.refuse_frame(connection, "joined already".to_owned(), now_ms))
            }
            (request, None) => {
                self.note_good_frame(connection, false);
                let id =
                    if let Request::Send { id, .. } = request { MessageId::parse(id).ok() } else { None };
                let id = id.map(|id| id.as_str().to_owned());
                Ok(vec![Effect::Send(connection, Reply::Refused { refusal: Refusal::NotJoined, id })])
            }
            (request, Some(member)) => self.serve(connection, member, request, now_ms, archive),
        }
    }

    /// Does what a member asks for.
    fn serve(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        request: Request,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let answer = match request {
            Request::Send { id, text, reply_to } => {
                return self.send(connection, member, id, text, reply_to, now_ms, archive);
            }
            Request::Typing { on } => {
                self.tell_typing(member, on, now_ms);
                Ok(Vec::new())
            }
            Request::Rename { name } => self.rename(member, &name, now_ms),
            Request::History { range, limit } => {
                let page = self.log.page(range, limit, archive)?;
                Ok(vec![Effect::Send(connection, Reply::History(page))])
            }
            Request::Join { .. }
            | Request::Ping
            | Request::Listen { .. }
            | Request::Enter { .. }
            | Request::Speak { .. }
            | Request::TypingAs { .. } => Ok(Vec::new()),
        };
        match answer {
            Ok(effects) => {
                self.note_good_frame(connection, false);
                Ok(effects)
            }
            Err(refusal) => Ok(self.refuse(connection, refusal, None, now_ms)),
        }
    }

    fn join(
        &mut self,
        connection: ConnectionId,
        name: &str,
        session: Option<&str>,
        after: Option<Position>,
        now_ms: u64,
    ) -> Vec<Effect> {
        let name = match DisplayName::parse(name, &self.limits) {
            Ok(name) => name,
            Err(refusal) => return self.refuse(connection, refusal, None, now_ms),
        };
        self.seat_as(connection, &name, session, after, now_ms)
    }

    /// Makes a connection a member's: of the session, or a new one.
    fn seat_as(
        &mut self,
        connection: ConnectionId,
        name: &DisplayName,
        session: Option<&str>,
        after: Option<Position>,
        now_ms: u64,
    ) -> Vec<Effect> {
        let (meta, mut effects) = self.meta_or_create(now_ms);
        let id = session
            .and_then(|session| meta.secret.member_of(session, now_ms))
            .unwrap_or_else(|| self.presence.new_id(self.lot.number()));
        let member = Member::new(id, name);
        let arrival = self.presence.add(member.clone());
        self.sit(connection, id);
        self.waiting.push((connection, Awaited::Welcome(after)));
        let member_count = self.presence.count();
        match arrival {
            Arrival::First => self.tell(Notice::Joined { member, member_count, at: now_ms }, now_ms),
            Arrival::Renamed => {
                self.tell(Notice::Renamed { member, member_count }, now_ms);
                effects.extend(self.seats_of(id));
            }
            Arrival::Another => self.request_flush(now_ms),
        }
        effects
    }

    #[allow(clippy::too_many_arguments)]
    fn send(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        id: String,
        text: String,
        reply_to: Option<Seq>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let Some(from) = self.presence.get(member).cloned() else { return Ok(Vec::new()) };
        let echo = id.clone();
        let said = match self.parse(id, text) {
            Ok((id, text)) => self.say(from, &id, &text, reply_to, None, now_ms, archive)?,
            Err(refusal) => Err(refusal),
        };
        match said {
            Ok(said) => {
                self.note_good_frame(connection, true);
                Ok(match said {
                    Said::Queued(_) => {
                        self.senders.0.push((connection, echo));
                        Vec::new()
                    }
                    Said::Before(_, line) => vec![Effect::Send(connection, Reply::Message(line))],
                })
            }
            Err(refusal) => {
                // An `id` that is none is not sent back.
                let echo = MessageId::parse(echo).ok().map(|id| id.as_str().to_owned());
                Ok(self.refuse(connection, refusal, echo, now_ms))
            }
        }
    }

    fn parse(&self, id: String, text: String) -> Result<(MessageId, Text), Refusal> {
        Ok((MessageId::parse(id)?, Text::parse(text, &self.limits)?))
    }

    /// Takes a message in, unless it was taken before or must be refused.
    #[allow(clippy::too_many_arguments)]
    fn say(
        &mut self,
        from: Member,
        id: &MessageId,
        text: &Text,
        reply_to: Option<Seq>,
        original: Option<String>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<Result<Said, Refusal>, Fault> {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::maybe_panic(text.as_str());
        if let Some(said) = self.said_before(from.id, id, text, archive)? {
            return Ok(said);
        }
        if reply_to.is_some_and(|seq| seq == 0 || seq > self.log.head()) {
            let why = "`reply_to` is no message of this room".to_owned();
            return Ok(Err(Refusal::BadFrame(why)));
        }
        let (burst, per_second) = (self.limits.rate_burst, self.limits.rate_per_second);
        if let Err(retry_after_ms) = self.buckets(from.id, now_ms).send.take(burst, per_second, now_ms) {
            return Ok(Err(Refusal::RateLimited { retry_after_ms }));
        }
        let seq = self.log.append(id, from, text.as_str().to_owned(), reply_to, original, now_ms);
        self.queue.push(Queued::Message);
        self.request_flush(now_ms);
        Ok(Ok(Said::Queued(seq)))
    }

    /// Looks for the same message among those taken before.
    fn said_before(
        &self,
        member: MemberId,
        id: &MessageId,
        text: &Text,
        archive: &dyn Archive,
    ) -> Result<Option<Result<Said, Refusal>>, Fault> {
        match self.log.find(member, id) {
            None => Ok(None),
            Some(Found::Pending(message)) if message.text == text.as_str() => {
                Ok(Some(Ok(Said::Queued(message.seq))))
            }
            Some(Found::Pending(_)) => Ok(Some(Err(Refusal::IdConflict))),
            Some(Found::Stored(seq)) => {
                let line = self.log.read(seq, archive)?;
                let message = line.decode()?;
                if message.from.id != member || message.id != id.as_str() {
                    return Ok(None);
                }
                let same = message.text == text.as_str();
                Ok(Some(if same { Ok(Said::Before(seq, line)) } else { Err(Refusal::IdConflict) }))
            }
        }
    }

    fn rename(&mut self, member: MemberId, name: &str, now_ms: u64) -> Result<Vec<Effect>, Refusal> {
        let name = DisplayName::parse(name, &self.limits)?;
        self.take_signal(member, now_ms).map_err(|retry_after_ms| Refusal::RateLimited { retry_after_ms })?;
        let Some(renamed) = self.presence.rename(member, &name) else { return Ok(Vec::new()) };
        let member_count = self.presence.count();
        self.tell(Notice::Renamed { member: renamed, member_count }, now_ms);
        Ok(if planted(Bug::KeepOldNameInSeat) { Vec::new() } else { self.seats_of(member) })
    }

    /// Stores what is new, tells everybody, and welcomes those who joined.
    fn flush(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        self.flush_at = None;
        self.senders.1 = std::mem::take(&mut self.senders.0);
        let (rows, lines) = self.log.take_writes()?;
        let mut lines = lines.into_iter().map(Notice::Message);
        let notices: Vec<Notice> = std::mem::take(&mut self.queue)
            .into_iter()
            .filter_map(|queued| match queued {
                Queued::Message => lines.next(),
                Queued::Notice(notice) => Some(notice),
            })
            .collect();
        let mut welcomes = Vec::new();
        for (connection, awaited) in std::mem::take(&mut self.waiting) {
            let written = Written { rows: &rows, archive };
            welcomes.extend(match awaited {
                Awaited::Welcome(after) => self.welcome(connection, after.as_ref(), now_ms, &written)?,
                Awaited::Hearing(history) => self.begin_hearing(connection, history, &written)?,
            });
        }
        let mut effects = Vec::new();
        if !rows.is_empty() {
            let written = Written { rows: &rows, archive };
            let trim = self.log.trim(&self.limits, now_ms, &written)?.map(Effect::Trim);
            effects.push(Effect::Append(rows));
            effects.extend(trim);
        }
        if !notices.is_empty() {
            effects.push(Effect::Broadcast(notices));
        }
        effects.extend(welcomes);
        if planted(Bug::BroadcastBeforeStore) {
            effects.sort_by_key(|effect| !matches!(effect, Effect::Broadcast(_)));
        }
        if planted(Bug::WelcomeOvertakesBroadcast) {
            effects.sort_by_key(|effect| matches!(effect, Effect::Broadcast(_)));
        }
        self.forget_full_buckets(now_ms);
        Ok(effects)
    }

    fn welcome(
        &self,
        connection: ConnectionId,
        after: Option<&Position>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let seated = self.connections.get(&connection).and_then(|connection| connection.member);
        let member = seated.and_then(|id| self.presence.get(id));
        let (Some(you), Some(meta), Some(seat)) = (member, &self.meta, self.seat(connection)) else {
            return Ok(Vec::new());
        };
        let (first, head) = (self.log.first(), self.log.stored_head());
        let missed = after
            .filter(|after| after.seq.saturating_add(1) >= first)
            .filter(|after| after.epoch == meta.epoch || planted(Bug::ResumeInAnotherEpoch))
            .and_then(|after| head.checked_sub(after.seq).map(|missed| (after.seq, missed as usize)))
            .filter(|(_, missed)| *missed <= self.limits.resume_messages_max);
        let page = match missed {
            Some((seq, missed)) => {
                let seq = seq + Seq::from(planted(Bug::ResumeOffByOne));
                self.log.page(Range::After(seq), missed, archive)?
            }
            None => self.log.page(Range::Newest, self.limits.history_on_join, archive)?,
        };
        let welcome = Welcome {
            room: self.name.to_string(),
            epoch: meta.epoch.clone(),
            head,
            you: you.clone(),
            session: meta.secret.session(you.id, now_ms),
            members: self.presence.list(),
            member_count: self.presence.count(),
            limits: self.limits.for_clients(),
            recovered: missed.is_some(),
            page,
        };
        Ok(vec![Effect::Seat(connection, seat), Effect::Send(connection, Reply::Welcome(Box::new(welcome)))])
    }

    fn tick(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        let mut effects = Vec::new();
        while let Some((deadline, connection)) = self.join_deadlines.first().copied() {
            if deadline > now_ms {
                break;
            }
            effects.push(self.close(connection, CloseCode::JoinTimeout, now_ms));
        }
        if self.flush_at.is_some() {
            effects.extend(self.flush(now_ms, archive)?);
        }
        Ok(effects)
    }

    /// Lets go of what is too old; of everything, where nobody has been for long.
    fn alarm(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        let Some(wipe_at) = self.wipe_at() else { return Ok(Vec::new()) };
        if wipe_at <= now_ms && self.connections.is_empty() && !self.is_unsettled() {
            self.meta = None;
            self.log = Log::default();
            self.buckets.clear();
            return Ok(vec![Effect::Wipe]);
        }
        let trimmed = self.log.trim(&self.limits, now_ms, archive)?;
        // There may be more to trim; else there is nothing to do before the next thing is too old.
        let next = match trimmed {
            Some(_) => now_ms.saturating_add(ALARM_AGAIN_MS),
            None => {
                let expiry = self.log.oldest_at().map(|at| at.saturating_add(self.limits.history_ms_max));
                expiry
                    .map_or(wipe_at, |expiry| expiry.min(wipe_at))
                    .max(now_ms.saturating_add(ALARM_GAP_MS_MIN))
            }
        };
        Ok(trimmed.map(Effect::Trim).into_iter().chain([Effect::WakeAt(next)]).collect())
    }

    /// When the room has been left alone for so long that all of it may go.
    fn wipe_at(&self) -> Option<u64> {
        let active_at = self.log.last_at().or(self.meta.as_ref().map(|meta| meta.created_at))?;
        Some(active_at.saturating_add(self.limits.abandoned_ms.min(self.limits.history_ms_max)))
    }

    /// Queues something that everybody will be told.
    fn tell(&mut self, notice: Notice, now_ms: u64) {
        self.queue.push(Queued::Notice(notice));
        self.request_flush(now_ms);
    }

    fn request_flush(&mut self, now_ms: u64) {
        let at = now_ms.saturating_add(self.pace.hold(now_ms));
        self.flush_at = Some(self.flush_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn open(&mut self, connection: ConnectionId, opened_at: u64) {
        let fresh = Connection { opened_at, member: None, listens: false, bad_frames: 0, rate_refusals: 0 };
        self.connections.insert(connection, fresh);
        self.join_deadlines.insert((self.join_deadline(opened_at), connection));
    }

    /// Makes a connection the member's.
    fn sit(&mut self, connection: ConnectionId, member: MemberId) {
        let Some(known) = self.connections.get_mut(&connection) else { return };
        known.member = Some(member);
        let deadline = known.opened_at.saturating_add(self.limits.join_timeout_ms);
        self.join_deadlines.remove(&(deadline, connection));
    }

    /// Forgets a connection, and its member if it was the last one.
    fn forget(&mut self, connection: ConnectionId, now_ms: u64) {
        let Some(known) = self.connections.remove(&connection) else { return };
        self.join_deadlines.remove(&(self.join_deadline(known.opened_at), connection));
        self.waiting.retain(|(waiting, _)| *waiting != connection);
        let Some(member) = known.member else { return };
        let Some(present) = self.presence.get(member).cloned() else { return };
        let left = self.presence.remove(member);
        if left && self.is_heard() && !(planted(Bug::LoseLeft) && self.flush_at.is_some()) {
            let member_count = self.presence.count();
            self.tell(Notice::Left { member: present, member_count, at: now_ms }, now_ms);
        }
    }

    fn close(&mut self, connection: ConnectionId, code: CloseCode, now_ms: u64) -> Effect {
        self.forget(connection, now_ms);
        Effect::Close(connection, code)
    }

    fn join_deadline(&self, opened_at: u64) -> u64 {
        opened_at.saturating_add(self.limits.join_timeout_ms)
    }

    fn refuse_frame(&mut self, connection: ConnectionId, why: String, now_ms: u64) -> Vec<Effect> {
        self.refuse(connection, Refusal::BadFrame(why), None, now_ms)
    }

    /// Says no, and closes the connection after too many of the same in a row.
    fn refuse(
        &mut self,
        connection: ConnectionId,
        refusal: Refusal,
        id: Option<String>,
        now_ms: u64,
    ) -> Vec<Effect> {
        let Some(known) = self.connections.get_mut(&connection) else { return Vec::new() };
        known.bad_frames = if matches!(refusal, Refusal::BadFrame(_)) { known.bad_frames + 1 } else { 0 };
        if matches!(refusal, Refusal::RateLimited { .. }) {
            known.rate_refusals += 1;
        }
        let close = if known.bad_frames >= BAD_FRAMES_MAX {
            Some(CloseCode::BadFrames)
        } else if known.rate_refusals >= RATE_REFUSALS_MAX {
            Some(CloseCode::RateLimited)
        } else {
            None
        };
        let mut effects = vec![Effect::Send(connection, Reply::Refused { refusal, id })];
        effects.extend(close.map(|code| self.close(connection, code, now_ms)));
        effects
    }

    fn note_good_frame(&mut self, connection: ConnectionId, within_rate: bool) {
        let Some(known) = self.connections.get_mut(&connection) else { return };
        known.bad_frames = 0;
        if within_rate {
            known.rate_refusals = 0;
        }
    }

    fn seat(&self, connection: ConnectionId) -> Option<Seat> {
        let known = self.connections.get(&connection)?;
        let member = known.member.and_then(|id| self.presence.get(id));
        let member = member.map(|member| (member.id, DisplayName::stored(member.name.clone())));
        Some(Seat { opened_at: known.opened_at, member, listens: known.listens })
    }

    /// The seats of a member's connections that were welcomed.
    fn seats_of(&self, member: MemberId) -> Vec<Effect> {
        let theirs = self.connections.iter().filter(|(_, known)| known.member == Some(member));
        let welcomed = theirs.filter(|(id, _)| !self.waiting.iter().any(|(waiting, _)| waiting == *id));
        welcomed.filter_map(|(id, _)| Some(Effect::Seat(*id, self.seat(*id)?))).collect()
    }

    /// What storage keeps beside messages; drawn now if the room was never used.
    fn meta_or_create(&mut self, now_ms: u64) -> (Meta, Vec<Effect>) {
        if let Some(meta) = &self.meta {
            return (meta.clone(), Vec::new());
        }
        let secret = session::Secret::new(self.lot.bytes());
        let meta = Meta { epoch: self.lot.id(), secret, created_at: now_ms };
        self.meta = Some(meta.clone());
        let wake = self.wipe_at().map(Effect::WakeAt);
        (meta.clone(), [Effect::Create(meta)].into_iter().chain(wake).collect())
    }

    fn take_signal(&mut self, member: MemberId, now_ms: u64) -> Result<(), u64> {
        self.buckets(member, now_ms).signal.take(SIGNAL_BURST, SIGNAL_PER_SECOND, now_ms)
    }

    fn buckets(&mut self, member: MemberId, now_ms: u64) -> &mut Buckets {
        let burst = self.limits.rate_burst;
        self.buckets.entry(member).or_insert_with(|| Buckets {
            send: Bucket::full(burst, now_ms),
            signal: Bucket::full(SIGNAL_BURST, now_ms),
        })
    }

    /// Drops the buckets that say nothing, once there are more of them than members.
    fn forget_full_buckets(&mut self, now_ms: u64) {
        if self.buckets.len() <= 2 * self.presence.count() + 64 {
            return;
        }
        let (burst, per_second) = (self.limits.rate_burst, self.limits.rate_per_second);
        self.buckets.retain(|_, buckets| {
            !(buckets.send.is_full(burst, per_second, now_ms)
                && buckets.signal.is_full(SIGNAL_BURST, SIGNAL_PER_SECOND, now_ms))
        });
    }
}

/// The rows that these effects will write.
fn appended(effects: &[Effect]) -> &[Segment] {
    let rows = effects.iter().find_map(|effect| match effect {
        Effect::Append(rows) => Some(rows.as_slice()),
        _ => None,
    });
    rows.unwrap_or_default()
}

/// The archive as it will be once this flush's rows are written.
struct Written<'a> {
    rows: &'a [Segment],
    archive: &'a dyn Archive,
}

impl Archive for Written<'_> {
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault> {
        let mut segments = self.archive.segments(first, last)?;
        segments.retain(|old| self.rows.iter().all(|new| new.first != old.first));
        let overlaps = |row: &&Segment| row.first <= last && row.first + row.len() as Seq > first;
        segments.extend(self.rows.iter().filter(overlaps).cloned());
        segments.sort_by_key(|segment| segment.first);
        Ok(segments)
    }

    fn head_after(&self, first: Seq) -> Result<Option<SegmentHead>, Fault> {
        let stored = self.archive.head_after(first)?;
        let written = self.rows.iter().find(|row| row.first > first).map(Segment::head);
        // Of a row that is there in both, the new one counts.
        Ok(match (stored, written) {
            (Some(stored), Some(written)) if stored.first < written.first => Some(stored),
            (stored, written) => written.or(stored),
        })
    }
}
