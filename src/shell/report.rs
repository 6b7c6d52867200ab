//! The room's line to the lobby: counts what the room does, and sends a report when the [`Reporter`] says
//! so. Nothing waits for it, and nothing it meets reaches the room.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{
    Date, Env, Error, Response, Result, SqlStorage, State, WebSocketRequestResponsePair, console_error,
};

use super::answer;
use super::timer::Timer;
use crate::lobby::{Counters, REPORT_PATH, Report, Reporter, Standing, lobby_of};
use crate::protocol::{PING, PONG};
use crate::room::Room;

#[wasm_bindgen(module = "/src/shell/platform.js")]
extern "C" {
    /// Has the platform answer pings with this pair; without one they come to the object.
    #[wasm_bindgen(js_name = answerPings)]
    fn answer_pings(state: &JsValue, pair: Option<&JsValue>);
}

/// How a relay's frame begins that tells its room what it has counted. No line of `relay::wire` does.
const COUNTED: &str = "counted ";

/// What a room tells the lobby; of a relay, what it has counted.
pub(super) struct Reports {
    name: String,
    lobby: String,
    env: Env,
    sql: SqlStorage,
    object: JsValue,
    /// What the platform answers pings with, and whether it does.
    pings: (JsValue, Cell<bool>),
    reporter: RefCell<Reporter>,
    timer: Timer,
    me: Weak<Self>,
}

impl Reports {
    /// Has told nothing yet.
    pub fn new(state: &State, env: Env, lobbies: u64) -> Rc<Self> {
        let name = state.id().name().unwrap_or_default();
        let lobby = lobby_of(&name, lobbies);
        let sql = state.storage().sql();
        let pings = WebSocketRequestResponsePair::new(PING, PONG)
            .inspect(|pair| state.set_websocket_auto_response(pair))
            .inspect_err(|error| console_error!("no automatic answer to pings: {error:?}"))
            .map_or(JsValue::UNDEFINED, JsValue::from);
        let (object, pings) = (state.as_raw().into(), (pings, Cell::new(true)));
        Rc::new_cyclic(|me: &Weak<Self>| {
            let late = me.clone();
            let timer = Timer::new(move || {
                if let Some(reports) = late.upgrade() {
                    reports.timer.fired();
                    reports.report_if_due(Date::now().as_millis());
                }
            });
            Self { name, lobby, env, sql, object, pings, reporter: RefCell::default(), timer, me: me.clone() }
        })
    }

    /// Counts something.
    pub fn count(&self, count: impl FnOnce(&mut Counters)) {
        count(&mut self.reporter.borrow_mut().counters);
    }

    /// Notes how a room stands that was restored just now. `lost`: after a panic, which may have taken
    /// what would have been told.
    pub fn woke(&self, room: &Room, lost: bool) {
        let bytes = self.sql.database_size() as u64;
        self.reporter.borrow_mut().woke(Standing { bytes, ..standing(room) }, lost);
    }

    /// Notes how the room stands after an event. If it is time to tell the lobby, the next turn of the event loop
    /// does, so that those in the room hear first.
    pub fn observe(&self, room: &Room, now_ms: u64) {
        let mut reporter = self.reporter.borrow_mut();
        reporter.observe(standing(room));
        let at_ms = if reporter.is_due(now_ms) { Some(0) } else { reporter.timeout() };
        drop(reporter);
        self.set_timer(at_ms, now_ms);
    }

    /// What a relay has counted since it told its room last, if anything. One that has told nobody anything since leaves
    /// pings to the platform again.
    pub fn take_counted(&self) -> Option<String> {
        let counters = std::mem::take(&mut self.reporter.borrow_mut().counters);
        if counters.batched == 0 {
            self.leave_pings(true);
        }
        let mut frame = COUNTED.to_owned();
        counters.write(&mut frame);
        (counters != Counters::default()).then_some(frame)
    }

    /// Counts as the room's own what a relay has counted. Returns whether the frame was about that.
    pub fn add_counted(&self, frame: &str) -> bool {
        let counted = frame.strip_prefix(COUNTED).map(Counters::from_line);
        if let Some(Some(counters)) = &counted {
            self.count(|own| own.add(counters));
        }
        counted.is_some()
    }

    /// Answers the lobby, which asks.
    pub fn answer(&self) -> Result<Response> {
        let report = self.take(Date::now().as_millis());
        self.reporter.borrow_mut().told();
        answer::plain(report.to_line())
    }

    fn report_if_due(&self, now_ms: u64) {
        let is_due = self.reporter.borrow().is_due(now_ms);
        if is_due && let Some(me) = self.me.upgrade() {
            let report = self.take(now_ms);
            spawn_local(async move {
                let sent = me.send(&report).await;
                match sent {
                    Ok(()) => me.reporter.borrow_mut().told(),
                    Err(error) => {
                        console_error!("the lobby was not told: {error}");
                        me.reporter.borrow_mut().not_told(&report);
                    }
                }
                let at_ms = me.reporter.borrow().timeout();
                me.set_timer(at_ms, Date::now().as_millis());
            });
        }
        let at_ms = self.reporter.borrow().timeout();
        self.set_timer(at_ms, now_ms);
    }

    fn take(&self, now_ms: u64) -> Report {
        let bytes = self.sql.database_size() as u64;
        self.reporter.borrow_mut().take(&self.name, bytes, now_ms)
    }

    /// While a report is to come the object is awake anyway, and answers pings itself: so they are counted, and a flood of
    /// them ends. A quiet room leaves them to the platform, and is not woken.
    fn set_timer(&self, at_ms: Option<u64>, now_ms: u64) {
        self.timer.set(at_ms, now_ms);
        self.leave_pings(at_ms.is_none());
    }

    /// Leaves pings to the platform, or takes them. A relay is awake in any case, but a ping that it takes costs a twentieth of a
    /// request: it does while it tells its members something, so that those who ping for want of anything heard don't.
    pub fn leave_pings(&self, to_platform: bool) {
        let (pair, left) = &self.pings;
        if left.replace(to_platform) != to_platform {
            answer_pings(&self.object, to_platform.then_some(pair));
        }
    }

    async fn send(&self, report: &Report) -> Result<()> {
        // In the URL: a report has some 200 characters, and a request with a body costs 6 KiB of the bundle.
        let url = format!("http://lobby{REPORT_PATH}{}", report.to_line().replace(' ', "+"));
        let lobby = self.env.durable_object("LOBBY")?.get_by_name(&self.lobby)?;
        match lobby.fetch_with_str(&url).await?.status_code() {
            200 => Ok(()),
            status => Err(Error::RustError(format!("status {status}"))),
        }
    }
}

fn standing(room: &Room) -> Standing {
    let Some((connections, messages, active_at)) = room.numbers() else { return Standing::default() };
    Standing { connections: connections as u64, messages, active_at, bytes: 0 }
}
