//! The Durable Object of a room, and of a relay: it turns what the platform calls into events, and applies effects. A
//! relay's is one without storage that has a line to its room. Both are one class, exported under two names
//! (scripts/build.mjs): what `worker` makes of a second would be 5 KiB of the bundle.
//!
//! Between an event and the last of its effects there is no await, so events can't interleave, and the
//! platform's output gate holds everything sent back until everything written is on disk.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{JsString, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{
    Date, DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketPair,
    WebSocketRequestResponsePair, console_error, durable_object,
};

use super::door::{self, Manner};
use super::line::Line;
use super::report::Reports;
use super::settings::Settings;
use super::sockets::{Sockets, close_all, give_way};
use super::store::Store;
use super::timer::Timer;
use super::visitor::visitor_of;
use super::{answer, choose_dialect, route_of};
use crate::lobby::ASK_PATH;
use crate::name::RoomName;
use crate::protocol::{self, Dialect, PING, PONG};
use crate::refusal::{CloseCode, Refusal};
use crate::relay::{self, ATTACH_PATH, wire};
use crate::room::{Archive, Effect, Event, Fault, Position, Reply, Room, Unreadable};
use crate::route::Route;

/// The mark on the object's state, on the JavaScript side, while something was taken that is not stored
/// and told yet. It outlives a panic, which takes this module's memory from under every room.
const UNSETTLED: &str = "parlorUnsettled";

/// A room, or a relay of one.
#[durable_object(alarm)]
pub struct RoomObject {
    shared: Rc<Shared>,
}

/// What an object is.
enum Part {
    /// A room.
    Room,
    /// A relay, of that key.
    Relay(String),
}

/// What the handlers, the timer and a relay's line share.
struct Shared {
    state: State,
    env: Env,
    part: Part,
    /// The room's.
    name: Option<RoomName>,
    settings: Settings,
    store: Store,
    /// What the lobby is told.
    reports: Rc<Reports>,
    /// Absent while asleep, and after a fault.
    awake: RefCell<Option<Awake>>,
    /// The name of the mark, and whether it stands.
    mark: (JsString, Cell<bool>),
    timer: Timer,
    /// A relay's to its room.
    line: Line,
    me: Weak<Self>,
}

struct Awake {
    room: Room,
    sockets: Sockets,
}

impl DurableObject for RoomObject {
    fn new(state: State, env: Env) -> Self {
        match WebSocketRequestResponsePair::new(PING, PONG) {
            Ok(pair) => state.set_websocket_auto_response(&pair),
            Err(error) => console_error!("no automatic answer to pings: {error:?}"),
        }
        let store = Store::new(state.storage());
        let settings = Settings::read(&env);
        let reports = Reports::new(&state, env.clone(), settings.limits.lobbies);
        let own = state.id().name().unwrap_or_default();
        let (name, part) = match relay::of_object_name(&own) {
            Some((room, key)) => (room, Part::Relay(key.to_owned())),
            None => (own.as_str(), Part::Room),
        };
        let name = RoomName::parse(name).ok();
        let shared = Rc::new_cyclic(|me: &Weak<Shared>| {
            let late = me.clone();
            let timer = Timer::new(move || {
                if let Some(shared) = late.upgrade() {
                    shared.timer.fired();
                    shared.happen(Event::Tick);
                }
            });
            let mark = (UNSETTLED.into(), Cell::new(false));
            let (awake, line, me) = (RefCell::new(None), Line::default(), me.clone());
            Shared { state, env, part, name, settings, store, reports, awake, mark, timer, line, me }
        });
        Self { shared }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.path() == ASK_PATH {
            return match self.read(|_, _| Ok(())) {
                Some(()) => self.shared.reports.answer(),
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
        self.shared.reports.count(|counters| counters.requests += 1);
        match route {
            Route::Connect(_) => self.open(&request),
            _ if matches!(self.shared.part, Part::Relay(_)) => answer::refused(&Refusal::NotFound),
            Route::Summary(_) => match self.read(|awake, _| Ok(awake.room.summary())) {
                Some(Some(summary)) => answer::json(200, serde_json::to_string(&summary)?),
                Some(None) => answer::refused(&Refusal::UnknownRoom),
                None => answer::refused(&Refusal::Fault),
            },
            Route::History(_) => {
                let (range, limit) = match answer::page_wanted(&request) {
                    Ok(wanted) => wanted,
                    Err(refusal) => return answer::refused(&refusal),
                };
                match self.read(|awake, store| awake.room.page(range, limit, store)) {
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
        self.shared.happen(Event::Alarm).ok_or_else(|| Error::RustError("fault in an alarm".to_owned()))?;
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
        self.shared.reports.count(|counters| counters.received += 1);
        let mut of_relay = None;
        self.handle(|awake| {
            let Some((connection, dialect)) = awake.sockets.find(&ws) else {
                awake.room.note_stray();
                return None;
            };
            if dialect == Dialect::Relay {
                of_relay = Some((connection, wire::read_ups(&message.as_string()?)));
                return None;
            }
            // Only text is a string on that side.
            let frame = message.as_string().ok_or(Unreadable::Binary).and_then(|text| {
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
                self.shared.happen(Event::Up(link, Box::new(up)));
            }
        }
        self.shared.give_way();
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
        let choice = match choose_dialect(request, self.shared.settings.default_dialect) {
            Ok(choice) => choice,
            Err(refusal) => return answer::refused(&refusal),
        };
        let visitor = visitor_of(request);
        let pair = WebSocketPair::new()?;
        let (mut admitted, mut elsewhere) = (Ok(()), None);
        let region = door::region_of(request);
        let settled = self.handle(|awake| {
            let now_ms = Date::now().as_millis();
            admitted = awake.room.admit(&visitor, now_ms);
            if admitted.is_err() {
                return None;
            }
            elsewhere = awake.room.place(&region, now_ms);
            if elsewhere.is_some() {
                return None;
            }
            self.shared.state.accept_web_socket(&pair.server);
            self.shared.reports.count(|counters| counters.opened += 1);
            Some(Event::Opened(awake.sockets.open(pair.server.clone(), choice.dialect), visitor))
        });
        if settled.is_none() {
            return answer::refused(&Refusal::Fault);
        }
        if let Err(refusal) = admitted {
            self.shared.reports.count(|counters| counters.refused(refusal.code()));
            return Manner::of(request).refuse(&refusal);
        }
        if let Some(key) = elsewhere {
            return answer::elsewhere(&key);
        }
        if let Some(opening) = choice.dialect.opening()
            && self
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
        let settled = self.handle(|awake| {
            self.shared.state.accept_web_socket(&pair.server);
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
        let settled = self.shared.settle(|awake, now_ms, store| {
            let (effects, outcome) = awake.room.publish(post, &visitor, now_ms, store)?;
            published = outcome;
            Ok(effects)
        });
        match (settled, published) {
            (None, _) => answer::refused(&Refusal::Fault),
            (_, Err(refusal)) => self.refuse(&refusal),
            (_, Ok(published)) => match self.read(|awake, store| awake.room.message(published.seq, store)) {
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
        match self.read(|awake, store| awake.room.order_kept(&visitor, before, limit, store)) {
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
        self.shared.settle(|awake, now_ms, store| {
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
        self.shared.reports.count(|counters| counters.refused(refusal.code()));
        answer::refused(refusal)
    }

    /// Lets the room handle the event that `make` makes of what happened, if any.
    fn handle(&self, make: impl FnOnce(&mut Awake) -> Option<Event>) -> Option<()> {
        self.shared.settle(|awake, now_ms, store| match make(awake) {
            Some(event) => awake.room.handle(event, now_ms, store),
            None => Ok(Vec::new()),
        })
    }

    fn ended(&self, ws: &WebSocket) {
        self.handle(|awake| {
            let (connection, _) = awake.sockets.find(ws)?;
            awake.sockets.remove(connection);
            Some(Event::Closed(connection))
        });
    }

    /// Reads something of the room that changes nothing. None after a fault.
    fn read<T>(&self, read: impl FnOnce(&Awake, &dyn Archive) -> std::result::Result<T, Fault>) -> Option<T> {
        let mut answer = None;
        self.shared.settle(|awake, _, store| {
            answer = Some(read(awake, store)?);
            Ok(Vec::new())
        });
        answer
    }
}

impl Shared {
    /// Wakes the room if it sleeps, does one thing to it, and applies what follows from that. None after
    /// a fault, which ends all its connections; the next event restores the room from storage.
    fn settle(
        &self,
        act: impl FnOnce(&mut Awake, u64, &dyn Archive) -> std::result::Result<Vec<Effect>, Fault>,
    ) -> Option<()> {
        let now_ms = Date::now().as_millis();
        let mut slot = self.awake.borrow_mut();
        let outcome = self.wake(&mut slot, now_ms).and_then(|awake| {
            self.mark_unsettled(true);
            let effects = act(awake, now_ms, &self.store)?;
            self.apply(awake, effects)?;
            awake.room.applied();
            self.timer.set(awake.room.timeout(), now_ms);
            self.mark_unsettled(awake.room.is_unsettled());
            let rows = self.store.take_rows();
            self.reports.count(|counters| {
                counters.rows_written += rows.written;
                counters.rows_read += rows.read;
            });
            if matches!(self.part, Part::Room) {
                self.reports.observe(&awake.room, now_ms);
            }
            Ok(())
        });
        outcome.map_err(|fault| self.fail(&mut slot, now_ms, &fault)).ok()
    }

    fn wake<'a>(
        &self,
        slot: &'a mut Option<Awake>,
        now_ms: u64,
    ) -> std::result::Result<&'a mut Awake, Fault> {
        let awake = match slot.take() {
            Some(awake) => awake,
            None => self.restore(now_ms)?,
        };
        Ok(slot.insert(awake))
    }

    fn restore(&self, now_ms: u64) -> std::result::Result<Awake, Fault> {
        let lost = self.is_marked_unsettled();
        if lost {
            // A panic took what was not told yet. Members who reconnect miss nothing; those who stay might.
            console_error!("memory lost with something unsettled: closing the room's connections");
            close_all(&self.state, CloseCode::Fault);
            self.mark_unsettled(false);
        }
        let name = self.name.clone().ok_or_else(|| Fault::Storage("an object that is no room".to_owned()))?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| Fault::Storage(error.to_string()))?;
        if matches!(self.part, Part::Relay(_)) {
            // What its members have seen is not known any more: they resume on their own.
            close_all(&self.state, CloseCode::Restart);
            let (sockets, _) = Sockets::restore(&self.state);
            let room = Room::relay(name, self.settings.limits.clone(), seed, now_ms);
            return Ok(Awake { room, sockets });
        }
        let mut saved = self.store.load(now_ms)?;
        let (sockets, seats) = Sockets::restore(&self.state);
        saved.seats = seats;
        let room = Room::restore(name, self.settings.limits.clone(), saved, seed, now_ms);
        self.reports.woke(&room, lost);
        Ok(Awake { room, sockets })
    }

    fn apply(&self, awake: &mut Awake, effects: Vec<Effect>) -> std::result::Result<(), Fault> {
        for effect in effects {
            match effect {
                Effect::Create(meta) => self.store.create(&meta)?,
                Effect::Append(rows) => self.store.append(rows)?,
                Effect::Rewrite(row) => self.store.append(vec![row])?,
                Effect::Clear(meta) => self.store.clear(&meta)?,
                Effect::Rule(rules) => self.store.rule(&rules)?,
                Effect::Record(record) => self.store.record(&record)?,
                Effect::Trim(first) => self.store.trim(first)?,
                Effect::Wipe => self.store.wipe()?,
                Effect::WakeAt(at_ms) => self.store.wake_at(at_ms)?,
                Effect::Seat(connection, seat) => {
                    awake
                        .sockets
                        .seat(connection, seat)
                        .map_err(|error| Fault::Storage(error.to_string()))?;
                }
                Effect::Broadcast(notices) => {
                    let frames = awake.sockets.broadcast(&notices, &awake.room);
                    self.reports.count(|counters| counters.broadcast(notices.len(), frames));
                }
                Effect::Send(connection, reply) => {
                    if let Reply::Refused { refusal, .. } | Reply::Unsaid { refusal, .. } = &reply {
                        self.reports.count(|counters| counters.refused(refusal.code()));
                    }
                    awake.sockets.send(connection, &reply);
                }
                Effect::Close(connection, code) => awake.sockets.close(connection, code),
                Effect::Connect(position) => self.connect(position.as_ref()),
                Effect::Up(frame) => self.line.send(&frame),
                Effect::Disconnect => self.line.end(),
            }
        }
        Ok(())
    }

    /// Lets something happen to the room.
    fn happen(&self, event: Event) -> Option<()> {
        self.settle(|awake, now_ms, archive| awake.room.handle(event, now_ms, archive))
    }

    /// Gives others their turn after too many frames that led to nothing.
    fn give_way(&self) {
        if self.awake.borrow_mut().as_mut().is_some_and(|awake| awake.room.gives_way()) {
            give_way(self.state.as_raw().as_ref());
        }
    }

    /// Makes a relay's line to its room.
    fn connect(&self, position: Option<&Position>) {
        let (Part::Relay(key), Some(room)) = (&self.part, &self.name) else { return };
        let me = self.me.clone();
        self.line.connect(&self.env, room, key, position, move |heard| {
            if let Some(shared) = me.upgrade() {
                shared.happen(match heard {
                    Some(frame) => Event::Down(wire::read_downs(&frame)),
                    None => Event::Cut,
                });
            }
        });
    }

    fn fail(&self, slot: &mut Option<Awake>, now_ms: u64, fault: &Fault) {
        console_error!("room {}: {fault}", self.state.id().name().unwrap_or_default());
        if let Some(mut awake) = slot.take() {
            for effect in awake.room.give_up() {
                if let Effect::Send(connection, reply) = effect {
                    awake.sockets.send(connection, &reply);
                }
            }
        }
        self.timer.set(None, now_ms);
        self.line.end();
        close_all(&self.state, CloseCode::Fault);
        self.mark_unsettled(false);
    }

    fn mark_unsettled(&self, unsettled: bool) {
        let (name, stands) = &self.mark;
        if stands.replace(unsettled) == unsettled {
            return;
        }
        if Reflect::set(self.state.as_raw().as_ref(), name, &JsValue::from(unsettled)).is_err() {
            console_error!("the object's state takes no mark: a panic may lose presence");
        }
    }

    fn is_marked_unsettled(&self) -> bool {
        let (name, stands) = &self.mark;
        stands.set(Reflect::get(self.state.as_raw().as_ref(), name).is_ok_and(|mark| mark.is_truthy()));
        stands.get()
    }
}
