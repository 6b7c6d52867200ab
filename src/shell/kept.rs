//! What is kept with each WebSocket while the room sleeps: a line of text with tabs between its fields. No JSON: a
//! room that wakes reads one for each connection before anybody hears, and this takes a fraction of that.

use js_sys::JsString;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Error, Result, State, WebSocket};

use crate::name::DisplayName;
use crate::protocol::Dialect;
use crate::refusal::CloseCode;
use crate::relay::wire;
use crate::room::presence::MemberId;
use crate::room::visitor::Visitor;
use crate::room::{ConnectionId, Seat};

/// The first field of a connection that has ended; a number in others.
const ENDED: &str = "ended";

/// What is kept with a WebSocket: below 2,000 bytes of the 16,384 allowed.
pub(super) enum Kept {
    /// The connection is open.
    Seat(ConnectionId, Dialect, Seat),
    /// The room has ended it, with this close code.
    Ended(u16),
}

#[wasm_bindgen(module = "/src/shell/platform.js")]
extern "C" {
    fn held(state: &JsValue) -> Vec<JsValue>;
    #[wasm_bindgen(catch)]
    fn attach(socket: &web_sys::WebSocket, text: &str) -> std::result::Result<(), JsValue>;
}

/// All WebSockets of an object, with what is kept with them; one of which that can't be read has nothing.
pub(super) fn all(state: &State) -> Vec<(WebSocket, Option<Kept>)> {
    let mut held = held(state.as_raw().as_ref()).into_iter();
    let lines = held.next().map(JsString::from).map(String::from).unwrap_or_default();
    let sockets = held.map(|socket| WebSocket::from(socket.unchecked_into::<web_sys::WebSocket>()));
    sockets.zip(lines.split('\n').map(read)).collect()
}

/// Keeps a seat with its WebSocket.
pub(super) fn keep(ws: &WebSocket, connection: ConnectionId, dialect: Dialect, seat: &Seat) -> Result<()> {
    let (member, name) = match &seat.member {
        Some((member, name)) => (member.to_string(), name.as_str()),
        None => Default::default(),
    };
    let (key, count) = match &seat.relay {
        Some(relay) => (relay.0.as_str(), wire::spell_count(&relay.1)),
        None => Default::default(),
    };
    let nobody = seat.visitor == Visitor::default();
    let visitor = if nobody { String::new() } else { serde_json::to_string(&seat.visitor)? };
    let (connection, opened_at) = (connection.0.to_string(), seat.opened_at.to_string());
    let listens = if seat.listens { "listens" } else { "" };
    // No name has a tab or a line feed, and JSON escapes them; a count has tabs, and is the last.
    let fields: [&str; 9] =
        [&connection, dialect.name(), &opened_at, &member, name, listens, key, &visitor, &count];
    attach(ws.as_ref(), &fields.join("\t")).map_err(|_| Error::RustError("no attachment".to_owned()))
}

/// Notes with a WebSocket that the room has ended the connection. Returns whether it could be.
pub(super) fn keep_end(ws: &WebSocket, code: CloseCode) -> bool {
    attach(ws.as_ref(), &[ENDED, &code.number().to_string()].join("\t")).is_ok()
}

fn read(line: &str) -> Option<Kept> {
    let mut fields = line.splitn(9, '\t');
    let mut next = || fields.next();
    let first = next()?;
    if first == ENDED {
        return Some(Kept::Ended(next()?.parse().ok()?));
    }
    let connection = ConnectionId(first.parse().ok()?);
    let dialect = Dialect::recall(next()?)?;
    let opened_at = next()?.parse().ok()?;
    let (member, name) = (next()?.parse().ok(), next()?);
    let member = member.map(|id| (MemberId::new(id), DisplayName::stored(name.to_owned())));
    let listens = !next()?.is_empty();
    let (key, visitor) = (next()?, next()?);
    let relay = wire::read_count(next()?).map(|count| Box::new((key.to_owned(), count)));
    let visitor = if visitor.is_empty() { Visitor::default() } else { Visitor::read(visitor) };
    Some(Kept::Seat(connection, dialect, Seat { opened_at, member, listens, visitor, relay }))
}
