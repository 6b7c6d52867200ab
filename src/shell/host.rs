//! What hosts a room, or a relay, in its Durable Object: it wakes it, gives it events, applies effects, and ends it
//! after a fault.
//!
//! Between an event and the last of its effects there is no await, so events can't interleave, and the
//! platform's output gate holds everything sent back until everything written is on disk.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{JsString, Reflect};
use wasm_bindgen::JsValue;
use worker::{Date, Env, State, console_error};

use super::line::Line;
use super::report::Reports;
use super::settings::Settings;
use super::sockets::{Sockets, close_all, give_way};
use super::store::Store;
use super::timer::Timer;
use crate::name::RoomName;
use crate::protocol::PING;
use crate::refusal::CloseCode;
use crate::relay::{self, wire};
use crate::room::{Archive, Effect, Event, Fault, Position, Reply, Room};

/// The mark on the object's state, on the JavaScript side, while something was taken that is not stored
/// and told yet. It outlives a panic, which takes this module's memory from under every room.
const UNSETTLED: &str = "parlorUnsettled";

/// What an object is.
pub(super) enum Part {
    /// A room.
    Room,
    /// A relay, of that key.
    Relay(String),
}

/// What the handlers, the timer and a relay's line share.
pub(super) struct Host {
    pub state: State,
    env: Env,
    pub part: Part,
    /// The room's.
    name: Option<RoomName>,
    pub settings: Settings,
    store: Store,
    /// What the lobby is told.
    pub reports: Rc<Reports>,
    /// Absent while asleep, and after a fault.
    awake: RefCell<Option<Awake>>,
    /// The name of the mark, and whether it stands.
    mark: (JsString, Cell<bool>),
    timer: Timer,
    /// A relay's to its room.
    line: Line,
    me: Weak<Self>,
}

/// Something to do to a room: what follows from it are effects.
type Act<'a> = &'a mut dyn FnMut(&mut Awake, u64, &dyn Archive) -> Result<Vec<Effect>, Fault>;

/// A room in memory, and its WebSockets.
pub(super) struct Awake {
    pub room: Room,
    pub sockets: Sockets,
}

impl Host {
    /// Hosts what the object's name says, asleep.
    pub fn new(state: State, env: Env) -> Rc<Self> {
        let store = Store::new(state.storage());
        let settings = Settings::of(&env);
        let reports = Reports::new(&state, env.clone(), settings.limits.lobbies);
        let own = state.id().name().unwrap_or_default();
        let (name, part) = match relay::of_object_name(&own) {
            Some((room, key)) => (room, Part::Relay(key.to_owned())),
            None => (own.as_str(), Part::Room),
        };
        let name = RoomName::parse(name).ok();
        Rc::new_cyclic(|me: &Weak<Host>| {
            let late = me.clone();
            let timer = Timer::new(move || {
                if let Some(host) = late.upgrade() {
                    host.timer.fired();
                    host.turn();
                }
            });
            let mark = (UNSETTLED.into(), Cell::new(false));
            let (awake, line, me) = (RefCell::new(None), Line::default(), me.clone());
            Host { state, env, part, name, settings, store, reports, awake, mark, timer, line, me }
        })
    }

    /// Wakes the room if it sleeps, does one thing to it, and applies what follows from that. None after
    /// a fault, which ends all its connections; the next event restores the room from storage.
    pub fn settle(
        &self,
        act: impl FnOnce(&mut Awake, u64, &dyn Archive) -> Result<Vec<Effect>, Fault>,
    ) -> Option<()> {
        let mut act = Some(act);
        self.settle_this(&mut |awake, now_ms, store| match act.take() {
            Some(act) => act(awake, now_ms, store),
            None => Ok(Vec::new()),
        })
    }

    /// [`Host::settle`], once in the bundle for all that is done.
    fn settle_this(&self, act: Act<'_>) -> Option<()> {
        let now_ms = Date::now().as_millis();
        let mut slot = self.awake.borrow_mut();
        let outcome = self.wake(&mut slot, now_ms).and_then(|awake| {
            self.mark_unsettled(true);
            let effects = act(awake, now_ms, &self.store)?;
            self.apply(awake, effects, now_ms)?;
            let piece_at = awake.sockets.timeout(now_ms);
            self.timer.set(awake.room.timeout().into_iter().chain(piece_at).min(), now_ms);
            self.mark_unsettled(piece_at.is_some() || awake.room.is_unsettled());
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

    /// Lets the room handle the event that `make` makes of what happened, if any.
    pub fn handle(&self, make: impl FnOnce(&mut Awake) -> Option<Event>) -> Option<()> {
        self.settle(|awake, now_ms, store| match make(awake) {
            Some(event) => awake.room.handle(event, now_ms, store),
            None => Ok(Vec::new()),
        })
    }

    /// Reads something of the room that changes nothing. None after a fault.
    pub fn read<T>(&self, read: impl FnOnce(&Awake, &dyn Archive) -> Result<T, Fault>) -> Option<T> {
        let mut answer = None;
        self.settle(|awake, _, store| {
            answer = Some(read(awake, store)?);
            Ok(Vec::new())
        });
        answer
    }

    fn wake<'a>(&self, slot: &'a mut Option<Awake>, now_ms: u64) -> Result<&'a mut Awake, Fault> {
        let awake = match slot.take() {
            Some(awake) => awake,
            None => self.restore(now_ms)?,
        };
        Ok(slot.insert(awake))
    }

    fn restore(&self, now_ms: u64) -> Result<Awake, Fault> {
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
            let (sockets, _) = Sockets::restore(&self.state, &self.settings.limits);
            let room = Room::relay(name, self.settings.limits.clone(), seed, now_ms);
            return Ok(Awake { room, sockets });
        }
        let mut saved = self.store.load(now_ms)?;
        let (sockets, seats) = Sockets::restore(&self.state, &self.settings.limits);
        saved.seats = seats;
        let room = Room::restore(name, self.settings.limits.clone(), saved, seed, now_ms);
        self.reports.woke(&room, lost);
        Ok(Awake { room, sockets })
    }

    fn apply(&self, awake: &mut Awake, effects: Vec<Effect>, now_ms: u64) -> Result<(), Fault> {
        for effect in effects {
            match effect {
                Effect::Create(meta) => self.store.create(&meta)?,
                Effect::Append(rows) => {
                    self.store.append(rows)?;
                    awake.room.stored();
                }
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
                    let count = notices.len();
                    let frames = awake.sockets.broadcast(notices, &awake.room, now_ms);
                    self.reports.count(|counters| counters.broadcast(count, frames));
                    if matches!(self.part, Part::Relay(_)) {
                        self.reports.leave_pings(false);
                    }
                }
                Effect::Send(connection, reply) => {
                    if let Reply::Refused { refusal, .. } | Reply::Unsaid { refusal, .. } = &reply {
                        self.reports.count(|counters| counters.refused(refusal.code()));
                    }
                    awake.sockets.send(connection, &reply, &awake.room);
                }
                Effect::Close(connection, code) => awake.sockets.close(connection, code, &awake.room),
                Effect::Connect(position) => self.connect(position.as_ref()),
                Effect::Up(frame) => {
                    if frame == PING {
                        self.tell_counted();
                    }
                    self.line.send(&frame);
                }
                Effect::Disconnect => {
                    self.tell_counted();
                    self.line.end();
                }
            }
        }
        Ok(())
    }

    /// Tells a relay's room what was counted here since, beside what is said now and then anyway.
    fn tell_counted(&self) {
        if let Some(frame) = self.reports.take_counted() {
            self.line.send(&frame);
        }
    }

    /// Lets something happen to the room.
    pub fn happen(&self, event: Event) -> Option<()> {
        self.settle(|awake, now_ms, archive| awake.room.handle(event, now_ms, archive))
    }

    /// Does what was put off to this turn of the event loop: what the room wants to do now, and the next piece of a
    /// broadcast.
    fn turn(&self) {
        self.happen(Event::Tick);
        if self.awake.borrow().as_ref().is_some_and(|awake| awake.sockets.timeout(0).is_some()) {
            self.settle(|awake, now_ms, _| {
                let frames = awake.sockets.tell_piece(&awake.room, now_ms) as u64;
                self.reports.count(|counters| counters.frames += frames);
                Ok(Vec::new())
            });
        }
    }

    /// Gives others their turn after too many frames that led to nothing.
    pub fn give_way(&self) {
        if self.awake.borrow_mut().as_mut().is_some_and(|awake| awake.room.gives_way()) {
            give_way(self.state.as_raw().as_ref());
        }
    }

    /// Makes a relay's line to its room.
    fn connect(&self, position: Option<&Position>) {
        let (Part::Relay(key), Some(room)) = (&self.part, &self.name) else { return };
        let me = self.me.clone();
        self.line.connect(&self.env, room, key, position, move |heard| {
            if let Some(host) = me.upgrade() {
                host.happen(match heard {
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
                    awake.sockets.send(connection, &reply, &awake.room);
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
