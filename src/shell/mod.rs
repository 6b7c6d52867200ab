//! The only part that knows Cloudflare: the Worker, the Durable Object, its SQLite and its sockets.

mod answer;
mod door;
mod line;
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
use crate::name::RoomName;
use crate::protocol::Dialect;
use crate::refusal::{CloseCode, Refusal};
use crate::relay;
use crate::room::visitor::Visitor;
use crate::route::{self, Route};
use answer::{JSON, OPEN_METRICS};
use door::{Door, Manner};
use settings::default_dialect;

/// Answers a request, or hands it to the room that it is for.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let manner = Manner::of(&request);
    match serve(request, &env).await? {
        Ok(response) => Ok(response),
        Err(refusal) => manner.refuse(&refusal),
    }
}

async fn serve(request: Request, env: &Env) -> Result<Answer> {
    let route = match route_of(&request) {
        Ok(route) => route,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if route.is_for_own_pages()
        && let Err(refusal) = door::check_origin(&request, env)
    {
        return Ok(Err(refusal));
    }
    Ok(match &route {
        Route::Health => Ok(answer::json(200, r#"{"status":"ok"}"#.to_owned())?),
        Route::Page => {
            let assets: Fetcher = env.assets("ASSETS")?;
            Ok(assets.fetch_request(request).await?)
        }
        Route::Rooms => {
            let limit = match answer::number(&request, "limit") {
                Ok(limit) => limit.map_or(LISTED_MAX, |limit| usize::try_from(limit).unwrap_or(LISTED_MAX)),
                Err(refusal) => return Ok(Err(refusal)),
            };
            let door = Door::of(&request, env);
            match door.sight() {
                Ok(shows) => {
                    answer::or_refused(lobby::overview(env, |all| all.list(limit, shows)).await, JSON)
                }
                Err(refusal) => answer::refused(&refusal),
            }
            .map(Ok)?
        }
        Route::Status => answer::or_refused(lobby::overview(env, Overview::status).await, JSON).map(Ok)?,
        Route::Metrics => {
            let door = Door::of(&request, env);
            match door.sight() {
                Ok(shows) => {
                    answer::or_refused(lobby::overview(env, |all| metrics(all, shows)).await, OPEN_METRICS)
                }
                Err(refusal) => answer::refused(&refusal),
            }
            .map(Ok)?
        }
        Route::Connect(room) => {
            let choice = match choose_dialect(&request, default_dialect(env)) {
                Ok(choice) => choice,
                Err(refusal) => return Ok(Err(refusal)),
            };
            match Door::of(&request, env).admit(room) {
                Ok(visitor) => Ok(connect_to(room, &request, &visitor, env).await?),
                Err(Refusal::Unauthorized(_)) if choice.dialect.closes_the_unauthorized() => {
                    Ok(door::turn_away(CloseCode::Unauthorized.number(), CloseCode::Unauthorized.reason())?)
                }
                Err(refusal) => Err(refusal),
            }
        }
        Route::Summary(room)
        | Route::History(room)
        | Route::Publish(room)
        | Route::Order(room)
        | Route::Moderate(room) => match Door::of(&request, env).admit(room) {
            Ok(visitor) => Ok(hand_to(room, &request, &visitor, env).await?),
            Err(refusal) => Err(refusal),
        },
    })
}

/// What a request is answered with, if it is not refused.
type Answer = std::result::Result<Response, Refusal>;

async fn hand_to(room: &RoomName, request: &Request, visitor: &Visitor, env: &Env) -> Result<Response> {
    let request = door::introduce(request, visitor)?;
    env.durable_object("ROOMS")?.get_by_name(room.as_str())?.fetch_with_request(request).await
}

/// Hands an upgrade to a room, or to the relay that the room sends it to.
async fn connect_to(room: &RoomName, request: &Request, visitor: &Visitor, env: &Env) -> Result<Response> {
    let answer = hand_to(room, request, visitor, env).await?;
    let Some(key) = answer.headers().get(answer::ELSEWHERE)? else { return Ok(answer) };
    let (relays, name) = (env.durable_object("RELAYS")?, relay::object_name(room.as_str(), &key));
    let relay = match relay::region(&key) {
        "any" => relays.get_by_name(&name)?,
        region => relays.get_by_name_with_location_hint(&name, region)?,
    };
    relay.fetch_with_request(door::introduce(request, visitor)?).await
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
