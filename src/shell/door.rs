//! The Worker's door: who asks, from which page, with which token. Nothing behind it is touched for those whom
//! it turns away.

use std::cell::RefCell;

use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::RequestInit;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Context, Date, Env, Headers, Method, Request, Response, Result, WebSocketPair, console_error};

use super::answer;
use super::settings::{Settings, variable};
use super::visitor::VISITOR;
use crate::address;
use crate::auth::jwks::{Jwks, Step};
use crate::auth::keys::{Key, Material};
use crate::auth::token::Token;
use crate::auth::{Doors, Pass, PublicKeys};
use crate::limits::{JWKS_BYTES_MAX, JWKS_LOOK_MS, JWKS_TIMEOUT_MS, Limits};
use crate::name::RoomName;
use crate::origin::Origins;
use crate::protocol::Dialect;
use crate::refusal::Refusal;
use crate::relay;
use crate::relay::placement::Asking;
use crate::room::visitor::Visitor;

/// The header in which the Worker tells a room which of its relays would be near, and whom it sent to one without asking
/// ([`Asking`]), over the client's.
const REGION: &str = "Parlor-Region";

/// What the subprotocol of a token begins with.
const BEARER_SUBPROTOCOL: &str = "bearer.";

/// The header that the platform sets to where a request comes from, over whatever a client says.
const ADDRESS: &str = "CF-Connecting-IP";

thread_local! {
    /// The keys that lie at a URL, as this isolate knows them, and the URL.
    static JWKS: RefCell<(String, Jwks)> = RefCell::default();
}

#[wasm_bindgen(module = "/src/shell/door.js")]
extern "C" {
    #[wasm_bindgen(js_name = hasSigned)]
    fn has_signed(jwk: &str, algorithm: &str, signed: &str, signature: &[u8]) -> Promise;
    #[wasm_bindgen(js_name = readDocument)]
    fn read_document(url: &str, bytes_max: u32, ms_max: u32) -> Promise;
    #[wasm_bindgen(js_name = isWithinRate)]
    fn within_rate(env: &JsValue, limiter: &str, key: &str) -> Promise;
    fn later(ms: u32) -> Promise;
}

/// Somebody before a deployment's door, with what they have shown.
pub(super) struct Door {
    pass: std::result::Result<Pass, Refusal>,
    shows_token: bool,
    address: Option<String>,
}

impl Door {
    /// Reads what the operator has set and what the request shows.
    pub async fn of(request: &Request, env: &Env, context: &Context) -> Self {
        let (doors, complaint) = Doors::from_variables(|name| variable(env, name));
        if let Some(complaint) = complaint {
            console_error!("{complaint}");
        }
        let address = address_of(request);
        if doors.is_open() {
            return Self { pass: Ok(Pass::Anybody), shows_token: false, address };
        }
        let shown = tokens(request);
        let limits = Settings::of(env).limits;
        Self { pass: enter(&doors, &shown, &limits, context).await, shows_token: !shown.is_empty(), address }
    }

    /// Lets somebody in to a room.
    pub fn admit(self, room: &RoomName) -> std::result::Result<Visitor, Refusal> {
        Ok(Visitor { address: self.address, ..self.pass?.admit(room)? })
    }

    /// What somebody may know of, if of anything. One whose token is none at all is told so.
    pub fn sight(self) -> std::result::Result<Option<Pass>, Refusal> {
        match self.pass {
            Err(refusal) if self.shows_token => Err(refusal),
            pass => Ok(pass.ok()),
        }
    }
}

/// Looks at the tokens that somebody shows.
async fn enter(
    doors: &Doors,
    shown: &[String],
    limits: &Limits,
    context: &Context,
) -> std::result::Result<Pass, Refusal> {
    let vouched = match doors.take(shown)? {
        None => None,
        Some(token) => {
            let is_signed = doors.have_signed(&token)
                || match doors.public_keys() {
                    None => false,
                    Some(PublicKeys::Known(keys)) => one_has_signed(keys, &token).await,
                    Some(PublicKeys::At(url)) => {
                        one_has_signed(&keys_at(url, &token, limits, context).await?, &token).await
                    }
                };
            Some(token.vouched(is_signed)?)
        }
    };
    doors.pass(vouched, limits, Date::now().as_millis())
}

/// Whether one of these public keys has signed the token.
async fn one_has_signed(keys: &[Key], token: &Token<'_>) -> bool {
    for key in keys.iter().filter(|key| key.fits(token)) {
        let Material::Public(jwk) = &key.material else { continue };
        let asked = has_signed(jwk, key.algorithm.name(), token.signed, &token.signature);
        if JsFuture::from(asked).await.is_ok_and(|has_signed| has_signed == JsValue::TRUE) {
            return true;
        }
    }
    false
}

/// The keys that lie at a URL, as fresh as this token needs them.
async fn keys_at(
    url: &str,
    token: &Token<'_>,
    limits: &Limits,
    context: &Context,
) -> std::result::Result<Vec<Key>, Refusal> {
    loop {
        let now_ms = Date::now().as_millis();
        let step = with_jwks(url, |jwks| jwks.step(token, limits, now_ms));
        if matches!(step, Step::Ask | Step::DecideAndAsk) {
            with_jwks(url, |jwks| jwks.ask(now_ms));
            // Not as a part of this request: who asks may go away, and others wait for the answer.
            context.wait_until(fetch_keys(url.to_owned()));
        }
        match step {
            Step::Decide | Step::DecideAndAsk => return Ok(with_jwks(url, |jwks| jwks.keys().to_vec())),
            Step::Ask | Step::Wait => drop(JsFuture::from(later(JWKS_LOOK_MS)).await),
            Step::GiveUp => return Err(Refusal::AuthUnavailable),
        }
    }
}

async fn fetch_keys(url: String) {
    let answer = JsFuture::from(read_document(&url, JWKS_BYTES_MAX, JWKS_TIMEOUT_MS as u32)).await;
    let document = answer.ok().and_then(|answer| answer.as_string());
    let is_useful = with_jwks(&url, |jwks| jwks.answered(document.as_deref(), Date::now().as_millis()));
    if !is_useful {
        console_error!("AUTH_JWKS: no new keys; those known before stay");
    }
}

/// Does something with what is known of the keys at a URL. Another URL than before begins anew.
fn with_jwks<T>(url: &str, act: impl FnOnce(&mut Jwks) -> T) -> T {
    JWKS.with_borrow_mut(|(known, jwks)| {
        if known != url {
            (*known, *jwks) = (url.to_owned(), Jwks::default());
        }
        act(jwks)
    })
}

/// Whether the address that a request comes from is within its rate. Where the platform tells no address, or the
/// operator has bound no limiter, there is no limit.
pub(super) async fn is_within_rate(request: &Request, env: &Env) -> bool {
    let Some(address) = address_of(request) else { return true };
    let limiter = if is_upgrade(request) { "UPGRADES_BY_ADDRESS" } else { "REQUESTS_BY_ADDRESS" };
    JsFuture::from(within_rate(env, limiter, &address)).await.is_ok_and(|within| within != JsValue::FALSE)
}

fn address_of(request: &Request) -> Option<String> {
    address::limited(&header(request.headers(), ADDRESS)?)
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
pub(super) fn introduce(request: &Request, visitor: &Visitor, asking: &Asking) -> Result<Request> {
    let inner = request.inner();
    let url = without_token(&inner.url());
    let init: &RequestInit = inner.unchecked_ref();
    // Only a copy's headers can be changed.
    let mut copy = Request::from(web_sys::Request::new_with_str_and_init(&url, init)?).clone_mut()?;
    let headers = copy.headers_mut()?;
    headers.set(VISITOR, &visitor.in_ascii())?;
    headers.set(REGION, &asking.to_header())?;
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

/// Where a request comes from, and who came before it, as the Worker tells the room.
pub(super) fn asking_of(request: &Request) -> Asking {
    Asking::from_header(header(request.headers(), REGION).as_deref().unwrap_or("any"))
}

/// Where a request comes from, as the platform tells the Worker.
pub(super) fn region_of(request: &Request) -> &'static str {
    let continent = Reflect::get(request.inner(), &"cf".into())
        .and_then(|cf| Reflect::get(&cf, &"continent".into()))
        .map(|continent| continent.as_string());
    relay::region_of(&continent.ok().flatten().unwrap_or_default())
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
