//! HTTP answers, all of them JSON, and the reading of queries and bodies.

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Request, Response, ResponseBuilder, Result};

use crate::limits::FRAME_BYTES_MAX;
use crate::protocol;
use crate::refusal::Refusal;
use crate::relay::placement::Placement;
use crate::room::Post;
use crate::room::log::Range;

/// The media type of JSON.
pub(super) const JSON: &str = "application/json";
/// The media type of OpenMetrics.
pub(super) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The header in which a room names the relay that a connection, and some after it, belong to ([`Placement`]). It goes no further than the Worker.
pub(super) const ELSEWHERE: &str = "Parlor-Relay";

#[wasm_bindgen(module = "/src/shell/door.js")]
extern "C" {
    #[wasm_bindgen(js_name = readBody)]
    fn read_body(request: &web_sys::Request, bytes_max: u32) -> Promise;
}

/// Sends a connection to a relay.
pub(super) fn elsewhere(placement: &Placement) -> Result<Response> {
    let mut response = plain(String::new())?;
    response.headers_mut().set(ELSEWHERE, &placement.to_header())?;
    Ok(response)
}

/// Answers with a JSON text.
pub(super) fn json(status: u16, body: String) -> Result<Response> {
    text(status, body, JSON)
}

/// Answers with a text that only Parlor itself reads.
pub(super) fn plain(body: String) -> Result<Response> {
    text(200, body, "text/plain")
}

/// Answers with a text of some media type.
pub(super) fn text(status: u16, body: String, media_type: &str) -> Result<Response> {
    let response = ResponseBuilder::new()
        .with_status(status)
        .with_header("Content-Type", media_type)?
        .with_header("Cache-Control", "no-store")?
        .with_header("X-Content-Type-Options", "nosniff")?
        // `ok` would make it text/plain.
        .fixed(body.into_bytes());
    Ok(response)
}

/// Answers with a refusal in the shape of all errors.
pub(super) fn refused(refusal: &Refusal) -> Result<Response> {
    let mut response = json(refusal.http_status(), protocol::error_body(refusal))?;
    if let Some(after_ms) = refusal.retry_after_ms() {
        response.headers_mut().set("Retry-After", &after_ms.div_ceil(1_000).to_string())?;
    }
    if matches!(refusal, Refusal::Unauthorized(_)) {
        response.headers_mut().set("WWW-Authenticate", "Bearer")?;
    }
    if let Refusal::MethodNotAllowed { allowed } = refusal {
        response.headers_mut().set("Allow", allowed)?;
    }
    Ok(response)
}

/// The first value of a name in the query.
pub(super) fn query(request: &Request, name: &str) -> Option<String> {
    // The platform has parsed the URL; to parse it again with `url` would cost 20 KiB of the bundle.
    let url = request.inner().url();
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Reads which page of history a URL asks for.
pub(super) fn page_wanted(request: &Request) -> std::result::Result<(Range, usize), Refusal> {
    let limit = number(request, "limit")?.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    protocol::history(number(request, "before")?, number(request, "after")?, limit).map_err(Refusal::BadFrame)
}

/// Reads a whole number from the query.
pub(super) fn number(request: &Request, name: &str) -> std::result::Result<Option<u64>, Refusal> {
    let Some(text) = query(request, name) else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.map(Some).ok_or_else(|| Refusal::BadFrame(format!("`{name}` must be a whole number")))
}

/// Reads the body of a `POST` to a room.
pub(super) async fn post(request: &Request) -> Result<std::result::Result<Post, Refusal>> {
    let body = match body(request).await? {
        Ok(body) => body,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(protocol::post(&body).map_err(Refusal::BadFrame))
}

/// Reads which records of moderation a URL asks for.
pub(super) fn records_wanted(request: &Request) -> std::result::Result<(Option<u64>, usize), Refusal> {
    let (_, limit) = page_wanted(request)?;
    Ok((number(request, "before")?, limit))
}

/// Reads a body that is as long as a frame may be, and nothing of it beyond: it need not tell its length, nor end.
pub(super) async fn body(request: &Request) -> Result<std::result::Result<String, Refusal>> {
    let body = JsFuture::from(read_body(request.inner(), FRAME_BYTES_MAX as u32)).await?;
    Ok(body.as_string().ok_or(Refusal::TooLarge))
}
