//! A shell for tests of a room with relays: what [`super::harness`] is for one room. What room and relays say to
//! each other goes through the real wire, a frame at a time, and is lost where a link is cut.

use std::collections::{BTreeMap, VecDeque};

use super::harness::{Client, Disk};
use super::*;
use crate::protocol::Dialect;
use crate::relay::wire;

/// Where a connection is: at the room (0), or at one of its relays.
pub(super) type Place = usize;

pub(super) type Who = (Place, ConnectionId);

/// A relay.
#[derive(Debug)]
pub(super) struct Node {
    pub relay: Room,
    pub seats: BTreeMap<ConnectionId, Seat>,
    /// Its link at the room, while the line is there.
    pub link: Option<ConnectionId>,
    /// Whether it can't reach the room.
    pub is_cut_off: bool,
    down: VecDeque<String>,
    up: VecDeque<String>,
}

/// A room with relays and clients.
#[derive(Debug)]
pub(super) struct Tree {
    pub now_ms: u64,
    pub limits: Limits,
    pub room: Room,
    pub disk: Disk,
    pub nodes: Vec<Node>,
    pub clients: BTreeMap<Who, Client>,
    next: u64,
}

impl Tree {
    pub fn new(relays: usize) -> Self {
        // Nobody is ever called home.
        let limits = Limits { rate_burst: 1e6, rate_per_second: 1e6, relay_above: 1, ..Limits::default() };
        Self::with(relays, limits)
    }

    pub fn with(relays: usize, limits: Limits) -> Self {
        let now_ms = 1_800_000_000_000;
        let room = Room::restore(RoomName::default(), limits.clone(), Saved::default(), [1; 32], now_ms);
        let (disk, clients) = (Disk::default(), BTreeMap::new());
        let mut tree = Self { now_ms, limits, room, disk, nodes: Vec::new(), clients, next: 100 };
        for _ in 0..relays {
            let relay = tree.new_relay();
            tree.nodes.push(relay);
        }
        tree
    }

    fn new_relay(&mut self) -> Node {
        let seed = std::array::from_fn(|at| self.draw().to_le_bytes()[at % 8]);
        let relay = Room::relay(RoomName::default(), self.limits.clone(), seed, self.now_ms);
        let (down, up) = (VecDeque::new(), VecDeque::new());
        Node { relay, seats: BTreeMap::new(), link: None, is_cut_off: false, down, up }
    }

    fn draw(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub fn open_as(&mut self, place: Place, visitor: Visitor) -> Who {
        let connection = ConnectionId(self.draw());
        self.clients.insert((place, connection), Client::default());
        self.handle(place, Event::Opened(connection, visitor));
        (place, connection)
    }

    pub fn join_as(&mut self, place: Place, name: &str, visitor: Visitor) -> Who {
        let who = self.open_as(place, visitor);
        self.ask(who, Request::Join { name: name.to_owned(), session: None, after: None });
        self.settle();
        who
    }

    pub fn join(&mut self, place: Place, name: &str) -> Who {
        self.join_as(place, name, Visitor::default())
    }

    pub fn rejoin(&mut self, place: Place, name: &str, session: &str, after: Position) -> Who {
        let who = self.open_as(place, Visitor::default());
        let (name, session) = (name.to_owned(), Some(session.to_owned()));
        self.ask(who, Request::Join { name, session, after: Some(after) });
        self.settle();
        who
    }

    pub fn ask(&mut self, (place, connection): Who, request: Request) {
        self.handle(place, Event::Received(connection, Ok(request)));
    }

    pub fn send(&mut self, who: Who, id: &str, text: &str) {
        self.ask(who, Request::Send { id: id.to_owned(), text: text.to_owned(), reply_to: None });
    }

    pub fn say(&mut self, who: Who, id: &str, text: &str) {
        self.send(who, id, text);
        self.settle();
    }

    pub fn leave(&mut self, (place, connection): Who) {
        self.clients.remove(&(place, connection));
        self.seats(place).remove(&connection);
        self.handle(place, Event::Closed(connection));
    }

    pub fn client(&self, who: Who) -> &Client {
        &self.clients[&who]
    }

    pub fn welcome(&self, who: Who) -> &Welcome {
        self.client(who).welcome.as_ref().unwrap()
    }

    fn seats(&mut self, place: Place) -> &mut BTreeMap<ConnectionId, Seat> {
        match place {
            0 => &mut self.disk.seats,
            relay => &mut self.nodes[relay - 1].seats,
        }
    }

    pub fn handle(&mut self, place: Place, event: Event) {
        let effects = match place {
            0 => self.room.handle(event, self.now_ms, &self.disk).unwrap(),
            relay => self.nodes[relay - 1].relay.handle(event, self.now_ms, &Disk::default()).unwrap(),
        };
        for effect in effects {
            let is_append = matches!(effect, Effect::Append(_));
            self.apply(place, effect);
            if is_append && place == 0 {
                self.room.stored();
            }
        }
    }

    fn apply(&mut self, place: Place, effect: Effect) {
        let rest = if place == 0 { self.disk.keep(effect) } else { Some(effect) };
        let Some(effect) = rest else { return };
        match effect {
            Effect::WakeAt(_) => {}
            Effect::Seat(connection, seat) => drop(self.seats(place).insert(connection, seat)),
            Effect::Broadcast(notices) => {
                let seats = self.seats(place).clone();
                for (connection, _) in seats.iter().filter(|(_, seat)| seat.hears()) {
                    if let Some(client) = self.clients.get_mut(&(place, *connection)) {
                        notices.iter().for_each(|notice| client.hear(notice, &self.disk.messages));
                    } else {
                        self.tell_relay(*connection, &Dialect::Relay.broadcast(&notices));
                    }
                }
            }
            Effect::Send(connection, reply) => match self.clients.get_mut(&(place, connection)) {
                Some(client) => client.take(reply),
                None => self.tell_relay(connection, &Dialect::Relay.reply(&reply)),
            },
            Effect::Close(connection, code) => {
                self.seats(place).remove(&connection);
                match self.clients.get_mut(&(place, connection)) {
                    Some(client) => client.closed = Some(code),
                    None => self.hang_up(connection),
                }
            }
            Effect::Connect(after) => self.connect(place, after),
            Effect::Up(frame) => {
                let node = &mut self.nodes[place - 1];
                if node.link.is_some() {
                    node.up.push_back(frame);
                }
            }
            Effect::Disconnect => {
                if let Some(link) = self.nodes[place - 1].link.take() {
                    self.nodes[place - 1].down.clear();
                    self.handle(0, Event::Closed(link));
                    self.disk.seats.remove(&link);
                }
            }
            other => panic!("a relay stores nothing: {other:?}"),
        }
    }

    fn tell_relay(&mut self, link: ConnectionId, frames: &[String]) {
        if let Some(node) = self.nodes.iter_mut().find(|node| node.link == Some(link)) {
            node.down.extend(frames.iter().cloned());
        }
    }

    fn hang_up(&mut self, link: ConnectionId) {
        if let Some(at) = self.nodes.iter().position(|node| node.link == Some(link)) {
            self.nodes[at].link = None;
            self.handle(at + 1, Event::Cut);
        }
    }

    fn connect(&mut self, place: Place, after: Option<Position>) {
        let node = &mut self.nodes[place - 1];
        (node.up, node.down) = (VecDeque::new(), VecDeque::new());
        if node.is_cut_off {
            return;
        }
        let link = ConnectionId(self.draw());
        self.nodes[place - 1].link = Some(link);
        self.handle(0, Event::Attached(link, format!("any-{}", place - 1), after));
    }

    /// Lets frames arrive and little times pass until nobody has anything to say.
    pub fn settle(&mut self) {
        loop {
            if self.deliver() {
                continue;
            }
            let soon = |at: &u64| *at <= self.now_ms + crate::limits::HOLD_MS + 100;
            let next = self.timeouts().into_iter().filter(|(at, _)| soon(at)).min();
            let Some((at, place)) = next else { return };
            self.now_ms = self.now_ms.max(at);
            self.handle(place, Event::Tick);
        }
    }

    /// Lets the oldest frame of each link arrive. Returns whether there was any.
    pub fn deliver_one(&mut self) -> bool {
        self.deliver()
    }

    fn deliver(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.nodes.len() {
            if let Some(frame) = self.nodes[at].down.pop_front() {
                any = true;
                self.handle(at + 1, Event::Down(wire::read_downs(&frame)));
            }
        }
        any | self.deliver_up()
    }

    /// Lets the oldest frame of each link arrive that goes up. Returns whether there was any.
    pub fn deliver_up(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.nodes.len() {
            if let (Some(frame), Some(link)) = (self.nodes[at].up.pop_front(), self.nodes[at].link) {
                any = true;
                if frame == crate::protocol::PING {
                    self.nodes[at].down.push_back(crate::protocol::PONG.to_owned());
                    continue;
                }
                for up in wire::read_ups(&frame) {
                    self.handle(0, Event::Up(link, Box::new(up)));
                }
            }
        }
        any
    }

    fn timeouts(&self) -> Vec<(u64, Place)> {
        let relays = (1..).zip(&self.nodes).filter_map(|(place, node)| Some((node.relay.timeout()?, place)));
        self.room.timeout().map(|at| (at, 0)).into_iter().chain(relays).collect()
    }

    /// Lets time pass.
    pub fn advance(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        loop {
            self.settle();
            let next = self.timeouts().into_iter().filter(|(at, _)| *at <= end).min();
            let Some((at, place)) = next else { break };
            self.now_ms = self.now_ms.max(at);
            self.handle(place, Event::Tick);
        }
        self.now_ms = self.now_ms.max(end);
    }

    /// A link breaks, and what is on it is lost.
    pub fn cut(&mut self, place: Place) {
        let node = &mut self.nodes[place - 1];
        (node.up, node.down) = (VecDeque::new(), VecDeque::new());
        if let Some(link) = node.link.take() {
            self.disk.seats.remove(&link);
            self.handle(0, Event::Closed(link));
            self.handle(place, Event::Cut);
        }
    }

    /// The relay dies. Its clients are gone; returns what they knew.
    pub fn kill_relay(&mut self, place: Place) -> Vec<Client> {
        let old = self.nodes[place - 1].link.take();
        let mut node = self.new_relay();
        std::mem::swap(&mut self.nodes[place - 1], &mut node);
        if let Some(link) = old {
            self.disk.seats.remove(&link);
            self.handle(0, Event::Closed(link));
        }
        let gone: Vec<Who> = self.clients.keys().filter(|(at, _)| *at == place).copied().collect();
        gone.iter().filter_map(|who| self.clients.remove(who)).collect()
    }

    /// The relay's memory is lost, and nobody hears of it.
    pub fn forget_relay(&mut self, place: Place) {
        let node = self.new_relay();
        self.nodes[place - 1] = node;
    }

    /// The room's memory is lost, and its connections with it unless it only slept.
    pub fn restart_room(&mut self, sleeps: bool) {
        // With something unsettled, it could only have been a panic, after which the shell closes all.
        let sleeps = sleeps && !self.room.is_unsettled();
        if !sleeps {
            self.disk.seats.clear();
            self.clients.retain(|(place, _), _| *place != 0);
        }
        let seed = std::array::from_fn(|at| self.draw().to_le_bytes()[at % 8]);
        let saved = self.disk.saved(self.now_ms);
        self.room = Room::restore(RoomName::default(), self.limits.clone(), saved, seed, self.now_ms);
        if !sleeps {
            for place in 1..=self.nodes.len() {
                self.nodes[place - 1].up.clear();
                self.nodes[place - 1].down.clear();
                if self.nodes[place - 1].link.take().is_some() {
                    self.handle(place, Event::Cut);
                }
            }
        }
    }

    /// What a member sees of the room's number.
    pub fn counts(&self) -> Vec<usize> {
        self.clients
            .values()
            .filter(|client| client.closed.is_none())
            .map(|client| client.member_count)
            .collect()
    }
}
