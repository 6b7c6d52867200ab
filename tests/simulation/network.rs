//! The network: links that keep order, each in each direction, and break.
//!
//! A link is one TCP connection: a WebSocket, or one HTTP request. What is on its way arrives in the
//! order in which it was sent, after a delay of its own; different links know nothing of each other.

use std::collections::VecDeque;
use std::rc::Rc;

use parlor::protocol::Dialect;
use parlor::refusal::Refusal;
use parlor::room::visitor::Visitor;
use parlor::room::{ConnectionId, Position, Post, Seat};

use crate::stage::{Due, Stage};
use crate::wire::{Message, Record, Wire};

/// Close code for a link that ended without a word.
pub const LINK_LOST: u16 = 1006;

/// An index into [`Stage::links`].
pub type LinkId = usize;

/// Where a link ends: at the room (0), or at one of its relays.
pub type Place = usize;

/// Who opened a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Client(usize),
    Outsider(usize),
    Poster,
    Warden,
    /// A relay, to its room.
    Relay(Place),
}

/// What goes to the server.
#[derive(Clone, Debug)]
pub enum Up {
    Upgrade,
    /// The upgrade of a relay's line, with its key, and what it knows of the room.
    Attach(Rc<str>, Option<Position>),
    Frame(Rc<str>),
    Close,
    Post(Post),
    /// What a moderator wants over HTTP, as its body says it.
    Order(Rc<str>),
    Lost,
}

/// What goes to the client.
#[derive(Clone, Debug)]
pub enum Down {
    /// The upgrade succeeded.
    Accepted,
    /// It failed, or another HTTP request did.
    Failed,
    Frame(Rc<Wire>),
    /// A frame of another dialect.
    Text,
    /// A frame for a relay.
    Raw(Rc<str>),
    Close(u16),
    Answer(Answer),
    Lost,
}

/// An answer over HTTP.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    /// The message that was stored.
    pub message: Option<Message>,
    /// The record of what was done.
    pub record: Option<Record>,
    /// Why not.
    pub code: &'static str,
    /// Of the epoch that the room counted within.
    pub epoch: u64,
}

impl Answer {
    /// A refusal.
    pub fn no(refusal: &Refusal) -> Self {
        Self { status: refusal.http_status(), code: refusal.code(), ..Self::default() }
    }
}

/// The server's end of a link.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerEnd {
    /// The upgrade has not arrived.
    Absent,
    /// Accepted as a WebSocket; with it is kept what outlives the room's memory.
    Open(Kept),
    /// Closed, or never to be one.
    Gone,
}

/// What is kept with a WebSocket, as in `shell::sockets`.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    Nothing,
    Seat(ConnectionId, Seat),
    Ended,
}

/// One link.
#[derive(Debug)]
pub struct Link {
    pub owner: Owner,
    /// Where it ends.
    pub place: Place,
    /// From where it comes, as `relay::region_of` says.
    pub region: &'static str,
    /// Who made it, as the Worker tells the room.
    pub visitor: Visitor,
    pub server: ServerEnd,
    /// How it speaks: kept with it, as its seat is.
    pub dialect: Dialect,
    up: Lane<Up>,
    down: Lane<Down>,
}

/// One direction of a link.
#[derive(Debug)]
struct Lane<T> {
    on_the_way: VecDeque<(u64, T)>,
    last_at_ms: u64,
    /// What is sent from now on never arrives.
    is_broken: bool,
}

impl<T> Lane<T> {
    fn new() -> Self {
        Self { on_the_way: VecDeque::new(), last_at_ms: 0, is_broken: false }
    }

    fn push(&mut self, at_ms: u64, item: T) -> u64 {
        self.last_at_ms = self.last_at_ms.max(at_ms);
        self.on_the_way.push_back((self.last_at_ms, item));
        self.last_at_ms
    }

    fn pop(&mut self, now_ms: u64) -> Option<T> {
        let is_due = self.on_the_way.front().is_some_and(|(at_ms, _)| *at_ms <= now_ms);
        if is_due { self.on_the_way.pop_front().map(|(_, item)| item) } else { None }
    }
}

impl Link {
    /// Whether it is a WebSocket on which both ends would hear each other.
    pub fn is_whole(&self) -> bool {
        matches!(self.server, ServerEnd::Open(_)) && !self.up.is_broken && !self.down.is_broken
    }

    /// Whether nothing is on its way.
    pub fn is_still(&self) -> bool {
        self.up.on_the_way.is_empty() && self.down.on_the_way.is_empty()
    }
}

impl Stage {
    /// Opens a link; `up` is what it begins with.
    pub fn open_link(&mut self, owner: Owner, up: Up) -> LinkId {
        let link = self.links.len();
        let (up_lane, down_lane) = (Lane::new(), Lane::new());
        let (server, dialect) = (ServerEnd::Absent, Dialect::V1);
        self.links.push(Link {
            owner,
            place: 0,
            region: "any",
            visitor: Visitor::default(),
            server,
            dialect,
            up: up_lane,
            down: down_lane,
        });
        self.send_up(link, up);
        link
    }

    /// Sends to the server.
    pub fn send_up(&mut self, link: LinkId, item: Up) {
        if !self.links[link].up.is_broken {
            let at_ms = self.now_ms + self.delay_ms();
            let at_ms = self.links[link].up.push(at_ms, item);
            self.after(at_ms - self.now_ms, Due::Up(link));
        }
    }

    /// Sends to the client.
    pub fn send_down(&mut self, link: LinkId, item: Down) {
        if !self.links[link].down.is_broken {
            let at_ms = self.now_ms + self.delay_ms();
            let at_ms = self.links[link].down.push(at_ms, item);
            self.after(at_ms - self.now_ms, Due::Down(link));
        }
    }

    /// Takes what has reached the server.
    pub fn take_up(&mut self, link: LinkId) -> Option<Up> {
        self.links[link].up.pop(self.now_ms)
    }

    /// Takes what has reached the client.
    pub fn take_down(&mut self, link: LinkId) -> Option<Down> {
        self.links[link].down.pop(self.now_ms)
    }

    /// Cuts a link: what is on its way arrives up to some frame, then both ends notice, each in its time.
    pub fn cut(&mut self, link: LinkId) {
        self.tally.cuts += 1;
        self.break_off(link);
        let notices_ms = self.dice.pick(&[0, 50, 1_000, 5_000]);
        self.end_up(link, notices_ms);
        self.end_down(link);
    }

    /// Makes a link half-open: what is sent from now on vanishes, in one direction or in both, and
    /// nobody is told before they ask.
    pub fn half_open(&mut self, link: LinkId) {
        self.tally.half_open += 1;
        let which = self.dice.below(3);
        self.links[link].up.is_broken |= which != 0;
        self.links[link].down.is_broken |= which != 1;
        self.lose_some(link);
        let gives_up_ms = self.dice.between(5_000, 90_000);
        self.after(gives_up_ms, Due::ServerGivesUp(link));
    }

    /// Ends every half-open link.
    pub fn heal(&mut self) {
        for link in 0..self.links.len() {
            let Link { up, down, server, .. } = &self.links[link];
            if up.is_broken != down.is_broken || (up.is_broken && matches!(server, ServerEnd::Open(_))) {
                self.break_off(link);
                self.end_up(link, 0);
                self.end_down(link);
            }
        }
    }

    /// The server's process is gone: what had left it may arrive, up to some frame.
    pub fn lose_server(&mut self, link: LinkId) {
        let is_known = !self.links[link].is_still() || matches!(self.links[link].server, ServerEnd::Open(_));
        self.links[link].server = ServerEnd::Gone;
        self.links[link].up.on_the_way.clear();
        self.break_off(link);
        if is_known {
            // A machine that goes off says nothing.
            if self.dice.percent(85) {
                self.end_down(link);
            }
        }
    }

    /// Who opened the link is gone: what had left it may arrive, up to some frame.
    pub fn lose_owner(&mut self, link: LinkId) {
        if self.links[link].server == ServerEnd::Gone {
            return;
        }
        self.links[link].down.on_the_way.clear();
        self.break_off(link);
        // A machine that goes off says nothing.
        if self.dice.percent(85) {
            self.end_up(link, 0);
        } else {
            let gives_up_ms = self.dice.between(5_000, 90_000);
            self.after(gives_up_ms, Due::ServerGivesUp(link));
        }
    }

    /// The server gives a link up that it has not heard of for long.
    pub fn give_up(&mut self, link: LinkId) {
        self.break_off(link);
        self.end_up(link, 0);
    }

    fn end_up(&mut self, link: LinkId, delay_ms: u64) {
        let at_ms = self.now_ms + delay_ms;
        let at_ms = self.links[link].up.push(at_ms, Up::Lost);
        self.after(at_ms - self.now_ms, Due::Up(link));
    }

    fn end_down(&mut self, link: LinkId) {
        let at_ms = self.now_ms + self.delay_ms();
        let at_ms = self.links[link].down.push(at_ms, Down::Lost);
        self.after(at_ms - self.now_ms, Due::Down(link));
    }

    fn break_off(&mut self, link: LinkId) {
        self.links[link].up.is_broken = true;
        self.links[link].down.is_broken = true;
        self.lose_some(link);
    }

    /// Of what is on its way in a broken direction, only the first few arrive.
    fn lose_some(&mut self, link: LinkId) {
        let Self { links, dice, .. } = self;
        let Link { up, down, .. } = &mut links[link];
        if up.is_broken {
            up.on_the_way.truncate(dice.below(up.on_the_way.len() as u64 + 1) as usize);
        }
        if down.is_broken {
            down.on_the_way.truncate(dice.below(down.on_the_way.len() as u64 + 1) as usize);
        }
    }

    fn delay_ms(&mut self) -> u64 {
        let stalls = self.pace.stalls_percent > 0 && self.dice.percent(self.pace.stalls_percent);
        if stalls { self.dice.between(500, 15_000) } else { self.dice.between(0, self.pace.delay_ms_max) }
    }
}
