//! The Durable Object of the lobby, and the Worker's line to it. It keeps a timer only while something is
//! to be written, so it sleeps when no room changes.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use worker::wasm_bindgen_futures::{JsFuture, spawn_local};
use worker::{
    Date, DurableObject, Env, Error, Request, Response, Result, SqlStorage, SqlStorageValue, State,
    console_error, durable_object,
};

use super::answer;
use super::settings::Settings;
use super::timer::Timer;
use crate::limits::OVERVIEW_MS;
use crate::lobby::{ASK_PATH, Directory, Overview, REPORT_PATH, Report, Row, lobby_name};
use crate::refusal::Refusal;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS page (page INTEGER PRIMARY KEY, body TEXT NOT NULL)";

/// What is known of all rooms.
#[durable_object(fetch)]
pub struct Lobby {
    shared: Rc<Shared>,
}

struct Shared {
    env: Env,
    sql: SqlStorage,
    lease_ms: u64,
    /// Absent until the first request.
    directory: RefCell<Option<Directory>>,
    timer: Timer,
}

impl DurableObject for Lobby {
    fn new(state: State, env: Env) -> Self {
        let lease_ms = Settings::of(&env).limits.lobby_lease_ms;
        let sql = state.storage().sql();
        let shared = Rc::new_cyclic(|shared: &Weak<Shared>| {
            let shared = shared.clone();
            let timer = Timer::new(move || {
                if let Some(shared) = shared.upgrade() {
                    shared.timer.fired();
                    shared.with(|_, _| ());
                }
            });
            Shared { env, sql, lease_ms, directory: RefCell::new(None), timer }
        });
        Self { shared }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        if let Some(line) = request.path().strip_prefix(REPORT_PATH) {
            let report = Report::from_line(&line.replace('+', " ")).ok_or_else(|| unreadable("a report"))?;
            self.shared.with(|directory, now_ms| directory.take(report, now_ms));
            return answer::plain(String::new());
        }
        let (overview, silent) =
            self.shared.with(|directory, now_ms| (directory.overview(now_ms), directory.to_ask(now_ms)));
        if !silent.is_empty() {
            let shared = self.shared.clone();
            // Who looks does not wait: the next look sees the answers.
            spawn_local(async move { shared.ask(silent).await });
        }
        answer::plain(overview.to_lines())
    }
}

impl Shared {
    /// Does something with the directory, and writes what is due.
    fn with<T>(&self, act: impl FnOnce(&mut Directory, u64) -> T) -> T {
        let now_ms = Date::now().as_millis();
        let mut slot = self.directory.borrow_mut();
        let directory = slot.get_or_insert_with(|| Directory::restore(self.read(), self.lease_ms));
        let result = act(directory, now_ms);
        let rows = directory.write(now_ms);
        if let Err(error) = self.write(rows) {
            console_error!("the lobby was not stored: {error}");
        }
        self.timer.set(directory.timeout(), now_ms);
        result
    }

    /// Asks rooms how they stand, one after the other.
    async fn ask(&self, rooms: Vec<String>) {
        for room in rooms {
            match self.ask_one(&room).await {
                Ok(report) => self.with(|directory, now_ms| directory.take(report, now_ms)),
                Err(error) => {
                    console_error!("a room does not answer the lobby: {error}");
                    self.with(|directory, _| directory.silent(&room));
                }
            }
        }
    }

    async fn ask_one(&self, room: &str) -> Result<Report> {
        let room = self.env.durable_object("ROOMS")?.get_by_name(room)?;
        let line = text_of(room.fetch_with_str(&format!("http://room{ASK_PATH}")).await?).await?;
        Report::from_line(&line).ok_or_else(|| unreadable("a room's answer"))
    }

    /// Reads all rows; none if there is no table yet, or it can't be read: rooms will report again.
    fn read(&self) -> Vec<Row> {
        let Ok(cursor) = self.sql.exec("SELECT page, body FROM page", None) else { return Vec::new() };
        let row = |row: Vec<SqlStorageValue>| match row.as_slice() {
            [SqlStorageValue::Integer(page), SqlStorageValue::String(body)] => {
                Some(Row { page: u64::try_from(*page).ok()?, body: body.clone() })
            }
            _ => None,
        };
        cursor.raw().filter_map(|values| row(values.ok()?)).collect()
    }

    fn write(&self, rows: Vec<Row>) -> Result<()> {
        if !rows.is_empty() {
            self.sql.exec(SCHEMA, None)?;
        }
        for Row { page, body } in rows {
            let page = SqlStorageValue::Integer(i64::try_from(page).unwrap_or_default());
            let values: Vec<SqlStorageValue> = vec![page, body.into()];
            self.sql.exec("INSERT OR REPLACE INTO page (page, body) VALUES (?, ?)", values)?;
        }
        Ok(())
    }
}

thread_local! {
    /// What this isolate saw last, and when.
    static SEEN: RefCell<Option<(u64, Rc<Overview>)>> = const { RefCell::new(None) };
}

/// All lobbies together, or what the Worker saw of them a moment ago.
pub(super) async fn overview(env: &Env) -> std::result::Result<Rc<Overview>, Refusal> {
    let now_ms = Date::now().as_millis();
    let seen = SEEN.with_borrow(Clone::clone);
    if let Some((at_ms, overview)) = seen
        && now_ms.saturating_sub(at_ms) < OVERVIEW_MS
    {
        return Ok(overview);
    }
    let overview = gather(env).await.map(Rc::new).map_err(|error| {
        console_error!("the lobby does not answer: {error}");
        Refusal::Fault
    })?;
    SEEN.set(Some((now_ms, overview.clone())));
    Ok(overview)
}

async fn gather(env: &Env) -> Result<Overview> {
    let mut all = Overview::default();
    for index in 0..Settings::of(env).limits.lobbies {
        let lobby = env.durable_object("LOBBY")?.get_by_name(&lobby_name(index))?;
        let lines = text_of(lobby.fetch_with_str("http://lobby/overview").await?).await?;
        all.add(Overview::from_lines(&lines).ok_or_else(|| unreadable("a lobby's overview"))?);
    }
    Ok(all)
}

/// Reads the text of an answer as the platform does: what `worker` has for it reads streams itself, and would be
/// some KiB of the bundle.
async fn text_of(answer: Response) -> Result<String> {
    let text = JsFuture::from(web_sys::Response::from(answer).text()?).await?;
    text.as_string().ok_or_else(|| unreadable("an answer"))
}

fn unreadable(what: &str) -> Error {
    Error::RustError(format!("{what} can't be read"))
}
