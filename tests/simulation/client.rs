//! A client with the reference logic: what `link.js`, `outbox.js` and `reconnect.js` in public/client do,
//! alarm for alarm. Some are impatient besides: they speak before their welcome.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use parlor::limits::Limits;
use parlor::protocol::PING;
use parlor::room::visitor::{Role, Visitor};
use serde_json::json;

use crate::court::Kind;
use crate::network::{Down, LINK_LOST, LinkId, Owner, Up};
use crate::orders::Orders;
use crate::stage::{Due, Stage};
use crate::timeline::{Asked, Pages, Then, Timeline};
use crate::wire::{Deed, Frame, Message, Welcome, Wire, print_of};

const WELCOME_MS_MAX: u64 = 10_000;
const ECHO_MS_MAX: u64 = 10_000;
const PING_EVERY_MS: u64 = 25_000;
const PONG_MS_MAX: u64 = 10_000;
const STEADY_MS: u64 = 10_000;
const TEMPORARY_WAIT_MS: u64 = 1_000;
const BACKOFF_FIRST_MS: u64 = 1_000;
const BACKOFF_MS_MAX: u64 = 30_000;
const FLOODED_WAIT_MS: u64 = 30_000;
const ATTEMPTS_MAX: u32 = 5;
const ROOM_FAULT: u16 = 1011;
const FLOODED: u16 = 4429;
const REMOVED: u16 = 4403;
const STOP_CODES: [u16; 5] = [1003, 1009, 4400, 4401, REMOVED];
/// Who is made to wait for longer gives up.
const WAIT_MS_MAX: u64 = 60_000;

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    Retry,
    Welcome,
    Ping,
    Pong,
    Send,
}

const ALARMS: [Alarm; 5] = [Alarm::Retry, Alarm::Welcome, Alarm::Ping, Alarm::Pong, Alarm::Send];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Connecting,
    Live,
    Waiting,
    Offline,
    Stopped,
    Closed,
}

/// What became of something that a client said.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is in the outbox.
    Waiting,
    /// Its own message came back, in that epoch under that seq.
    Acknowledged(String, u64),
    /// It was given up: stored or not.
    GivenUp,
    /// It was refused, by order of a moderator.
    Refused,
}

/// Something that a client said.
#[derive(Clone, Debug)]
pub struct Said {
    pub id: String,
    pub text: String,
    /// Fingerprint of the text, which no other has.
    pub print: u64,
    pub fate: Fate,
    attempts: u32,
    /// When it was sent first.
    sent_ms: u64,
    /// Into which epoch it was sent, and as which member: it goes out again only so.
    tried_as: Option<(String, u64)>,
}

impl Said {
    /// Whether it was acknowledged and is not trimmed, or cleared: with a message its `id` may be forgotten.
    fn is_kept(&self, first: u64, epoch: Option<&str>) -> bool {
        matches!(&self.fate, Fate::Acknowledged(stored_in, seq)
            if *seq >= first && Some(stored_in.as_str()) == epoch)
    }
}

/// A session as it was given.
#[derive(Clone, Debug)]
pub struct Session {
    pub note: String,
    epoch: String,
    pub member: u64,
}

/// One tab.
pub struct Client {
    pub number: usize,
    /// Another tab, whose session this one takes up.
    pub sibling: Option<usize>,
    /// Tabs of one member must not use an id twice; tabs of different members may.
    tab: usize,
    pub name: String,
    /// As the Worker tells the room of it.
    pub visitor: Visitor,
    /// What it wants done as a moderator.
    pub orders: Orders,
    /// Whether it was stopped by a moderator.
    pub is_removed: bool,
    pub phase: Phase,
    pub link: Option<LinkId>,
    pub timeline: Timeline,
    pub session: Option<Session>,
    pub said: Vec<Said>,
    /// Prints of all the names that it wished to go by, or another tab with its session.
    pub names: Rc<RefCell<Vec<u64>>>,
    /// Indexes into `said`.
    outbox: VecDeque<usize>,
    pub is_impatient: bool,
    asked: Asked,
    asked_pages: VecDeque<(Pages, usize)>,
    is_in_flight: bool,
    is_offline: bool,
    failures: u32,
    pub live_since_ms: u64,
    pub dialled_ms: u64,
    alarms: [(u32, bool); ALARMS.len()],
    limits: (usize, usize),
}

impl Client {
    pub fn new(number: usize, tab: usize, limits: &Limits) -> Self {
        Self {
            number,
            sibling: None,
            tab,
            name: format!("Member {number}"),
            visitor: Visitor::default(),
            orders: Orders::default(),
            is_removed: false,
            phase: Phase::Closed,
            link: None,
            timeline: Timeline::default(),
            session: None,
            said: Vec::new(),
            names: Rc::default(),
            outbox: VecDeque::new(),
            is_impatient: false,
            asked: Asked::default(),
            asked_pages: VecDeque::new(),
            is_in_flight: false,
            is_offline: false,
            failures: 0,
            live_since_ms: 0,
            dialled_ms: 0,
            alarms: [(0, false); ALARMS.len()],
            limits: (limits.history_on_join, limits.resume_messages_max),
        }
    }

    /// Whether there is nothing left that it wants to say.
    pub fn has_said_all(&self) -> bool {
        self.outbox.is_empty()
    }

    /// How much it wants to say yet.
    pub fn unsaid(&self) -> usize {
        self.outbox.len()
    }

    /// Whether it is not here, and need not be.
    pub fn is_away(&self) -> bool {
        self.phase == Phase::Closed || (self.phase == Phase::Stopped && self.is_removed)
    }

    /// Dials.
    pub fn open(&mut self, stage: &mut Stage) {
        self.dial(stage);
        self.phase = Phase::Connecting;
    }

    /// Says something.
    pub fn say(&mut self, stage: &mut Stage) {
        let count = self.said.len();
        let (id, text) = (format!("{}-{count}", self.tab), said_text(self.number, count));
        stage.tally.sends += 1;
        stage.note(|| format!("client {} says {text:?} as {id:?}", self.number));
        let print = print_of(&[text.as_bytes()]);
        let (fate, attempts, sent_ms, tried_as) = (Fate::Waiting, 0, 0, None);
        self.said.push(Said { id, text, print, fate, attempts, sent_ms, tried_as });
        self.outbox.push_back(count);
        self.pump(stage);
    }

    /// Asks for a page; nothing happens without a connection.
    pub fn ask(&mut self, pages: Pages, limit: usize, stage: &mut Stage) {
        if self.phase != Phase::Live && !(self.is_impatient && self.asked.session.is_some()) {
            return;
        }
        let Some(link) = self.link else { return };
        let frame = match pages {
            Pages::Newest => json!({ "type": "history", "limit": limit }),
            Pages::Before(seq) => json!({ "type": "history", "before": seq, "limit": limit }),
            Pages::After(seq) => json!({ "type": "history", "after": seq, "limit": limit }),
        };
        self.asked_pages.push_back((pages, limit));
        stage.send_up(link, Up::Frame(frame.to_string().into()));
    }

    /// Sends a frame that needs no answer; nothing happens without a connection.
    pub fn transmit(&mut self, frame: &str, stage: &mut Stage) {
        if let (Phase::Live, Some(link)) = (self.phase, self.link) {
            stage.send_up(link, Up::Frame(frame.into()));
        }
    }

    /// Wishes for another name.
    pub fn rename(&mut self, name: &str, stage: &mut Stage) {
        self.wish(name);
        self.transmit(&json!({ "type": "rename", "name": name }).to_string(), stage);
    }

    /// Ends this link and comes back.
    pub fn resync(&mut self, stage: &mut Stage) {
        if self.phase == Phase::Live {
            self.lose(LINK_LOST, stage);
        }
    }

    /// Its machine loses the network.
    pub fn go_offline(&mut self, stage: &mut Stage) {
        self.is_offline = true;
        if !matches!(self.phase, Phase::Stopped | Phase::Closed) {
            stage.note(|| format!("client {} goes offline", self.number));
            self.lose(LINK_LOST, stage);
        }
    }

    /// Its machine has a network again.
    pub fn go_online(&mut self, stage: &mut Stage) {
        self.is_offline = false;
        self.failures = 0;
        match self.phase {
            Phase::Live => self.ping(stage),
            Phase::Offline | Phase::Waiting => self.open(stage),
            _ => {}
        }
    }

    /// The tab is closed; what it had not sent is kept for when it opens again.
    pub fn close(&mut self, stage: &mut Stage) {
        stage.note(|| format!("client {} closes", self.number));
        self.hang_up(stage);
        self.phase = Phase::Closed;
    }

    /// The page is loaded again: it has its session still, and its copy of the room only if `remembers`.
    pub fn reopen(&mut self, remembers: bool, stage: &mut Stage) {
        self.close(stage);
        if !remembers {
            self.timeline = Timeline::default();
        }
        self.failures = 0;
        self.open(stage);
    }

    /// Takes in what came on a link.
    pub fn receive(&mut self, link: LinkId, item: &Down, stage: &mut Stage) {
        if self.link != Some(link) {
            return;
        }
        match item {
            Down::Accepted => self.join(stage),
            Down::Failed | Down::Lost => self.lose(LINK_LOST, stage),
            Down::Close(code) => self.lose(*code, stage),
            Down::Answer(_) | Down::Text | Down::Raw(_) => {}
            Down::Frame(wire) => {
                stage.note(|| format!("client {} sees {wire}", self.number));
                self.clear(Alarm::Pong);
                if self.phase == Phase::Live {
                    self.set(Alarm::Ping, PING_EVERY_MS, stage);
                }
                for frame in &wire.frames {
                    if self.link == Some(link) {
                        self.take(frame, wire, stage);
                    }
                }
            }
        }
    }

    /// One of its alarms rings.
    pub fn ring(&mut self, alarm: Alarm, number: u32, stage: &mut Stage) {
        let slot = &mut self.alarms[alarm as usize];
        if *slot != (number, true) {
            return;
        }
        slot.1 = false;
        match alarm {
            Alarm::Retry => self.open(stage),
            Alarm::Welcome | Alarm::Pong => {
                stage.note(|| format!("client {} waited in vain for its {alarm:?}", self.number));
                self.lose(LINK_LOST, stage);
            }
            Alarm::Ping => self.ping(stage),
            Alarm::Send => {
                let was_unanswered = std::mem::take(&mut self.is_in_flight);
                if !was_unanswered || self.count_attempt(stage) {
                    self.pump(stage);
                }
            }
        }
    }

    fn dial(&mut self, stage: &mut Stage) {
        self.hang_up(stage);
        self.asked = Asked::default();
        let link = stage.open_link(Owner::Client(self.number), Up::Upgrade);
        stage.links[link].visitor = self.visitor.clone();
        self.is_removed = false;
        self.dialled_ms = stage.now_ms;
        if stage.has_relays && self.number % 3 == 2 {
            stage.links[link].region = "weur";
        }
        stage.note(|| format!("client {} dials: link {link}", self.number));
        self.link = Some(link);
        self.set(Alarm::Welcome, WELCOME_MS_MAX, stage);
    }

    fn join(&mut self, stage: &mut Stage) {
        let Some(link) = self.link else { return };
        self.go_by(&self.name.clone());
        let mut frame = json!({ "type": "join", "name": self.name });
        if let Some(session) = &self.session {
            frame["session"] = json!(session.note);
            self.asked.session = Some((session.epoch.clone(), session.member));
        }
        if let Some((epoch, seq)) = self.timeline.position() {
            frame["after"] = json!({ "epoch": epoch, "seq": seq });
            self.asked.after = Some((epoch, seq));
        }
        stage.send_up(link, Up::Frame(frame.to_string().into()));
        if self.is_impatient && self.session.is_some() {
            self.pump(stage);
            if stage.dice.percent(30) {
                self.ask(Pages::Newest, 5, stage);
            }
        }
    }

    fn lose(&mut self, code: u16, stage: &mut Stage) {
        if code == REMOVED {
            self.be_removed(stage);
        }
        let was_live = self.phase == Phase::Live;
        let failed_the_room = code == ROOM_FAULT && self.is_in_flight;
        self.hang_up(stage);
        if was_live && stage.now_ms - self.live_since_ms >= STEADY_MS {
            self.failures = 0;
        }
        let failures = self.failures;
        self.failures += 1;
        if STOP_CODES.contains(&code) {
            self.phase = Phase::Stopped;
        } else if self.is_offline {
            self.phase = Phase::Offline;
        } else {
            let ceiling_ms = BACKOFF_MS_MAX.min(BACKOFF_FIRST_MS << failures.min(5));
            let jitter_ms = stage.dice.below(ceiling_ms);
            let delay_ms = if code == FLOODED { FLOODED_WAIT_MS } else { jitter_ms };
            stage.note(|| format!("client {} loses its link ({code}), waits {delay_ms} ms", self.number));
            self.phase = Phase::Waiting;
            self.set(Alarm::Retry, delay_ms, stage);
        }
        if failed_the_room {
            self.count_attempt(stage);
        }
    }

    fn hang_up(&mut self, stage: &mut Stage) {
        self.orders.cut();
        ALARMS.into_iter().for_each(|alarm| self.clear(alarm));
        self.is_in_flight = false;
        self.asked_pages.clear();
        if let Some(link) = self.link.take() {
            stage.send_up(link, Up::Close);
        }
    }

    fn take(&mut self, frame: &Frame, wire: &Wire, stage: &mut Stage) {
        let on_relay = self.is_on_relay(stage);
        let then = |first| Then { first, epoch: wire.epoch, on_relay };
        match frame {
            Frame::Welcome(welcome) => self.welcomed(welcome, then(wire.firsts.0), stage),
            Frame::Error { code, temporary, retry_after_ms, id } => match id {
                Some(id) => self.refused(code, *temporary, *retry_after_ms, id, wire.firsts.1, stage),
                None => self.refused_something(code, *temporary, stage),
            },
            Frame::Pong => {}
            _ if self.phase != Phase::Live => {
                stage.violate("a connection is told of nothing before its welcome", || {
                    format!("client {} was told {frame:?}", self.number)
                });
            }
            Frame::History { messages, more } => match self.asked_pages.pop_front() {
                Some((pages, limit)) => {
                    self.timeline.page(pages, limit, messages, *more, then(wire.firsts.1), stage);
                }
                None => stage.violate("a page answers a question", || format!("{frame:?}")),
            },
            _ => {
                self.timeline.fold(frame, stage);
                match frame {
                    Frame::Renamed { member, .. } if member.id == self.timeline.you => {
                        self.go_by(&member.name);
                    }
                    Frame::Message(message) => self.acknowledge(message, stage),
                    Frame::Reported { seq } => self.orders.answered(Some(&Deed::report(*seq))),
                    Frame::Record(record) => {
                        let is_staff = self.visitor.role >= Role::Moderator;
                        stage.promise(is_staff, "records are for moderators", || {
                            format!("client {} is told {record:?}", self.number)
                        });
                        if record.by == self.timeline.you {
                            self.orders.answered(Some(&record.deed));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn welcomed(&mut self, welcome: &Welcome, then: Then, stage: &mut Stage) {
        stage.promise(self.phase == Phase::Connecting, "a connection is welcomed once", || {
            format!("client {} is welcomed while {:?}", self.number, self.phase)
        });
        stage.tally.welcomes += 1;
        stage.tally.resumed += u64::from(welcome.recovered);
        self.timeline.welcome(welcome, &self.asked, self.limits, then, stage);
        stage.promise(welcome.role == self.visitor.role.name(), "a welcome tells one's role", || {
            format!("client {} is {:?}, and told {}", self.number, self.visitor.role, welcome.role)
        });
        self.be_let_in(welcome.you.id, stage);
        self.session = Some(Session {
            note: welcome.session.clone(),
            epoch: welcome.epoch.clone(),
            member: welcome.you.id,
        });
        self.go_by(&welcome.you.name);
        self.live_since_ms = stage.now_ms;
        self.clear(Alarm::Welcome);
        self.set(Alarm::Ping, PING_EVERY_MS, stage);
        self.phase = Phase::Live;
        self.give_orders(stage);
        for message in &welcome.messages {
            self.acknowledge(message, stage);
        }
        // What was sent as somebody else may have been stored: nobody would know it again.
        let (epoch, member) = (&welcome.epoch, welcome.you.id);
        let is_same = |said: &Said| {
            said.tried_as
                .as_ref()
                .is_none_or(|(tried_in, as_member)| tried_in == epoch && *as_member == member)
        };
        let (kept, maybe_sent): (Vec<_>, Vec<_>) =
            self.outbox.iter().copied().partition(|index| is_same(&self.said[*index]));
        if maybe_sent.first().is_some_and(|first| self.outbox.front() == Some(first)) {
            self.is_in_flight = false;
            self.clear(Alarm::Send);
        }
        maybe_sent.into_iter().for_each(|index| self.said[index].fate = Fate::GivenUp);
        self.outbox = kept.into();
        self.pump(stage);
    }

    fn refused(
        &mut self,
        code: &str,
        temporary: bool,
        retry_after_ms: Option<u64>,
        id: &str,
        first: u64,
        stage: &mut Stage,
    ) {
        let theirs = self.said.iter().find(|said| said.id == id);
        let since_ms = theirs.map_or(stage.now_ms, |said| said.sent_ms);
        let held = |kind| stage.court.held(kind, since_ms);
        let theirs_held = |kind: fn(u64) -> Kind| self.members(stage).into_iter().any(|it| held(kind(it)));
        let by_order = match code {
            "muted" => Some(theirs_held(Kind::Mute)),
            "banned" => Some(theirs_held(Kind::Ban)),
            "room_locked" => Some(held(Kind::Lock)),
            _ => None,
        };
        let is_expected = by_order.unwrap_or(temporary);
        stage.promise(is_expected, "nothing proper is refused for good", || {
            format!("client {}: {code} for {id:?}", self.number)
        });
        let epoch = self.timeline.epoch.as_deref();
        let denied = theirs.filter(|said| said.is_kept(first, epoch));
        stage.promise(denied.is_none(), "what was acknowledged is not denied", || {
            format!("client {}: {code} for {denied:?}", self.number)
        });
        let Some(index) = self.outbox.front().copied() else { return };
        if !self.is_in_flight || self.said[index].id != id {
            return;
        }
        self.is_in_flight = false;
        self.clear(Alarm::Send);
        if by_order.is_some() || retry_after_ms.is_some_and(|wait_ms| wait_ms > WAIT_MS_MAX) {
            stage.tally.silenced += 1;
            self.said[index].fate = Fate::Refused;
            self.outbox.pop_front();
            return self.pump(stage);
        }
        if code != "rate_limited" && !self.count_attempt(stage) {
            return;
        }
        self.set(Alarm::Send, retry_after_ms.unwrap_or(TEMPORARY_WAIT_MS), stage);
    }

    fn pump(&mut self, stage: &mut Stage) {
        let may_speak = self.phase == Phase::Live
            || (self.phase == Phase::Connecting && self.is_impatient && self.asked.session.is_some());
        let (Some(index), Some(link)) = (self.outbox.front(), self.link) else { return };
        if self.is_in_flight || self.alarms[Alarm::Send as usize].1 || !may_speak {
            return;
        }
        let said = &mut self.said[*index];
        // Who repeats a send before the welcome can't know whether it is the same member still: it is,
        // as long as no history was lost.
        let is_lost = stage.tally.losses + stage.tally.wipes + stage.tally.clears > 0;
        if self.phase == Phase::Connecting && said.tried_as.is_some() && is_lost {
            return;
        }
        if said.tried_as.is_none() {
            said.sent_ms = stage.now_ms;
            said.tried_as = self.session.as_ref().map(|session| (session.epoch.clone(), session.member));
        }
        let Said { id, text, .. } = said;
        let frame = json!({ "type": "send", "id": id, "text": text }).to_string();
        self.is_in_flight = true;
        stage.send_up(link, Up::Frame(frame.into()));
        self.set(Alarm::Send, ECHO_MS_MAX, stage);
    }

    fn acknowledge(&mut self, message: &Message, stage: &mut Stage) {
        if message.from != self.timeline.you {
            return;
        }
        let Some(at) = self.outbox.iter().position(|index| self.said[*index].id == message.id) else {
            return;
        };
        let Some(index) = self.outbox.remove(at) else { return };
        let said = &mut self.said[index];
        stage.tally.acknowledged += 1;
        let is_same = message.print.is_gone() || said.print == message.print.said;
        stage.promise(is_same, "an echo is what was said", || format!("{message:?}"));
        stage.promise(
            self.names.borrow().contains(&message.named),
            "a message has its sender's name",
            || format!("client {}, who goes by {:?}: {message:?}", self.number, self.name),
        );
        let epoch = self.timeline.epoch.clone().unwrap_or_default();
        said.fate = Fate::Acknowledged(epoch, message.seq);
        if at == 0 {
            self.is_in_flight = false;
            self.clear(Alarm::Send);
        }
        self.pump(stage);
    }

    fn go_by(&mut self, name: &str) {
        self.wish(name);
        name.clone_into(&mut self.name);
    }

    fn wish(&self, name: &str) {
        let print = print_of(&[name.as_bytes()]);
        let mut names = self.names.borrow_mut();
        if !names.contains(&print) {
            names.push(print);
        }
    }

    pub fn is_on_relay(&self, stage: &Stage) -> bool {
        self.link.is_some_and(|link| stage.links[link].place > 0)
    }

    /// Counts a vain try of the outbox's head; returns whether it may be tried again.
    fn count_attempt(&mut self, stage: &mut Stage) -> bool {
        let Some(index) = self.outbox.front() else { return false };
        let said = &mut self.said[*index];
        said.attempts += 1;
        if said.attempts < ATTEMPTS_MAX {
            return true;
        }
        said.fate = Fate::GivenUp;
        stage.note(|| format!("client {} gives {:?} up", self.number, said.id));
        self.outbox.pop_front();
        self.pump(stage);
        false
    }

    fn ping(&mut self, stage: &mut Stage) {
        if let Some(link) = self.link {
            stage.send_up(link, Up::Frame(PING.into()));
        }
        self.set(Alarm::Ping, PING_EVERY_MS, stage);
        if !self.alarms[Alarm::Pong as usize].1 {
            self.set(Alarm::Pong, PONG_MS_MAX, stage);
        }
    }

    fn set(&mut self, alarm: Alarm, delay_ms: u64, stage: &mut Stage) {
        let slot = &mut self.alarms[alarm as usize];
        *slot = (slot.0 + 1, true);
        stage.after(delay_ms, Due::Alarm(self.number, alarm, slot.0));
    }

    fn clear(&mut self, alarm: Alarm) {
        self.alarms[alarm as usize].1 = false;
    }
}

/// A text that nobody says twice, in characters of every kind now and then.
fn said_text(number: usize, count: usize) -> String {
    const TAILS: [&str; 5] = ["", "", " \"quoted\\\"", " two\nlines\u{2028}x", " t\u{e9} 🫖"];
    let tail = TAILS[(number * 7 + count) % TAILS.len()];
    format!("{number}.{count}{tail}")
}
