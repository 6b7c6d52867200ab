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

mod budgets;
mod connections;
mod crowd;
pub mod events;
mod flushing;
#[cfg(test)]
mod harness;
mod informal;
#[cfg(test)]
mod inside;
mod lifetime;
pub mod log;
pub mod moderation;
#[cfg(test)]
mod moderation_tests;
mod names;
mod pace;
pub mod presence;
mod rate;
#[cfg(test)]
mod relay_tests;
mod relays;
pub mod rules;
mod serving;
pub mod session;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tree;
mod upstream;
pub mod visitor;
#[cfg(test)]
mod visitor_tests;

use std::collections::HashMap;
use std::rc::Rc;

use budgets::{Buckets, Neighbours};
use crowd::Crowd;
pub use events::*;
use litemap::LiteMap;
use log::{Found, Line, Log, Page, Range, Segment, SegmentHead, SegmentKeys, Seq};
use pace::{Cause, Pace};
use presence::{Arrival, Member, MemberId, Presence};
use rate::Bucket;
use rules::Rules;
use session::Lot;
use visitor::{Rate, Role, Visitor};

use crate::limits::{
    ALARM_AGAIN_MS, ALARM_GAP_MS_MIN, ARRIVALS_FOR_ABUSE, ARRIVALS_PER_SECOND, BAD_FRAMES_MAX, COUNT_GAP_MS,
    FUTILE_BURST, FUTILE_BYTES, FUTILE_PER_SECOND, HOLD_MS, HOLD_NOTICES_ENOUGH, Limits, NAME_REMEMBERED_MS,
    ORDER_BURST, ORDER_PER_SECOND, RATE_REFUSALS_MAX, SIGNAL_BURST, SIGNAL_PER_SECOND, TURN_FRAMES,
};
use crate::name::{DisplayName, MessageId, RoomName, Text};
use crate::planted::{Bug, planted};
use crate::refusal::{CloseCode, Refusal};
use crate::relay::registry::Registry;
use crate::relay::upstream::Upstream;

/// A room in memory.
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    limits: Limits,
    meta: Option<Meta>,
    log: Log,
    rules: Rules,
    presence: Presence,
    crowd: Crowd,
    relays: Registry,
    /// Whose names the relays are to be told with the next flush.
    named: Vec<MemberId>,
    /// When it was restored.
    woke_at: u64,
    /// The line to the room whose relay this is, if it is one.
    upstream: Option<Box<Upstream>>,
    connections: LiteMap<ConnectionId, Box<Connection>>,
    /// How many of them have joined.
    seated: usize,
    /// When each connection that has not joined will be closed.
    join_deadlines: LiteMap<(u64, ConnectionId), ()>,
    /// When each connection that was made with a token must end.
    expiries: LiteMap<(u64, ConnectionId), ()>,
    /// The alarm that was asked for, if any was since the room woke.
    alarm_at: Option<u64>,
    /// How many connections each address has, and how fast it may make more.
    addresses: HashMap<String, Neighbours>,
    /// Kept after a member left until full, so that a reconnect does not refill them.
    buckets: HashMap<MemberId, Buckets>,
    /// Frames that led to nothing since others were last given their turn.
    idle_work: u32,
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
    visitor: Visitor,
    member: Option<MemberId>,
    listens: bool,
    bad_frames: u32,
    rate_refusals: u32,
    /// What it may still send that leads to nothing.
    futile: Bucket,
}

/// What a connection waits for.
#[derive(Debug)]
enum Awaited {
    /// To be welcomed as a member, who has seen the history up to here.
    Welcome(Option<Position>),
    /// To hear what is said, after so many messages of before.
    Hearing(usize),
    /// To be told as a relay all that follows this.
    Link(Option<Position>),
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
    /// The rules that hold.
    pub rules: Rules,
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

/// Who sent a message: the connection, on a relay the connection there, and under which id.
type Sender = (ConnectionId, Option<ConnectionId>, String);

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
            rules: saved.rules,
            log: Log::restore(saved.newest, saved.oldest, saved.keys),
            presence: Presence::default(),
            crowd: Crowd::new(now_ms),
            relays: Registry::default(),
            named: Vec::new(),
            woke_at: now_ms,
            upstream: None,
            connections: LiteMap::new(),
            seated: 0,
            join_deadlines: LiteMap::new(),
            expiries: LiteMap::new(),
            alarm_at: None,
            addresses: HashMap::new(),
            buckets: HashMap::new(),
            idle_work: 0,
            queue: Vec::new(),
            senders: Default::default(),
            waiting: Vec::new(),
            flush_at: None,
            pace: Pace::new(now_ms),
            lot: Lot::new(seed),
        };
        if planted(Bug::MutesForgottenInSleep) {
            room.rules.mutes = Default::default();
        }
        room.recall_rates(now_ms);
        for (connection, seat) in saved.seats {
            room.open(connection, seat.visitor, seat.opened_at, now_ms);
            if let Some((id, name)) = seat.member {
                room.presence.add(Member::new(id, &name));
                room.sit(connection, id);
            }
            if seat.listens {
                room.let_listen(connection);
            }
            if let Some(relay) = seat.relay {
                let (key, count) = *relay;
                room.relays.attach(&key, connection, count, now_ms);
            }
        }
        room.recall_crowd(now_ms);
        room
    }

    /// A relay of the room of that name. It knows nothing yet: a relay stores nothing, and its connections don't
    /// outlive its memory.
    pub fn relay(name: RoomName, limits: Limits, seed: [u8; 32], now_ms: u64) -> Self {
        let mut relay = Self::restore(name, limits, Saved::default(), seed, now_ms);
        relay.upstream = Some(Box::default());
        relay
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// [`Fault`] where the room can't go on; it must be restored then.
    pub fn handle(&mut self, event: Event, now_ms: u64, archive: &dyn Archive) -> Effects {
        match self.upstream.as_ref().map(|upstream| upstream.cache.clone()) {
            Some(cache) => self.handle_as_relay(event, now_ms, &cache),
            None => self.take(event, now_ms, archive),
        }
    }

    fn take(&mut self, event: Event, now_ms: u64, archive: &dyn Archive) -> Effects {
        // A clock that jumped back must put nothing off.
        self.flush_at = self.flush_at.map(|at| at.min(now_ms.saturating_add(HOLD_MS)));
        self.crowd.at = self.crowd.at.map(|at| at.min(now_ms.saturating_add(COUNT_GAP_MS)));
        self.relays.keep_time(now_ms);
        let is_said = matches!(event, Event::Received(..));
        let mut effects = self.expire(now_ms);
        effects.extend(match event {
            Event::Opened(connection, visitor) => {
                self.open(connection, visitor.clone(), now_ms, now_ms);
                let seat = Seat { opened_at: now_ms, member: None, listens: false, visitor, relay: None };
                vec![Effect::Seat(connection, seat)]
            }
            Event::Received(connection, frame) => self.receive(connection, frame, now_ms, archive)?,
            Event::Closed(connection) => {
                self.forget(connection, now_ms);
                Vec::new()
            }
            Event::Attached(link, key, after) => self.attach(link, &key, after, now_ms),
            Event::Up(link, up) => self.take_up(link, *up, now_ms, archive)?,
            Event::Down(_) | Event::Cut => Vec::new(),
            Event::Tick => self.tick(now_ms, archive)?,
            Event::Alarm => self.alarm(now_ms, archive)?,
        });
        // In a quiet room there is nothing to wait for.
        let is_due = self.flush_at.is_some_and(|at| at <= now_ms);
        if is_said && is_due && self.upstream.is_none() && self.pace.is_quiet(now_ms) {
            effects.extend(self.flush(now_ms, archive)?);
        }
        Ok(effects)
    }

    /// Notes that the rows of an [`Effect::Append`] are stored: whatever fails after that, nobody is told otherwise.
    pub fn stored(&mut self) {
        self.senders.1.clear();
    }

    /// What to say when the effects of the last call could not be applied: to each sender, that the
    /// message was not stored. After that the room's memory is worth nothing, and its connections end.
    pub fn give_up(&mut self) -> Vec<Effect> {
        let (queued, flushed) = std::mem::take(&mut self.senders);
        let refusal = Refusal::NotStored;
        let refused = flushed.into_iter().chain(queued);
        let refused = refused.map(|(link, on_relay, id)| {
            (link, on_relay, Reply::Refused { refusal: refusal.clone(), id: Some(id) })
        });
        refused
            .map(|(link, on_relay, reply)| Effect::Send(link, relays::addressed(on_relay, reply)))
            .collect()
    }

    /// When the room wants its next [`Event::Tick`], in Unix milliseconds; a time that has passed
    /// means at the next turn of the event loop.
    pub fn timeout(&self) -> Option<u64> {
        let join = self.join_deadlines.first().map(|((deadline, _), ())| *deadline);
        let times = [self.flush_at, join, self.crowd.at, self.relays.timeout(), self.upstream_timeout()];
        times.into_iter().flatten().min()
    }

    /// Whether something was taken that is not stored or not told yet.
    pub fn is_unsettled(&self) -> bool {
        self.is_few_again() && self.upstream.is_none()
            || self.flush_at.is_some()
                && !(planted(Bug::NoticesNeedNoSettling) && self.log.head() == self.log.stored_head())
    }

    /// The room in numbers, if it has ever been used.
    pub fn summary(&self) -> Option<Summary> {
        let (connections, messages, active_at) = self.numbers()?;
        Some(Summary { name: self.name.to_string(), connections, messages, active_at })
    }

    /// The numbers of [`Room::summary`]: connections, messages, and when it was active. It costs nothing.
    pub fn numbers(&self) -> Option<(usize, Seq, u64)> {
        let meta = self.meta.as_ref()?;
        Some((
            self.seated + self.relays.connections(),
            self.log.stored_head(),
            self.log.last_at().unwrap_or(meta.created_at),
        ))
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
    pub fn publish(
        &mut self,
        post: Post,
        visitor: &Visitor,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<Publication, Fault> {
        let name = DisplayName::parse(visitor.name.as_ref().unwrap_or(&post.name), &self.limits);
        let parsed = name.and_then(|name| Ok((name, self.parse(post.id, post.text)?)));
        let (name, (id, text)) = match parsed {
            Ok(parsed) => parsed,
            Err(refusal) => return Ok((Vec::new(), Err(refusal))),
        };
        let (meta, mut effects) = self.meta_or_create(now_ms);
        let from = match &visitor.subject {
            Some(subject) => meta.secret.member_of_subject(subject),
            None => meta.secret.member_named(name.as_str()),
        };
        let from = Member::new(from, &name);
        let said = self.say(from, visitor, &id, &text, None, None, now_ms, archive)?;
        let published = match said {
            Ok(Said::Queued(seq)) => {
                effects.extend(self.flush(now_ms, archive)?);
                Ok(Published { seq, new: true })
            }
            // No flush: it might trim the very message that is about to be read.
            Ok(Said::Before(seq, _)) => Ok(Published { seq, new: false }),
            Err(refusal) => Err(refusal),
        };
        Ok((effects, published))
    }

    /// Reads a stored message.
    ///
    /// # Errors
    /// [`Fault`] if the archive fails or does not have it.
    pub fn message(&self, seq: Seq, archive: &dyn Archive) -> Result<Line, Fault> {
        self.log.read(seq, archive)
    }
}
