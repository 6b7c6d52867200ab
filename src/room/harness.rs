//! A shell for tests: a clock that is an argument, storage that is a map, connections that are lists of
//! what they were told. It checks the room's promises at every step. The unit tests here and the fuzzer in
//! tests/fuzz play with the same one.

use std::collections::{BTreeMap, BTreeSet};

use super::inside::{digest, member_count, roster};
use super::log::{Message, SegmentKeys, remembers};
use super::moderation::{Order, Record};
use super::*;

pub(super) const SEED: [u8; 32] = [9; 32];

/// What a connection was told, folded as a client would.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    pub welcome: Option<Welcome>,
    /// Hears without a welcome.
    pub listens: bool,
    /// All messages from the welcome on, its own page included.
    pub messages: Vec<Message>,
    pub replies: Vec<Reply>,
    pub notices: Vec<Notice>,
    pub members: BTreeMap<MemberId, String>,
    pub member_count: usize,
    pub closed: Option<CloseCode>,
}

/// Storage and attachments: what outlives the room's memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    pub meta: Option<Meta>,
    pub rules: Rules,
    pub records: Vec<Record>,
    pub segments: BTreeMap<Seq, Segment>,
    pub seats: BTreeMap<ConnectionId, Seat>,
    pub rows_written: usize,
    pub alarm: Option<u64>,
    /// What the segments hold.
    pub messages: Vec<Message>,
    pub ids: BTreeSet<(MemberId, String)>,
}

impl Archive for Disk {
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault> {
        let start = self.segments.range(..=first).next_back().map_or(0, |(seq, _)| *seq);
        if start > last {
            return Ok(Vec::new());
        }
        Ok(self.segments.range(start..=last).map(|(_, segment)| segment.clone()).collect())
    }

    fn records(&self, before: u64, limit: usize) -> Result<Vec<(u64, String)>, Fault> {
        let numbered = (1..).zip(&self.records).filter(|(number, _)| *number < before);
        let spelled = numbered.map(|(number, record)| (number, serde_json::to_string(record).unwrap()));
        let mut all: Vec<_> = spelled.collect();
        all.reverse();
        all.truncate(limit);
        Ok(all)
    }

    fn head_after(&self, first: Seq) -> Result<Option<SegmentHead>, Fault> {
        Ok(self.segments.range(first + 1..).next().map(|(_, segment)| segment.head()))
    }
}

impl Disk {
    /// Does what an effect wants of storage. One that wants something else comes back.
    pub fn keep(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Create(meta) => assert_eq!(self.meta.replace(meta), None, "created twice"),
            Effect::Append(rows) => rows.into_iter().for_each(|row| self.append(row)),
            Effect::Rewrite(row) => self.rewrite(row),
            Effect::Clear(meta) => {
                self.meta = Some(meta);
                self.segments.clear();
                self.messages.clear();
                self.ids.clear();
            }
            Effect::Rule(rules) => self.rules = rules,
            Effect::Record(record) => self.records.push(record),
            Effect::Trim(first) => self.trim(first),
            Effect::Wipe => *self = Self { seats: std::mem::take(&mut self.seats), ..Self::default() },
            Effect::WakeAt(at) => self.alarm = Some(at),
            other => return Some(other),
        }
        None
    }

    fn trim(&mut self, first: Seq) {
        for message in self.messages.iter().take_while(|message| message.seq < first) {
            self.ids.remove(&(message.from.id, message.id.clone()));
        }
        self.segments = self.segments.split_off(&first);
    }

    pub fn saved(&self, now_ms: u64) -> Saved {
        let newest = self.segments.values().next_back().cloned();
        let head = newest.as_ref().map_or(0, |segment| segment.first + segment.len() as Seq - 1);
        let keys = self.segments.values().filter(|row| remembers(row.first, row.last_at, head, now_ms));
        Saved {
            meta: self.meta.clone(),
            rules: self.rules.clone(),
            newest,
            oldest: self.segments.values().next().map(Segment::head),
            keys: keys
                .map(|row| SegmentKeys { first: row.first, last_at: row.last_at, keys: row.keys.clone() })
                .collect(),
            seats: self.seats.iter().map(|(connection, seat)| (*connection, seat.clone())).collect(),
        }
    }

    /// Writes a row whose messages were stored before, and only less is said in.
    fn rewrite(&mut self, row: Segment) {
        self.rows_written += 1;
        for line in row.body.split('\n') {
            let message = Message::read(line).unwrap();
            let old = &mut self.messages[message.seq as usize - 1];
            assert_eq!((&old.id, &old.from, old.sent_at), (&message.id, &message.from, message.sent_at));
            assert!(*old == message || message.deleted);
            *old = message;
        }
        let old = self.segments.insert(row.first, row.clone()).unwrap();
        assert_eq!((old.keys, old.last_at, old.bytes_before), (row.keys, row.last_at, row.bytes_before));
    }

    fn append(&mut self, row: Segment) {
        self.rows_written += 1;
        self.messages.truncate(row.first as usize - 1);
        for line in row.body.split('\n') {
            let message = Message::read(line).unwrap();
            assert_eq!(message.seq, self.messages.len() as Seq + 1, "a gap in the log");
            self.messages.push(message);
        }
        let old = self.segments.insert(row.first, row.clone()).map_or(0, |old| old.len());
        for message in &self.messages[row.first as usize - 1 + old..] {
            let first = self.ids.insert((message.from.id, message.id.clone()));
            assert!(first, "a message is stored twice");
        }
    }
}

/// A room with its clients.
#[derive(Debug)]
pub(super) struct World {
    pub now_ms: u64,
    pub limits: Limits,
    pub room: Room,
    pub disk: Disk,
    pub clients: BTreeMap<ConnectionId, Client>,
    next: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let now_ms = 1_800_000_000_000;
        let room = Room::restore(RoomName::default(), limits.clone(), Saved::default(), SEED, now_ms);
        let (disk, clients) = (Disk::default(), BTreeMap::new());
        Self { now_ms, limits, room, disk, clients, next: 1 }
    }

    /// Limits under which nobody is ever too fast.
    pub fn unlimited() -> Self {
        Self::with(Limits { rate_burst: 1e6, rate_per_second: 1e6, ..Limits::default() })
    }

    pub fn open(&mut self) -> ConnectionId {
        self.open_as(Visitor::default())
    }

    pub fn open_as(&mut self, visitor: Visitor) -> ConnectionId {
        let connection = ConnectionId(self.next);
        self.next += 1;
        self.clients.insert(connection, Client::default());
        self.handle(Event::Opened(connection, visitor));
        connection
    }

    /// Joins and waits for the welcome.
    pub fn join(&mut self, name: &str) -> ConnectionId {
        self.rejoin(name, None, None)
    }

    pub fn rejoin(&mut self, name: &str, session: Option<&str>, after: Option<Position>) -> ConnectionId {
        let connection = self.open();
        let session = session.map(str::to_owned);
        self.ask(connection, Request::Join { name: name.to_owned(), session, after });
        self.flush();
        connection
    }

    /// Joins as somebody with a token.
    pub fn join_as(&mut self, name: &str, visitor: Visitor) -> ConnectionId {
        let connection = self.open_as(visitor);
        self.ask(connection, Request::Join { name: name.to_owned(), session: None, after: None });
        self.flush();
        connection
    }

    pub fn order(&mut self, connection: ConnectionId, order: Order) {
        self.ask(connection, Request::Moderate(order));
        self.flush();
    }

    pub fn ask(&mut self, connection: ConnectionId, request: Request) {
        self.handle(Event::Received(connection, Ok(request)));
    }

    pub fn send(&mut self, connection: ConnectionId, id: &str, text: &str) {
        let (id, text) = (id.to_owned(), text.to_owned());
        self.ask(connection, Request::Send { id, text, reply_to: None });
    }

    /// Sends, and waits until it is told.
    pub fn say(&mut self, connection: ConnectionId, id: &str, text: &str) {
        self.send(connection, id, text);
        self.flush();
    }

    pub fn leave(&mut self, connection: ConnectionId) {
        self.clients.remove(&connection);
        self.disk.seats.remove(&connection);
        self.handle(Event::Closed(connection));
    }

    pub fn publish(&mut self, id: &str, name: &str, text: &str) -> Result<Published, Refusal> {
        self.publish_as(&Visitor::default(), id, name, text)
    }

    pub fn publish_as(
        &mut self,
        visitor: &Visitor,
        id: &str,
        name: &str,
        text: &str,
    ) -> Result<Published, Refusal> {
        let post = Post { id: id.to_owned(), name: name.to_owned(), text: text.to_owned() };
        let (effects, published) = self.room.publish(post, visitor, self.now_ms, &self.disk).unwrap();
        self.apply(effects);
        self.check();
        if let Ok(published) = published {
            assert!(self.room.message(published.seq, &self.disk).is_ok(), "published, and not to be read");
        }
        published
    }

    pub fn handle(&mut self, event: Event) {
        let effects = self.room.handle(event, self.now_ms, &self.disk).unwrap();
        self.apply(effects);
        self.check();
    }

    pub fn order_over_http(&mut self, visitor: &Visitor, order: Order) -> Result<Record, Refusal> {
        let done = self.room.moderate_over_http(order, visitor, self.now_ms, &self.disk).unwrap();
        self.apply(done.0);
        self.flush();
        done.1
    }

    pub fn advance(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(at) = self.room.timeout().filter(|at| *at <= end) {
            self.now_ms = self.now_ms.max(at);
            self.handle(Event::Tick);
        }
        self.now_ms = end;
    }

    /// Lets pass the little time that a flush is held.
    pub fn flush(&mut self) {
        self.advance(crate::limits::QUIET_MS);
    }

    /// Sleeps and wakes: memory is lost, storage and seats are not.
    pub fn hibernate(&mut self) {
        self.flush();
        let before = digest(&self.room, &self.disk);
        let saved = self.disk.saved(self.now_ms);
        let seed = self.seed();
        self.room = Room::restore(RoomName::default(), self.limits.clone(), saved, seed, self.now_ms);
        let woke = digest(&self.room, &self.disk);
        assert_eq!(woke, before, "the room that woke is another than the one that fell asleep");
    }

    /// The runtime dies: memory and all connections are lost.
    pub fn crash(&mut self) {
        self.disk.seats.clear();
        self.clients.clear();
        let saved = self.disk.saved(self.now_ms);
        let seed = self.seed();
        self.room = Room::restore(RoomName::default(), self.limits.clone(), saved, seed, self.now_ms);
    }

    /// No two lives of a room draw the same lots.
    fn seed(&mut self) -> [u8; 32] {
        self.next += 1;
        std::array::from_fn(|at| self.next.to_le_bytes()[at % 8])
    }

    pub fn client(&self, connection: ConnectionId) -> &Client {
        &self.clients[&connection]
    }

    pub fn welcome(&self, connection: ConnectionId) -> &Welcome {
        self.client(connection).welcome.as_ref().unwrap()
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let is_append = matches!(effect, Effect::Append(_));
            match self.disk.keep(effect) {
                None => {}
                Some(effect) => self.carry_out(effect),
            }
            if is_append {
                self.room.stored();
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Seat(connection, seat) => {
                self.disk.seats.insert(connection, seat);
            }
            Effect::Broadcast(notices) => {
                for (connection, client) in &mut self.clients {
                    let hears = self.disk.seats.get(connection).is_some_and(Seat::hears);
                    if hears && client.closed.is_none() {
                        notices.iter().for_each(|notice| client.hear(notice, &self.disk.messages));
                    }
                }
            }
            Effect::Send(connection, reply) => {
                if let Some(client) = self.clients.get_mut(&connection) {
                    client.take(reply);
                }
            }
            Effect::Close(connection, code) => {
                self.disk.seats.remove(&connection);
                if let Some(client) = self.clients.get_mut(&connection) {
                    client.closed = Some(code);
                }
            }
            other => panic!("a room has no room: {other:?}"),
        }
    }

    /// What must hold after every step.
    fn check(&self) {
        if self.room.is_unsettled() {
            return;
        }
        for client in
            self.clients.values().filter(|client| client.welcome.is_some() && client.closed.is_none())
        {
            let roster = roster(&self.room).into_iter().map(|member| (member.id, member.name)).collect();
            assert_eq!(client.members, roster, "presence folded from frames is not the roster");
            assert_eq!(client.member_count, member_count(&self.room));
        }
    }
}

impl Client {
    pub fn hear(&mut self, notice: &Notice, stored: &[Message]) {
        assert!(self.welcome.is_some() || self.listens, "told something before the welcome");
        match notice {
            Notice::Message(line) => {
                let message = line.decode().unwrap();
                let found = stored.get(message.seq as usize - 1);
                assert_eq!(found, Some(&message), "seen before it was stored");
                self.push(message);
            }
            Notice::Joined { member, member_count, .. } | Notice::Renamed { member, member_count } => {
                self.members.insert(member.id, member.name.clone());
                self.member_count = *member_count;
            }
            Notice::Left { member, member_count, .. } => {
                let known = self.members.remove(&member.id).is_some();
                assert!(known || self.listens, "one left who was not here");
                self.member_count = *member_count;
            }
            Notice::Typing { .. } | Notice::Ruled(_) => {}
            Notice::Counted { member_count, members } => {
                self.member_count = *member_count;
                if let Some(members) = members {
                    self.members = members.iter().map(|member| (member.id, member.name.clone())).collect();
                }
            }
            Notice::Deleted { seq } => {
                if let Some(known) = self.messages.iter_mut().find(|message| message.seq == *seq) {
                    known.text.clear();
                    known.deleted = true;
                }
            }
            Notice::Cleared { epoch } => {
                self.messages.clear();
                if let Some(welcome) = &mut self.welcome {
                    (welcome.epoch, welcome.head) = (epoch.clone(), 0);
                }
            }
        }
        self.notices.push(notice.clone());
    }

    pub fn take(&mut self, reply: Reply) {
        if let Reply::Welcome(welcome) = &reply {
            assert!(self.welcome.is_none(), "welcomed twice");
            self.members = welcome.members.iter().map(|member| (member.id, member.name.clone())).collect();
            self.member_count = welcome.member_count;
            let new = welcome.page.messages.iter().filter(|_| !self.listens).collect::<Vec<_>>();
            for line in new {
                self.push(line.decode().unwrap());
            }
            let last = self.messages.last().map_or(welcome.head, |message| message.seq);
            assert_eq!(last, welcome.head, "the welcome's messages do not end at its head");
            self.welcome = Some((**welcome).clone());
        }
        if let Reply::Listening(page) = &reply {
            self.listens = true;
            page.messages.iter().for_each(|line| self.push(line.decode().unwrap()));
        }
        self.replies.push(reply);
    }

    fn push(&mut self, message: Message) {
        let head = self.welcome.as_ref().map(|welcome| welcome.head);
        let last = self.messages.last().map(|message| message.seq).or(head);
        if let Some(last) = last {
            assert_eq!(message.seq, last + 1, "a gap, a repeat or another order");
        }
        self.messages.push(message);
    }

    /// The codes of refusals so far.
    pub fn refusals(&self) -> Vec<&'static str> {
        let refusals = self.replies.iter().filter_map(|reply| match reply {
            Reply::Refused { refusal, .. } => Some(refusal.code()),
            _ => None,
        });
        refusals.collect()
    }

    pub fn texts(&self) -> Vec<&str> {
        self.messages.iter().map(|message| message.text.as_str()).collect()
    }

    /// Where its copy of the history ends.
    pub fn position(&self) -> Position {
        let welcome = self.welcome.as_ref().unwrap();
        let seq = self.messages.last().map_or(welcome.head, |message| message.seq);
        Position { epoch: welcome.epoch.clone(), seq }
    }
}
