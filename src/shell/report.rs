//! The room's line to the lobby: counts what the room does, and sends a report when the [`Reporter`] says
//! so. Nothing waits for it, and nothing it meets reaches the room.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use worker::wasm_bindgen_futures::spawn_local;
use worker::{Date, Env, Error, Response, Result, SqlStorage, State, console_error};

use super::answer;
use super::timer::Timer;
use crate::lobby::{Counters, REPORT_PATH, Report, Reporter, Standing, lobby_of};
use crate::room::Room;

/// What a room tells the lobby.
pub(super) struct Reports {
    name: String,
    lobby: String,
    env: Env,
    sql: SqlStorage,
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
        Rc::new_cyclic(|me: &Weak<Self>| {
            let late = me.clone();
            let timer = Timer::new(move || {
                if let Some(reports) = late.upgrade() {
                    reports.timer.fired();
                    reports.report_if_due(Date::now().as_millis());
                }
            });
            Self { name, lobby, env, sql, reporter: RefCell::default(), timer, me: me.clone() }
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
        self.timer.set(at_ms, now_ms);
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
                me.set_timer(Date::now().as_millis());
            });
        }
        self.set_timer(now_ms);
    }

    fn take(&self, now_ms: u64) -> Report {
        let bytes = self.sql.database_size() as u64;
        self.reporter.borrow_mut().take(&self.name, bytes, now_ms)
    }

    fn set_timer(&self, now_ms: u64) {
        self.timer.set(self.reporter.borrow().timeout(), now_ms);
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
