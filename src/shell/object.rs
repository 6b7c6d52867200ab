//! The Durable Object of a room, and of a relay: it turns what the platform calls into events, and the room's answers
//! into responses. A relay's is one without storage that has a line to its room. Both are one class, exported under
//! two names (scripts/build.mjs): what `worker` makes of a second would be 5 KiB of the bundle.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{
    Date, DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketPair,
    console_error, durable_object,
};

use super::door::{self, Manner};
use super::host::{Host, Part};
use super::visitor::visitor_of;
use super::{answer, choose_dialect, route_of};
use crate::lobby::ASK_PATH;
use crate::protocol::{self, Dialect, PING, PONG};
use crate::refusal::Refusal;
use crate::relay::{ATTACH_PATH, wire};
use crate::room::{Event, Position, Unreadable};
use crate::route::Route;

/// A room, or a relay of one.
#[durable_object(alarm)]
pub struct RoomObject {
    host: Rc<Host>,
}

impl DurableObject for RoomObject {
    fn new(state: State, env: Env) -> Self {
        Self { host: Host::new(state, env) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.path() == ASK_PATH {
            return match self.host.read(|_, _| Ok(())) {
                Some(()) => self.host.reports.answer(),
                None => answer::refused(&Refusal::Fault),
            };
        }
        if request.path() == ATTACH_PATH {
            return self.attach(&request);
        }
        let route = match route_of(&request) {
            Ok(route) => route,
            Err(refusal) => return answer::refused(&refusal),
        };
        self.host.reports.count(|counters| counters.requests += 1);
        match route {
            Route::Connect(_) => self.open(&request),
            _ if matches!(self.host.part, Part::Relay(_)) => answer::refused(&Refusal::NotFound),
            Route::Summary(_) => match self.host.read(|awake, _| Ok(awake.room.summary())) {
                Some(Some(summary)) => answer::json(200, serde_json::to_string(&summary)?),
                Some(None) => answer::refused(&Refusal::UnknownRoom),
                None => answer::refused(&Refusal::Fault),
            },
            Route::History(_) => {
                let (range, limit) = match answer::page_wanted(&request) {
                    Ok(wanted) => wanted,
                    Err(refusal) => return answer::refused(&refusal),
                };
                match self.host.read(|awake, store| awake.room.page(range, limit, store)) {
                    Some(page) => answer::json(200, protocol::page_body(&page)),
                    None => answer::refused(&Refusal::Fault),
                }
            }
            Route::Publish(_) => self.publish(&mut request).await,
            Route::Order(_) => self.show_order(&request),
            Route::Moderate(_) => self.moderate(&mut request).await,
            _ => answer::refused(&Refusal::NotFound),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        // The platform repeats an alarm that failed.
        self.host.happen(Event::Alarm).ok_or_else(|| Error::RustError("fault in an alarm".to_owned()))?;
        Response::empty()
    }
}

/// What the platform calls for a WebSocket. Nothing in these waits, so they are no async functions as the rest
/// are: a promise and a task for each frame took more of a room's time than the room itself.
#[wasm_bindgen]
impl RoomObject {
    /// Takes a frame in.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn websocket_message(&self, ws: web_sys::WebSocket, message: JsValue) {
        let ws = WebSocket::from(ws);
        self.host.reports.count(|counters| counters.received += 1);
        let mut of_relay = None;
        self.host.handle(|awake| {
            let Some((connection, dialect)) = awake.sockets.find(&ws) else {
                awake.room.note_stray();
                return None;
            };
            // Only text is a string on that side.
            let text = message.as_string();
            if text.as_deref() == Some(PING) {
                // The platform left it to us: see `Reports::leave_pings`. Its answer is the same in each dialect.
                let _ = ws.send_with_str(PONG);
                let counted = Event::Received(connection, Err(Unreadable::Ignored));
                return (dialect != Dialect::Relay).then_some(counted);
            }
            if dialect == Dialect::Relay {
                let text = text?;
                if !self.host.reports.add_counted(&text) {
                    of_relay = Some((connection, wire::read_ups(&text)));
                }
                return None;
            }
            let frame = text.ok_or(Unreadable::Binary).and_then(|text| {
                awake.room.weigh(connection, text.len());
                let next = dialect.after(&text);
                if next != dialect
                    && let Err(error) = awake.sockets.speak(connection, next)
                {
                    console_error!("a connection does not keep how it speaks: {error}");
                }
                dialect.decode(&text, awake.room.has_joined(connection))
            });
            Some(Event::Received(connection, frame))
        });
        // What each of them writes is there for the next to read.
        if let Some((link, ups)) = of_relay {
            for up in ups {
                self.host.happen(Event::Up(link, Box::new(up)));
            }
        }
        self.host.give_way();
    }

    /// Takes the end of a connection in.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn websocket_close(&self, ws: web_sys::WebSocket, code: u16, reason: String) {
        let ws = WebSocket::from(ws);
        self.ended(&ws);
        // 1005 is a close without a code, and others may not be sent either: then it throws, and the answer is a
        // close without one. It throws, too, where the close was answered already or the connection is gone.
        let _ = ws.close(Some(code), Some(reason)).or_else(|_| ws.close::<&str>(None, None));
    }

    /// Takes the failure of a connection in.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn websocket_error(&self, ws: web_sys::WebSocket) {
        self.ended(&WebSocket::from(ws));
    }
}

impl RoomObject {
    fn open(&self, request: &Request) -> Result<Response> {
        let choice = match choose_dialect(request, self.host.settings.default_dialect) {
            Ok(choice) => choice,
            Err(refusal) => return answer::refused(&refusal),
        };
        let visitor = visitor_of(request);
        let pair = WebSocketPair::new()?;
        let (mut admitted, mut elsewhere) = (Ok(()), None);
        let asking = door::asking_of(request);
        let settled = self.host.handle(|awake| {
            let now_ms = Date::now().as_millis();
            admitted = awake.room.admit(&visitor, now_ms);
            if admitted.is_err() {
                return None;
            }
            elsewhere = awake.room.place(&asking, now_ms);
            if elsewhere.is_some() {
                return None;
            }
            self.host.state.accept_web_socket(&pair.server);
            self.host.reports.count(|counters| counters.opened += 1);
            Some(Event::Opened(awake.sockets.open(pair.server.clone(), choice.dialect), visitor))
        });
        if settled.is_none() {
            return answer::refused(&Refusal::Fault);
        }
        if let Err(refusal) = admitted {
            self.host.reports.count(|counters| counters.refused(refusal.code()));
            return Manner::of(request).refuse(&refusal);
        }
        if let Some(placement) = elsewhere {
            return answer::elsewhere(&placement);
        }
        if let Some(opening) = choice.dialect.opening()
            && self
                .host
                .handle(|awake| {
                    let (connection, _) = awake.sockets.find(&pair.server)?;
                    Some(Event::Received(connection, Ok(opening)))
                })
                .is_none()
        {
            return answer::refused(&Refusal::Fault);
        }
        let mut response = Response::from_websocket(pair.client)?;
        if choice.as_subprotocol {
            response.headers_mut().set("Sec-WebSocket-Protocol", choice.dialect.name())?;
        }
        Ok(response)
    }

    /// Lets a relay make its link.
    fn attach(&self, request: &Request) -> Result<Response> {
        let Some(key) = answer::query(request, "key") else { return answer::refused(&Refusal::NotFound) };
        let seq = answer::number(request, "seq").ok().flatten();
        let after = answer::query(request, "epoch").zip(seq).map(|(epoch, seq)| Position { epoch, seq });
        let pair = WebSocketPair::new()?;
        let settled = self.host.handle(|awake| {
            self.host.state.accept_web_socket(&pair.server);
            let link = awake.sockets.open(pair.server.clone(), Dialect::Relay);
            Some(Event::Attached(link, key, after))
        });
        match settled {
            Some(()) => Response::from_websocket(pair.client),
            None => answer::refused(&Refusal::Fault),
        }
    }

    async fn publish(&self, request: &mut Request) -> Result<Response> {
        let visitor = visitor_of(request);
        let post = match answer::post(request).await? {
            Ok(post) => post,
            Err(refusal) => return answer::refused(&refusal),
        };
        let mut published = Err(Refusal::Fault);
        let settled = self.host.settle(|awake, now_ms, store| {
            let (effects, outcome) = awake.room.publish(post, &visitor, now_ms, store)?;
            published = outcome;
            Ok(effects)
        });
        match (settled, published) {
            (None, _) => answer::refused(&Refusal::Fault),
            (_, Err(refusal)) => self.refuse(&refusal),
            (_, Ok(published)) => match self
                .host
                .read(|awake, store| awake.room.message(published.seq, store))
            {
                Some(line) => answer::json(if published.new { 201 } else { 200 }, line.as_str().to_owned()),
                None => answer::refused(&Refusal::Fault),
            },
        }
    }

    /// Shows a moderator how the room is kept.
    fn show_order(&self, request: &Request) -> Result<Response> {
        let visitor = visitor_of(request);
        let (before, limit) = match answer::records_wanted(request) {
            Ok(wanted) => wanted,
            Err(refusal) => return answer::refused(&refusal),
        };
        match self.host.read(|awake, store| awake.room.order_kept(&visitor, before, limit, store)) {
            Some(Ok(kept)) => answer::json(200, kept),
            Some(Err(refusal)) => self.refuse(&refusal),
            None => answer::refused(&Refusal::Fault),
        }
    }

    async fn moderate(&self, request: &mut Request) -> Result<Response> {
        let visitor = visitor_of(request);
        let order = match answer::body(request).await? {
            Ok(body) => protocol::order(&body).map_err(Refusal::BadFrame),
            Err(refusal) => Err(refusal),
        };
        let order = match order {
            Ok(order) => order,
            Err(refusal) => return self.refuse(&refusal),
        };
        let mut done = Err(Refusal::Fault);
        self.host.settle(|awake, now_ms, store| {
            let (effects, outcome) = awake.room.moderate_over_http(order, &visitor, now_ms, store)?;
            done = outcome;
            Ok(effects)
        });
        match done {
            Ok(record) => answer::json(200, protocol::record_body(&record)),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Result<Response> {
        self.host.reports.count(|counters| counters.refused(refusal.code()));
        answer::refused(refusal)
    }

    fn ended(&self, ws: &WebSocket) {
        self.host.handle(|awake| {
            let (connection, _) = awake.sockets.find(ws)?;
            awake.sockets.remove(connection);
            Some(Event::Closed(connection))
        });
    }
}
