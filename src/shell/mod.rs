//! The only part that knows Cloudflare: the Worker, the Durable Object, its SQLite and its sockets.

mod answer;
mod lobby;
mod object;
mod report;
mod settings;
mod sockets;
mod store;
mod timer;
mod visitor;

use worker::{Context, Env, Fetcher, Request, Response, Result, event};

use crate::limits::LISTED_MAX;
use crate::lobby::{Overview, metrics};
use crate::protocol::Dialect;
use crate::refusal::Refusal;
use crate::room::visitor::Visitor;
use crate::route::{self, Route};
use answer::{JSON, OPEN_METRICS};
use settings::default_dialect;
use visitor::introduce;

/// Answers a request, or hands it to the room that it is for.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let route = match route_of(&request) {
        Ok(route) => route,
        Err(refusal) => return answer::refused(&refusal),
    };
    match &route {
        Route::Health => answer::json(200, r#"{"status":"ok"}"#.to_owned()),
        Route::Page => {
            let assets: Fetcher = env.assets("ASSETS")?;
            assets.fetch_request(request).await
        }
        Route::Rooms => {
            let limit = match answer::number(&request, "limit") {
                Ok(limit) => limit.map_or(LISTED_MAX, |limit| usize::try_from(limit).unwrap_or(LISTED_MAX)),
                Err(refusal) => return answer::refused(&refusal),
            };
            answer::or_refused(lobby::overview(&env, |overview| overview.list(limit)).await, JSON)
        }
        Route::Status => answer::or_refused(lobby::overview(&env, Overview::status).await, JSON),
        Route::Metrics => answer::or_refused(lobby::overview(&env, metrics).await, OPEN_METRICS),
        Route::Connect(room) => match choose_dialect(&request, default_dialect(&env)) {
            Ok(_) => hand_to(room.as_str(), request, &env).await,
            Err(refusal) => answer::refused(&refusal),
        },
        Route::Summary(room)
        | Route::History(room)
        | Route::Publish(room)
        | Route::Order(room)
        | Route::Moderate(room) => hand_to(room.as_str(), request, &env).await,
    }
}

async fn hand_to(room: &str, request: Request, env: &Env) -> Result<Response> {
    let request = introduce(request, &Visitor::default())?;
    env.durable_object("ROOMS")?.get_by_name(room)?.fetch_with_request(request).await
}

fn route_of(request: &Request) -> std::result::Result<Route, Refusal> {
    let upgrade = request.headers().get("Upgrade").ok().flatten();
    Route::of(route::Request {
        method: request.method().as_ref(),
        path: &request.path(),
        upgrade: upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")),
    })
}

fn choose_dialect(request: &Request, default: Dialect) -> std::result::Result<route::Choice, Refusal> {
    let subprotocols = request.headers().get("Sec-WebSocket-Protocol").ok().flatten();
    let query = answer::query(request, "dialect");
    route::choose_dialect(subprotocols.as_deref(), query.as_deref(), default)
}
