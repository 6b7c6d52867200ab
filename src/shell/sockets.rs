//! The room's WebSockets: who is who, what is kept with each while the room sleeps, and the fan-out.

use js_sys::{Array, JsString, Map};
use litemap::LiteMap;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Error, State, WebSocket, console_error};

use super::kept::{self, Kept};
use crate::fan_out::FanOut;
use crate::limits::Limits;
use crate::protocol::Dialect;
use crate::refusal::CloseCode;
use crate::room::visitor::Visitor;
use crate::room::{ConnectionId, Notice, Reply, Room, Seat};

#[wasm_bindgen(module = "/src/shell/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = sendToAll)]
    fn send_to_all(sockets: &Array, frame: &JsString) -> usize;
    /// Lets the platform see to other connections before it delivers the next frame.
    #[wasm_bindgen(js_name = giveWay)]
    pub(super) fn give_way(state: &JsValue);
}

/// All open connections of a room.
pub(super) struct Sockets {
    /// In order of arrival, which is the order of the fan-out.
    open: Open,
    /// From the WebSocket to its connection's number.
    numbers: Map,
    next: u64,
    /// All who hear, kept until somebody comes, goes, or begins to hear.
    hearing: Option<Vec<Group>>,
    /// Of those who hear and are no relays, who was told what.
    fan_out: FanOut<Notice>,
}

type Open = LiteMap<ConnectionId, Box<Socket>>;

/// Connections of one dialect, with their WebSockets on JavaScript's side.
struct Group {
    dialect: Dialect,
    connections: Vec<ConnectionId>,
    sockets: Array,
}

struct Socket {
    ws: WebSocket,
    dialect: Dialect,
    seat: Seat,
}

impl Sockets {
    /// Finds the connections that outlived the room's sleep, and their seats. One that the room has ended
    /// is no connection any more; it is closed again, in case the sleep came before the close left.
    pub fn restore(state: &State, limits: &Limits) -> (Self, Vec<(ConnectionId, Seat)>) {
        let (numbers, fan_out) = (Map::new(), FanOut::new(limits.fan_out_above, limits.fan_out_piece));
        let mut sockets = Self { open: LiteMap::new(), numbers, next: 1, hearing: None, fan_out };
        let mut seats = Vec::new();
        for (ws, kept) in kept::all(state) {
            let (connection, dialect, seat) = match kept {
                Some(Kept::Seat(connection, dialect, seat)) => (connection, dialect, seat),
                Some(Kept::Ended(code)) => {
                    close(&ws, code, "");
                    continue;
                }
                None => continue,
            };
            sockets.insert(connection, Socket { ws, dialect, seat: seat.clone() });
            seats.push((connection, seat));
        }
        seats.sort_by_key(|(connection, _)| *connection);
        (sockets, seats)
    }

    /// Takes a new connection in.
    pub fn open(&mut self, ws: WebSocket, dialect: Dialect) -> ConnectionId {
        let connection = ConnectionId(self.next);
        let seat =
            Seat { opened_at: 0, member: None, listens: false, visitor: Visitor::default(), relay: None };
        self.insert(connection, Socket { ws, dialect, seat });
        connection
    }

    fn insert(&mut self, connection: ConnectionId, socket: Socket) {
        self.next = self.next.max(connection.0 + 1);
        self.numbers.set(socket.ws.as_ref(), &JsValue::from(connection.0 as f64));
        let hears = socket.hears_in_pieces();
        self.open.insert(connection, Box::new(socket));
        self.hearing = None;
        if hears {
            self.fan_out.begin(connection);
        }
    }

    /// The connection of a WebSocket, and how it speaks.
    pub fn find(&self, ws: &WebSocket) -> Option<(ConnectionId, Dialect)> {
        let connection = ConnectionId(self.numbers.get(ws.as_ref()).as_f64()? as u64);
        Some((connection, self.open.get(&connection)?.dialect))
    }

    /// Forgets a connection that has ended.
    pub fn remove(&mut self, connection: ConnectionId) -> Option<WebSocket> {
        let socket = self.open.remove(&connection)?;
        self.numbers.delete(socket.ws.as_ref());
        self.hearing = None;
        self.fan_out.end_of(connection);
        Some(socket.ws)
    }

    /// Keeps a seat with its connection.
    pub fn seat(&mut self, connection: ConnectionId, seat: Seat) -> Result<(), Error> {
        let Some(socket) = self.open.get_mut(&connection) else { return Ok(()) };
        if socket.seat.hears() != seat.hears() {
            self.hearing = None;
        }
        socket.seat = seat;
        if socket.hears_in_pieces() {
            self.fan_out.begin(connection);
        }
        socket.keep(connection)
    }

    /// Notes how a connection speaks from now on.
    pub fn speak(&mut self, connection: ConnectionId, dialect: Dialect) -> Result<(), Error> {
        let Some(socket) = self.open.get_mut(&connection) else { return Ok(()) };
        self.hearing = None;
        socket.dialect = dialect;
        socket.keep(connection)
    }

    /// Tells all connections that hear; all but relays piece by piece, if they are many and it is busy. Returns how many frames left.
    pub fn broadcast(&mut self, notices: Vec<Notice>, room: &Room, now_ms: u64) -> usize {
        let Self { open, hearing, fan_out, .. } = self;
        let hearing = hearing.get_or_insert_with(|| {
            let hears = open.iter().filter(|(_, socket)| socket.seat.hears());
            groups(open, &hears.map(|(connection, _)| *connection).collect::<Vec<_>>())
        });
        let at_once = fan_out.tells_at_once(now_ms, room.fan_out_gap_ms());
        let mut sent = 0;
        for group in hearing.iter().filter(|group| at_once || group.dialect == Dialect::Relay) {
            sent += group.tell(open, &notices, room);
        }
        if !at_once {
            fan_out.add(notices);
        }
        sent
    }

    /// When the next of those who were not told yet what was broadcast are to be told, if there are any.
    pub fn timeout(&self, now_ms: u64) -> Option<u64> {
        self.fan_out.timeout(now_ms)
    }

    /// Tells them, if it is time to. Returns how many frames left.
    pub fn tell_piece(&mut self, room: &Room, now_ms: u64) -> usize {
        let Self { open, fan_out, .. } = self;
        let mut sent = 0;
        fan_out.tell_piece(now_ms, room.fan_out_gap_ms(), |notices, piece| {
            for group in groups(open, piece) {
                sent += group.tell(open, notices, room);
            }
        });
        sent
    }

    /// Tells a connection what was broadcast before.
    fn catch_up(&mut self, connection: ConnectionId, room: &Room) {
        let notices = self.fan_out.catch_up(connection);
        if !notices.is_empty() {
            for group in groups(&self.open, &[connection]) {
                group.tell(&self.open, notices, room);
            }
        }
    }

    /// Tells one connection.
    pub fn send(&mut self, connection: ConnectionId, reply: &Reply, room: &Room) {
        self.catch_up(connection, room);
        if let Some(socket) = self.open.get(&connection) {
            for frame in socket.dialect.reply(reply) {
                // It throws for a socket that is ending; its close event follows.
                let _ = socket.ws.send_with_str(frame);
            }
        }
    }

    /// Ends a connection.
    pub fn close(&mut self, connection: ConnectionId, code: CloseCode, room: &Room) {
        self.catch_up(connection, room);
        if let Some(ws) = self.remove(connection) {
            end(&ws, code);
        }
    }
}

/// These connections by dialect, relays first: each has its own to tell yet.
fn groups(open: &Open, connections: &[ConnectionId]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for connection in connections {
        let Some(Socket { ws, dialect, .. }) = open.get(connection).map(|socket| &**socket) else { continue };
        let at = groups.iter().position(|group| group.dialect == *dialect).unwrap_or_else(|| {
            groups.push(Group { dialect: *dialect, connections: Vec::new(), sockets: Array::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.connections.push(*connection);
            group.sockets.push(ws.as_ref());
        }
    }
    if let Some(at) = groups.iter().position(|group| group.dialect == Dialect::Relay) {
        groups.swap(0, at);
    }
    groups
}

impl Group {
    /// Tells all of them: one encoding, and one crossing to JavaScript for each frame. Returns how many frames all of
    /// them got.
    fn tell(&self, open: &Open, notices: &[Notice], room: &Room) -> usize {
        let mut sent = 0;
        if self.dialect.skips_author() {
            sent += self.tell_all_but_authors(open, notices);
        } else {
            for frame in self.dialect.broadcast(notices) {
                sent += send_to_all(&self.sockets, &frame.into());
            }
        }
        if let Some(roster) = self.dialect.roster(notices, || room.members()) {
            sent += send_to_all(&self.sockets, &roster.into());
        }
        sent
    }

    /// Tells each notice to those whose doing it is not.
    fn tell_all_but_authors(&self, open: &Open, notices: &[Notice]) -> usize {
        let mut sent = 0;
        for notice in notices {
            let author = notice.author();
            for frame in self.dialect.broadcast(std::slice::from_ref(notice)) {
                let others = Array::new();
                for socket in self.connections.iter().filter_map(|connection| open.get(connection)) {
                    let member = socket.seat.member.as_ref().map(|(id, _)| *id);
                    if author.is_none() || author != member {
                        others.push(socket.ws.as_ref());
                    }
                }
                sent += send_to_all(&others, &frame.into());
            }
        }
        sent
    }
}

impl Socket {
    /// Whether it is one of those that are told piece by piece.
    fn hears_in_pieces(&self) -> bool {
        self.seat.hears() && self.dialect != Dialect::Relay
    }

    fn keep(&self, connection: ConnectionId) -> Result<(), Error> {
        kept::keep(&self.ws, connection, self.dialect, &self.seat)
    }
}

/// Ends every connection of a room, those included that it does not know.
pub(super) fn close_all(state: &State, code: CloseCode) {
    for (ws, kept) in kept::all(state) {
        // One with nothing kept may be a relay's line that was not greeted yet.
        if !matches!(kept, Some(Kept::Ended(_))) {
            end(&ws, code);
        }
    }
}

/// Ends a connection, and notes that with its WebSocket, so that a room which wakes does not count it.
fn end(ws: &WebSocket, code: CloseCode) {
    if !kept::keep_end(ws, code) {
        console_error!("an ended connection keeps its seat");
    }
    close(ws, code.number(), code.reason());
}

fn close(ws: &WebSocket, code: u16, reason: &str) {
    // It throws for a socket that is closed already.
    let _ = ws.close(Some(code), Some(reason));
}
