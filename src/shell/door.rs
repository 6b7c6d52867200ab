//! The Worker's door: who asks, from which page, with which token. Nothing behind it is touched for those whom
//! it turns away.

use js_sys::Reflect;
use web_sys::RequestInit;
use worker::wasm_bindgen::JsCast;
use worker::{Date, Env, Headers, Method, Request, Response, Result, WebSocketPair, console_error};

use super::answer;
use super::settings::{Settings, variable};
use super::visitor::VISITOR;
use crate::auth::Doors;
use crate::name::RoomName;
use crate::origin::Origins;
use crate::protocol::Dialect;
use crate::refusal::Refusal;
use crate::relay;
use crate::room::visitor::Visitor;

/// The header in which the Worker tells a room which of its relays would be near, over the client's.
const REGION: &str = "Parlor-Region";

/// What the subprotocol of a token begins with.
const BEARER_SUBPROTOCOL: &str = "bearer.";

/// The door of a deployment, and somebody before it.
pub(super) struct Door {
    doors: Doors,
    settings: Settings,
    shown: Vec<String>,
    now_ms: u64,
}

impl Door {
    /// Reads what the operator has set and what the request shows.
    pub fn of(request: &Request, env: &Env) -> Self {
        let (doors, complaint) = Doors::from_variables(|name| variable(env, name));
        if let Some(complaint) = complaint {
            console_error!("{complaint}");
        }
        let shown = if doors.is_open() { Vec::new() } else { tokens(request) };
        Self { doors, settings: Settings::read(env), shown, now_ms: Date::now().as_millis() }
    }

    /// Lets somebody in to a room.
    pub fn admit(&self, room: &RoomName) -> std::result::Result<Visitor, Refusal> {
        self.doors.admit(&self.shown, Some(room), &self.settings.limits, self.now_ms)
    }

    /// Whether somebody may know of a room. One whose token is none at all is told so.
    pub fn sight(&self) -> std::result::Result<impl Fn(&str) -> bool + '_, Refusal> {
        if !self.doors.is_open() && !self.shown.is_empty() {
            self.doors.admit(&self.shown, None, &self.settings.limits, self.now_ms)?;
        }
        Ok(|room: &str| {
            self.doors.is_open() || RoomName::parse(room).is_ok_and(|room| self.admit(&room).is_ok())
        })
    }
}

/// Lets a page's request pass, or not.
pub(super) fn check_origin(request: &Request, env: &Env) -> std::result::Result<(), Refusal> {
    let (origins, wrong) = Origins::parse(variable(env, "ALLOWED_ORIGINS").as_deref());
    for complaint in wrong {
        console_error!("{complaint}");
    }
    let origin = header(request.headers(), "Origin");
    if origins.allow(origin.as_deref(), &request.inner().url()) {
        Ok(())
    } else {
        Err(Refusal::ForbiddenOrigin)
    }
}

/// The request as the room gets it: it tells who asks, over whatever the client says of itself, and holds no token.
pub(super) fn introduce(request: &Request, visitor: &Visitor) -> Result<Request> {
    let inner = request.inner();
    let url = without_token(&inner.url());
    let init: &RequestInit = inner.unchecked_ref();
    // Only a copy's headers can be changed.
    let mut copy = Request::from(web_sys::Request::new_with_str_and_init(&url, init)?).clone_mut()?;
    let headers = copy.headers_mut()?;
    headers.set(VISITOR, &visitor.in_ascii())?;
    headers.set(REGION, relay::region_of(&continent(inner).unwrap_or_default()))?;
    headers.delete("Authorization")?;
    if let Some(offered) = header(headers, "Sec-WebSocket-Protocol") {
        let kept: Vec<_> = subprotocols(&offered).filter(|it| !it.starts_with(BEARER_SUBPROTOCOL)).collect();
        if kept.is_empty() {
            headers.delete("Sec-WebSocket-Protocol")?;
        } else {
            headers.set("Sec-WebSocket-Protocol", &kept.join(", "))?;
        }
    }
    Ok(copy)
}

/// Where a request comes from, as the Worker tells the room.
pub(super) fn region_of(request: &Request) -> String {
    header(request.headers(), REGION).unwrap_or_else(|| "any".to_owned())
}

/// The continent that the platform tells of a request, if it does.
fn continent(request: &web_sys::Request) -> Option<String> {
    let cf = Reflect::get(request, &"cf".into()).ok()?;
    Reflect::get(&cf, &"continent".into()).ok()?.as_string()
}

/// How a request wants to be refused: by a status, or, since a page can't see the status of an upgrade, by a
/// connection that is closed at once.
pub(super) struct Manner {
    by_close: bool,
    subprotocol: Option<&'static str>,
}

impl Manner {
    /// Reads it: `?refusals=close` on an upgrade.
    pub fn of(request: &Request) -> Self {
        let may_upgrade = request.method() == Method::Get && is_upgrade(request);
        let by_close = may_upgrade && answer::query(request, "refusals").as_deref() == Some("close");
        // A browser drops a connection of which none of the subprotocols that it offered is taken.
        let offered = header(request.headers(), "Sec-WebSocket-Protocol").filter(|_| by_close);
        let subprotocol =
            offered.and_then(|offered| subprotocols(&offered).find_map(|it| Dialect::parse(it).ok()));
        Self { by_close, subprotocol: subprotocol.map(Dialect::name) }
    }

    /// Refuses.
    pub fn refuse(&self, refusal: &Refusal) -> Result<Response> {
        if !self.by_close {
            return answer::refused(refusal);
        }
        let mut response = turn_away(refusal.close_number(), &refusal.to_string())?;
        if let Some(subprotocol) = self.subprotocol {
            response.headers_mut().set("Sec-WebSocket-Protocol", subprotocol)?;
        }
        Ok(response)
    }
}

/// Refuses an upgrade by a close code.
pub(super) fn turn_away(code: u16, reason: &str) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    pair.server.close(Some(code), Some(reason))?;
    Response::from_websocket(pair.client)
}

/// Whether a request asks for a WebSocket.
pub(super) fn is_upgrade(request: &Request) -> bool {
    header(request.headers(), "Upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
}

/// The tokens that a request shows, wherever they are.
fn tokens(request: &Request) -> Vec<String> {
    let headers = request.headers();
    let authorization = header(headers, "Authorization");
    let bearer = authorization.as_deref().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let offered = header(headers, "Sec-WebSocket-Protocol").unwrap_or_default();
    let by_subprotocol = subprotocols(&offered).filter_map(|it| it.strip_prefix(BEARER_SUBPROTOCOL));
    let by_subprotocol: Vec<_> = by_subprotocol.map(str::to_owned).collect();
    bearer.into_iter().chain(by_subprotocol).chain(answer::query(request, "token")).collect()
}

fn header(headers: &Headers, name: &str) -> Option<String> {
    headers.get(name).ok().flatten()
}

fn subprotocols(offered: &str) -> impl Iterator<Item = &str> {
    offered.split(',').map(str::trim).filter(|it| !it.is_empty())
}

/// A URL without what shows a token in it.
fn without_token(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let shows_none = |pair: &&str| form_urlencoded::parse(pair.as_bytes()).all(|(name, _)| name != "token");
    format!("{path}?{}", query.split('&').filter(shows_none).collect::<Vec<_>>().join("&"))
}
