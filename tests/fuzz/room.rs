//! Fuzzes the room's core: a life of a room, step by step, over the harness of its unit tests.
//!
//! An input is a list of steps: people with roles, tokens and addresses come and go, say anything in any
//! dialect, keep order, over sockets and over HTTP; time passes, stands still and jumps back; the room sleeps,
//! crashes, is refused a write. The harness holds each step against the promises: seqs without gaps, stored
//! before seen, presence as told is presence, the room that woke equals the one that slept. Here are added: what
//! is told is a frame of its dialect, a page is a run of the log, and what one step leads to is bounded.

// The unit tests use more of it.
#[allow(dead_code)]
#[path = "../../src/room/harness.rs"]
mod harness;
#[path = "outside.rs"]
mod inside;

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use harness::World;
use parlor::limits::Limits;
use parlor::name::RoomName;
use parlor::protocol::{self, Dialect};
use parlor::refusal::{CloseCode, Refusal};
use parlor::room::log::{self, Range, Segment, SegmentHead, Seq};
use parlor::room::moderation;
use parlor::room::presence::MemberId;
use parlor::room::rules::Rules;
use parlor::room::visitor::{Rate, Role, Visitor};
use parlor::room::*;
use serde_json::{Value, json};

/// What clients speak; relays are Parlor's own.
const DIALECTS: [Dialect; 6] = [
    Dialect::V1,
    Dialect::ScaleSocket,
    Dialect::WsChat,
    Dialect::SimpleChat,
    Dialect::Text,
    Dialect::TextJson,
];
/// Steps of one life: longer ones find nothing that shorter ones don't.
const STEPS_MAX: usize = 300;
/// People at once: below 200, since a `welcome` names no more of them.
const PEOPLE_MAX: usize = 40;
/// Replies to one connection that one frame or other event may lead to.
const REPLIES_PER_EVENT: usize = 8;
/// Notices, and rows written, that each event may lead to, on average.
const NOTICES_PER_EVENT: usize = 4;

/// What happens next.
#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Come(Guest<'a>),
    Go(u8),
    Say(u8, Said<'a>),
    Write(u8, &'a str),
    Misuse(u8, bool),
    Wait(u16),
    WaitLong(u8),
    JumpBack(u16),
    Tick,
    Alarm,
    Sleep,
    Crash,
    FailToWrite(u8, Said<'a>),
    Post(Guest<'a>, u8, Words<'a>, Words<'a>),
    Order(Guest<'a>, Said<'a>),
    Read(u8, u16, u8),
}

/// Somebody at the door.
#[derive(Arbitrary, Debug)]
struct Guest<'a> {
    dialect: u8,
    role: u8,
    subject: Option<u8>,
    name: Option<Words<'a>>,
    expires_in_s: Option<u16>,
    rate: Option<u8>,
    address: Option<u8>,
}

/// What a frame says.
#[derive(Arbitrary, Debug)]
enum Said<'a> {
    Join { name: Words<'a>, session_of: Option<u8>, after: Option<(u8, i8)> },
    Send { id: u8, text: Words<'a>, reply_to: Option<u8> },
    SendMany(u8),
    Typing(bool),
    Rename(Words<'a>),
    History(u8, u16, Option<u8>),
    Report(u8, Words<'a>),
    Delete(u8),
    ActOn(u8, Whom, Option<u32>),
    Lock(bool),
    SlowMode(u32),
    Clear,
    Ping,
}

#[derive(Arbitrary, Debug)]
enum Whom {
    Person(u8),
    Subject(u8),
    Number(u64),
}

/// A text: one that has been trouble somewhere, a long one, or any.
#[derive(Arbitrary, Debug)]
enum Words<'a> {
    Trouble(u8),
    Long(u8, u16),
    Any(&'a str),
}

const TROUBLE: [&str; 12] = [
    "",
    "hello",
    " \n",
    "\u{200b}",
    "\u{202e}eve",
    "e\u{301}",
    "<b>&\"'</b>",
    "a\u{0}b",
    "\u{1f600}",
    "constructor",
    "{\"type\":\"ping\"}",
    "\u{fb2c}\u{344}",
];

/// A room's life.
struct Life {
    world: World,
    people: BTreeMap<ConnectionId, Dialect>,
    /// Where those who asked to resume were.
    resumes: BTreeMap<ConnectionId, Position>,
    /// Frames and other events so far, and of those the ones of this step.
    events: usize,
    new_events: usize,
}

/// Plays one input.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(tuning) = input.arbitrary::<[u8; 4]>() else { return };
    let world = World::with(limits(tuning));
    let (people, resumes) = (BTreeMap::new(), BTreeMap::new());
    let mut life = Life { world, people, resumes, events: 0, new_events: 0 };
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else { break };
        life.new_events = 1;
        life.play(step);
        life.events += life.new_events;
        life.listen();
    }
    life.world.hibernate();
    life.listen();
}

/// Limits that are met soon, or the usual ones.
fn limits([tight, history, rate, names]: [u8; 4]) -> Limits {
    let usual = Limits::default();
    if tight.is_multiple_of(4) {
        return usual;
    }
    Limits {
        rate_burst: f64::from(rate % 16 + 1),
        rate_per_second: f64::from(rate / 16 + 1),
        text_chars_max: usize::from(names) * 8 + 1,
        name_chars_max: usize::from(names % 40) + 9,
        history_on_join: usize::from(history % 16),
        resume_messages_max: usize::from(history / 16),
        connections_max: usize::from(tight % 32) + 1,
        connections_per_address_max: usize::from(tight % 8) + 1,
        join_timeout_ms: u64::from(tight) * 100 + 1,
        history_ms_max: 24 * 3_600_000 * (u64::from(history % 4) + 1),
        abandoned_ms: 3_600_000 * (u64::from(tight % 64) + 1),
        ..usual
    }
}

impl Life {
    fn play(&mut self, step: Step<'_>) {
        match step {
            Step::Come(guest) => self.come(&guest),
            Step::Go(who) => {
                if let Some(connection) = self.person(who) {
                    self.people.remove(&connection);
                    self.world.leave(connection);
                }
            }
            Step::Say(who, said) => {
                for frame in self.spell(who, &said) {
                    self.write(who, &frame);
                }
            }
            Step::Write(who, frame) => self.write(who, frame),
            Step::Misuse(who, binary) => {
                let why = if binary { Unreadable::Binary } else { Unreadable::TooBig };
                if let Some(connection) = self.person(who) {
                    self.world.handle(Event::Received(connection, Err(why)));
                }
            }
            Step::Wait(ms) => self.world.advance(ms.into()),
            Step::WaitLong(hours) => self.world.advance(u64::from(hours) * u64::from(hours) * 3_600_000),
            Step::JumpBack(s) => {
                self.world.now_ms -= u64::from(s) * 1_000;
                // Timers go on by another clock.
                self.world.handle(Event::Tick);
            }
            Step::Tick => self.world.handle(Event::Tick),
            Step::Alarm => {
                self.world.disk.alarm = None;
                self.world.handle(Event::Alarm);
            }
            Step::Sleep => self.world.hibernate(),
            Step::Crash => self.crash(),
            Step::FailToWrite(who, said) => self.fail_to_write(who, &said),
            Step::Post(guest, id, name, text) => {
                let visitor = guest.visitor(self.world.now_ms);
                let _ = self.world.publish_as(&visitor, &id.to_string(), &name.text(), &text.text());
            }
            Step::Order(guest, said) => {
                let visitor = guest.visitor(self.world.now_ms);
                for frame in self.spell_v1(&said) {
                    if let Ok(order) = protocol::order(&frame.to_string()) {
                        let done = self.world.order_over_http(&visitor, order);
                        assert!(visitor.role >= Role::Moderator || done.is_err(), "anybody keeps order");
                    }
                }
            }
            Step::Read(kind, seq, limit) => self.read(range(kind, seq.into()), limit.into()),
        }
    }

    fn come(&mut self, guest: &Guest<'_>) {
        let visitor = guest.visitor(self.world.now_ms);
        if self.people.len() >= PEOPLE_MAX || self.world.room.admit(&visitor, self.world.now_ms).is_err() {
            return;
        }
        let dialect = DIALECTS[usize::from(guest.dialect) % DIALECTS.len()];
        let connection = self.world.open_as(visitor);
        self.people.insert(connection, dialect);
        if let Some(opening) = dialect.opening() {
            self.world.ask(connection, opening);
        }
    }

    /// One of the people; the same number may mean another one later.
    fn person(&self, who: u8) -> Option<ConnectionId> {
        let at = usize::from(who) % self.people.len().max(1);
        self.people.keys().nth(at).copied()
    }

    fn write(&mut self, who: u8, frame: &str) {
        let Some(connection) = self.person(who) else { return };
        self.new_events += 1;
        let request = self.decode(connection, frame);
        if let (Ok(Request::Join { after: Some(after), .. }), false) =
            (&request, self.world.room.has_joined(connection))
        {
            self.resumes.insert(connection, after.clone());
        }
        self.world.handle(Event::Received(connection, request));
    }

    fn decode(&mut self, connection: ConnectionId, frame: &str) -> Result<Request, Unreadable> {
        let spoken = self.people[&connection];
        self.people.insert(connection, spoken.after(frame));
        spoken.decode(frame, self.world.room.has_joined(connection))
    }

    fn crash(&mut self) {
        self.world.crash();
        self.people.clear();
        self.resumes.clear();
    }

    /// The storage refuses what a frame leads to, and the room's memory with all that waits in it is lost.
    fn fail_to_write(&mut self, who: u8, said: &Said<'_>) {
        let Some(connection) = self.person(who) else { return };
        if let Some(frame) = self.spell(who, said).first() {
            let event = Event::Received(connection, self.decode(connection, frame));
            let _ = self.world.room.handle(event, self.world.now_ms, &self.world.disk).expect("no fault");
        }
        for effect in self.world.room.give_up() {
            let told = matches!(
                effect,
                Effect::Send(_, Reply::Refused { refusal: Refusal::NotStored, id: Some(_) })
            );
            assert!(told, "a sender is told something else: {effect:?}");
        }
        self.crash();
    }

    fn read(&self, range: Range, limit: usize) {
        let page = self.world.room.page(range, limit, &self.world.disk).expect("what is stored can be read");
        assert!(page.messages.len() <= limit);
        let seqs: Vec<Seq> = page.messages.iter().map(|line| line.decode().expect("a message").seq).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a page with gaps: {seqs:?}");
        match range {
            Range::Before(seq) => assert!(seqs.iter().all(|it| *it < seq)),
            Range::After(seq) => assert!(seqs.iter().all(|it| *it > seq)),
            Range::Newest => {
                let newest = self.world.disk.segments.values().next_back();
                let head = newest.map_or(0, |row| row.first + row.len() as Seq - 1);
                assert!(limit == 0 || seqs.last().copied().unwrap_or(0) == head, "not the newest");
            }
        }
    }

    /// Reads what everybody was told in this step, as their clients would.
    fn listen(&mut self) {
        let most = NOTICES_PER_EVENT * self.events + PEOPLE_MAX;
        let most_replies = REPLIES_PER_EVENT * self.new_events;
        for (connection, client) in &mut self.world.clients {
            let Some(dialect) = self.people.get(connection) else { continue };
            assert!(client.replies.len() <= most_replies, "{} replies in one step", client.replies.len());
            assert!(client.notices.len() <= most, "{} notices", client.notices.len());
            for reply in std::mem::take(&mut client.replies) {
                if let Reply::Welcome(welcome) = &reply {
                    check_resume(welcome, self.resumes.get(connection));
                }
                for frame in dialect.reply(&reply) {
                    check_frame(*dialect, &frame);
                }
            }
            let notices = std::mem::take(&mut client.notices);
            for frame in dialect.broadcast(&notices) {
                check_frame(*dialect, &frame);
            }
            if let Some(frame) = dialect.roster(&notices, || self.world.room.members()) {
                check_frame(Dialect::V1, &frame);
            }
        }
        let rows = self.world.disk.rows_written;
        assert!(rows <= most, "{rows} rows after {} events", self.events);
    }

    /// The frames that say it in the dialect of who says it.
    fn spell(&self, who: u8, said: &Said<'_>) -> Vec<String> {
        let dialect = self.person(who).map(|it| self.people[&it]).unwrap_or_default();
        let as_json = |frames: Vec<Value>| frames.iter().map(Value::to_string).collect();
        match (dialect, said) {
            (Dialect::ScaleSocket, Said::Send { text, .. }) => {
                as_json(vec![json!({"nick": "Bo", "text": text.text()})])
            }
            (Dialect::ScaleSocket, Said::Rename(name)) => {
                as_json(vec![json!({"nick": name.text(), "text": "x"})])
            }
            (Dialect::WsChat, Said::Join { name, .. } | Said::Rename(name)) => {
                as_json(vec![json!({"type": "join", "username": name.text()})])
            }
            (Dialect::WsChat, Said::Send { text, .. }) => {
                as_json(vec![json!({"type": "message", "text": text.text()})])
            }
            (Dialect::SimpleChat | Dialect::Text | Dialect::TextJson, Said::Send { text, .. }) => {
                vec![text.text()]
            }
            (Dialect::SimpleChat, Said::Join { name, .. }) => vec![name.text()],
            (Dialect::Text | Dialect::TextJson, Said::Typing(on)) => {
                as_json(vec![json!({"type": if *on { "typing" } else { "stopTyping" }, "user": "Bo"})])
            }
            (Dialect::Text | Dialect::TextJson, Said::Rename(name)) => {
                as_json(vec![json!({"type": "setUsername", "user": name.text()})])
            }
            _ => as_json(self.spell_v1(said)),
        }
    }

    fn spell_v1(&self, said: &Said<'_>) -> Vec<Value> {
        let client = |who: &u8| self.person(*who).and_then(|it| self.world.clients.get(&it));
        let whom = |whom: &Whom| match whom {
            Whom::Person(who) => {
                let id = client(who).and_then(|it| it.welcome.as_ref()).map(|it| it.you.id.get());
                json!({"member": id})
            }
            Whom::Subject(subject) => json!({"sub": format!("s{}", subject % 4)}),
            Whom::Number(number) => json!({"member": number}),
        };
        let frame = match said {
            Said::Join { name, session_of, after } => {
                let session =
                    session_of.as_ref().and_then(|who| Some(client(who)?.welcome.as_ref()?.session.clone()));
                let after = after.as_ref().and_then(|(who, offset)| {
                    let client = client(who).filter(|it| it.welcome.is_some())?;
                    let Position { epoch, seq } = client.position();
                    Some(json!({"epoch": epoch, "seq": seq.saturating_add_signed((*offset).into())}))
                });
                json!({"type": "join", "name": name.text(), "session": session, "after": after})
            }
            Said::Send { id, text, reply_to } => {
                json!({"type": "send", "id": id.to_string(), "text": text.text(), "reply_to": reply_to})
            }
            Said::SendMany(count) => {
                let send =
                    |id: u8| json!({"type": "send", "id": format!("m{id}"), "text": "x".repeat(id.into())});
                return (0..count % 70).map(send).collect();
            }
            Said::Typing(on) => json!({"type": "typing", "on": on}),
            Said::Rename(name) => json!({"type": "rename", "name": name.text()}),
            Said::History(kind, seq, limit) => match range(*kind, (*seq).into()) {
                Range::Newest => json!({"type": "history", "limit": limit}),
                Range::Before(seq) => json!({"type": "history", "before": seq, "limit": limit}),
                Range::After(seq) => json!({"type": "history", "after": seq, "limit": limit}),
            },
            Said::Report(seq, reason) => json!({"type": "report", "seq": seq, "reason": reason.text()}),
            Said::Delete(seq) => json!({"type": "delete", "seq": seq}),
            Said::ActOn(what, them, for_ms) => {
                let kinds = ["remove", "ban", "unban", "mute", "unmute"];
                let mut frame = whom(them);
                frame["type"] = kinds[usize::from(*what) % kinds.len()].into();
                frame["for_ms"] = json!(for_ms);
                frame
            }
            Said::Lock(on) => json!({"type": "lock", "on": on}),
            Said::SlowMode(ms) => json!({"type": "slow_mode", "interval_ms": ms}),
            Said::Clear => json!({"type": "clear"}),
            Said::Ping => json!({"type": "ping"}),
        };
        vec![frame]
    }
}

impl Guest<'_> {
    fn visitor(&self, now_ms: u64) -> Visitor {
        let roles = [Role::Member, Role::Member, Role::Reader, Role::Moderator, Role::Owner];
        let limits = Limits::default();
        let name = self.name.as_ref().map(|name| parlor::name::DisplayName::nearest(&name.text(), &limits));
        Visitor {
            role: roles[usize::from(self.role) % roles.len()],
            subject: self.subject.map(|subject| format!("s{}", subject % 4)),
            name: name.map(|name| name.as_str().to_owned()),
            expires_at: self.expires_in_s.map(|s| now_ms + 1 + u64::from(s) * 1_000),
            rate: self
                .rate
                .map(|rate| Rate { burst: f64::from(rate) + 1.0, per_second: f64::from(rate) / 8.0 + 0.001 }),
            address: self.address.map(|address| format!("192.0.2.{}", address % 8)),
        }
    }
}

impl Words<'_> {
    fn text(&self) -> String {
        match self {
            Self::Trouble(which) => TROUBLE[usize::from(*which) % TROUBLE.len()].to_owned(),
            Self::Long(which, times) => {
                TROUBLE[usize::from(*which) % TROUBLE.len()].repeat(usize::from(times % 2_100))
            }
            Self::Any(text) => (*text).to_owned(),
        }
    }
}

fn range(kind: u8, seq: Seq) -> Range {
    match kind % 3 {
        0 => Range::Newest,
        1 => Range::Before(seq),
        _ => Range::After(seq),
    }
}

/// A resume is whole, and of the same history: it begins with the message after the last that was known.
fn check_resume(welcome: &Welcome, after: Option<&Position>) {
    let Some(after) = after.filter(|_| welcome.recovered) else { return };
    assert_eq!(after.epoch, welcome.epoch, "resumed in another history");
    let seqs = welcome.page.messages.iter().map(|line| line.decode().expect("a message").seq);
    assert!(seqs.eq(after.seq + 1..=welcome.head), "not what was missed");
}

fn check_frame(dialect: Dialect, frame: &str) {
    if matches!(dialect, Dialect::Text | Dialect::TextJson) {
        return;
    }
    let told: Value =
        serde_json::from_str(frame).unwrap_or_else(|error| panic!("no JSON ({error}): {frame}"));
    assert!(told.is_object(), "no object: {frame}");
    assert!(!matches!(dialect, Dialect::WsChat | Dialect::SimpleChat) || !frame.contains('<'), "{frame}");
}
