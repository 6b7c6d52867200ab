//! The only part that knows Cloudflare: the Worker, the Durable Object, its SQLite and its sockets.

mod answer;
mod door;
mod host;
mod kept;
mod line;
mod lobby;
mod object;
mod page;
mod report;
mod settings;
mod sockets;
mod store;
mod timer;
mod visitor;

use std::cell::RefCell;

use worker::{Context, Date, Env, Request, Response, Result, event};

use crate::limits::{ADDRESS_PERIOD_MS, LISTED_MAX};
use crate::lobby::metrics;
use crate::name::RoomName;
use crate::protocol::Dialect;
use crate::refusal::{CloseCode, Refusal};
use crate::relay;
use crate::relay::placement::{Asking, Placement, Placements};
use crate::room::visitor::Visitor;
use crate::route::{self, Route};
use answer::{JSON, OPEN_METRICS};
use door::{Door, Manner};
use settings::default_dialect;

thread_local! {
    /// Where this isolate was told to send newcomers.
    static PLACEMENTS: RefCell<Placements> = const { RefCell::new(Placements::new()) };
}

/// Answers a request, or hands it to the room that it is for.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    let manner = Manner::of(&request);
    match serve(request, &env, &context).await? {
        Ok(response) => Ok(response),
        Err(refusal) => manner.refuse(&refusal),
    }
}

async fn serve(request: Request, env: &Env, context: &Context) -> Result<Answer> {
    if !door::is_within_rate(&request, env).await {
        return Ok(Err(Refusal::RateLimited { retry_after_ms: ADDRESS_PERIOD_MS }));
    }
    let route = match route_of(&request) {
        Ok(route) => route,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if route.is_for_own_pages()
        && let Err(refusal) = door::check_origin(&request, env)
    {
        return Ok(Err(refusal));
    }
    match &route {
        Route::Health => return answer::json(200, r#"{"status":"ok"}"#.to_owned()).map(Ok),
        Route::Page => return page::show(request, env).await.map(Ok),
        _ => {}
    }
    let choice = match choose_dialect(&request, default_dialect(env)) {
        Err(refusal) if matches!(route, Route::Connect(_)) => return Ok(Err(refusal)),
        choice => choice,
    };
    let door = Door::of(&request, env, context).await;
    let Some(room) = route.room() else {
        return match numbers(&route, &request, env, door).await {
            Ok((body, media_type)) => answer::text(200, body, media_type).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        };
    };
    match door.admit(room) {
        Ok(visitor) => {
            let is_upgrade = matches!(route, Route::Connect(_));
            hand_over(room, &request, &visitor, is_upgrade, env).await.map(Ok)
        }
        Err(Refusal::Unauthorized(_))
            if choice.is_ok_and(|choice| choice.dialect.closes_the_unauthorized())
                && matches!(route, Route::Connect(_)) =>
        {
            let code = CloseCode::Unauthorized;
            door::turn_away(code.number(), code.reason()).map(Ok)
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// What a request is answered with, if it is not refused.
type Answer = std::result::Result<Response, Refusal>;

/// Tells somebody of all rooms together: a text and its media type.
async fn numbers(
    route: &Route,
    request: &Request,
    env: &Env,
    door: Door,
) -> std::result::Result<(String, &'static str), Refusal> {
    let limit = if *route == Route::Rooms { answer::number(request, "limit")? } else { None };
    let limit = limit.map_or(LISTED_MAX, |limit| usize::try_from(limit).unwrap_or(LISTED_MAX));
    let pass = if *route == Route::Status { None } else { door.sight()? };
    let shows = |room: &str| pass.as_ref().is_some_and(|pass| pass.shows(room));
    let all = lobby::overview(env).await?;
    Ok(match route {
        Route::Rooms => (all.list(limit, shows), JSON),
        Route::Metrics => (metrics(&all, shows), OPEN_METRICS),
        _ => (all.status(), JSON),
    })
}

/// Hands a request to a room, or an upgrade to the relay that the room sends it to.
async fn hand_over(
    room: &RoomName,
    request: &Request,
    visitor: &Visitor,
    is_upgrade: bool,
    env: &Env,
) -> Result<Response> {
    let (region, now_ms) = (door::region_of(request), Date::now().as_millis());
    let (known, asking) = PLACEMENTS.with_borrow_mut(|placements| {
        let known = is_upgrade.then(|| placements.take(room.as_str(), region, now_ms)).flatten();
        let asks = is_upgrade && known.is_none();
        let asking = if asks { placements.ask(room.as_str(), region) } else { Asking::of(region) };
        (known, asking)
    });
    let introduced = door::introduce(request, visitor, &asking)?;
    // An upgrade has no body that it could be handed over without.
    let again = Clone::clone(introduced.inner());
    let key = match known {
        Some(key) => key,
        None => {
            let asked = env.durable_object("ROOMS")?.get_by_name(room.as_str())?;
            let answer = asked.fetch_with_request(introduced).await?;
            let told = answer.headers().get(answer::ELSEWHERE)?;
            let Some(placement) = told.as_deref().and_then(Placement::from_header) else { return Ok(answer) };
            let key = placement.key.clone();
            PLACEMENTS.with_borrow_mut(|known| known.note(room.as_str(), region, placement, now_ms));
            key
        }
    };
    let (relays, name) = (env.durable_object("RELAYS")?, relay::object_name(room.as_str(), &key));
    let relay = match relay::region(&key) {
        "any" => relays.get_by_name(&name)?,
        region => relays.get_by_name_with_location_hint(&name, region)?,
    };
    relay.fetch_with_request(again.into()).await
}

fn route_of(request: &Request) -> std::result::Result<Route, Refusal> {
    Route::of(route::Request {
        // `Request::method` takes those that it does not know for `GET`.
        method: &request.inner().method(),
        path: &request.path(),
        upgrade: door::is_upgrade(request),
    })
}

fn choose_dialect(request: &Request, default: Dialect) -> std::result::Result<route::Choice, Refusal> {
    let subprotocols = request.headers().get("Sec-WebSocket-Protocol").ok().flatten();
    let query = answer::query(request, "dialect");
    route::choose_dialect(subprotocols.as_deref(), query.as_deref(), default)
}
