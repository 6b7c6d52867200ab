//! Which request is for what: method, path and upgrade to a [`Route`]. It knows URLs, and no Cloudflare.

use percent_encoding::percent_decode_str;

use crate::name::RoomName;
use crate::protocol::Dialect;
use crate::refusal::Refusal;

/// A request as far as routing looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path, as it stands in the URL.
    pub path: &'a str,
    /// Whether it asks for a WebSocket.
    pub upgrade: bool,
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The page, or one of its files.
    Page,
    /// A connection to a room.
    Connect(RoomName),
    /// The list of rooms.
    Rooms,
    /// All rooms in numbers, for people.
    Status,
    /// The same for machines.
    Metrics,
    /// A room in numbers.
    Summary(RoomName),
    /// A page of a room's history.
    History(RoomName),
    /// A message to a room.
    Publish(RoomName),
    /// How a room is kept, for its moderators.
    Order(RoomName),
    /// Something that a moderator wants done.
    Moderate(RoomName),
    /// Whether the service is up.
    Health,
}

impl Route {
    /// Finds out what a request is for.
    ///
    /// # Errors
    /// [`Refusal::InvalidRoom`], [`Refusal::NotFound`] or [`Refusal::MethodNotAllowed`].
    pub fn of(request: Request<'_>) -> Result<Self, Refusal> {
        let path = request.path.strip_prefix('/').unwrap_or(request.path);
        let segments: Vec<&str> = path.split('/').collect();
        if request.upgrade {
            return match segments.as_slice() {
                [""] => read(request, Self::Connect(RoomName::default())),
                [room] => read(request, Self::Connect(room_name(room)?)),
                _ => Err(Refusal::InvalidRoom),
            };
        }
        match segments.as_slice() {
            ["health"] => read(request, Self::Health),
            ["status"] => read(request, Self::Status),
            ["metrics"] => read(request, Self::Metrics),
            ["api", "rooms"] => read(request, Self::Rooms),
            ["api", "rooms", room] => read(request, Self::Summary(room_name(room)?)),
            ["api", "rooms", room, "messages"] => match request.method {
                "GET" | "HEAD" => Ok(Self::History(room_name(room)?)),
                "POST" => Ok(Self::Publish(room_name(room)?)),
                _ => Err(Refusal::MethodNotAllowed { allowed: "GET, HEAD, POST" }),
            },
            ["api", "rooms", room, "moderation"] => match request.method {
                "GET" | "HEAD" => Ok(Self::Order(room_name(room)?)),
                "POST" => Ok(Self::Moderate(room_name(room)?)),
                _ => Err(Refusal::MethodNotAllowed { allowed: "GET, HEAD, POST" }),
            },
            ["api" | "metrics" | "status", ..] => Err(Refusal::NotFound),
            // A legal room's page, and the page's own files beside it.
            ["" | "index.html" | "favicon.svg" | "sw.js"] => read(request, Self::Page),
            [room] => room_name(room).and_then(|_| read(request, Self::Page)),
            _ => Err(Refusal::InvalidRoom),
        }
    }

    /// Whether only pages of the origins that may are served with it: what a browser lets any page ask for,
    /// and what has an effect.
    pub fn is_for_own_pages(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Publish(_) | Self::Moderate(_))
    }

    /// The room that must answer, if it is not the Worker itself.
    pub fn room(&self) -> Option<&RoomName> {
        match self {
            Self::Connect(room)
            | Self::Summary(room)
            | Self::History(room)
            | Self::Publish(room)
            | Self::Order(room)
            | Self::Moderate(room) => Some(room),
            Self::Page | Self::Health | Self::Rooms | Self::Status | Self::Metrics => None,
        }
    }
}

/// How a connection's frames will be spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The dialect.
    pub dialect: Dialect,
    /// Whether it was offered as a subprotocol, so that the answer must name it.
    pub as_subprotocol: bool,
}

/// Chooses the dialect of a connection: a known subprotocol, else `?dialect=`, else the default.
///
/// # Errors
/// [`Refusal::UnknownDialect`] if what the client asks for is not spoken here.
pub fn choose_dialect(
    subprotocols: Option<&str>,
    query: Option<&str>,
    default: Dialect,
) -> Result<Choice, Refusal> {
    let offers = subprotocols.unwrap_or("").split(',').map(str::trim);
    let mut offers = offers.filter(|offer| !offer.is_empty() && !offer.starts_with("bearer.")).peekable();
    let offered_any = offers.peek().is_some();
    if let Some(dialect) = offers.find_map(|offer| Dialect::parse(offer).ok()) {
        return Ok(Choice { dialect, as_subprotocol: true });
    }
    match query {
        Some(name) => Dialect::parse(name).map(|dialect| Choice { dialect, as_subprotocol: false }),
        None if offered_any => Err(Refusal::UnknownDialect),
        None => Ok(Choice { dialect: default, as_subprotocol: false }),
    }
}

fn read(request: Request<'_>, route: Route) -> Result<Route, Refusal> {
    match request.method {
        "GET" => Ok(route),
        "HEAD" if !request.upgrade => Ok(route),
        _ => Err(Refusal::MethodNotAllowed { allowed: "GET, HEAD" }),
    }
}

fn room_name(segment: &str) -> Result<RoomName, Refusal> {
    let name = percent_decode_str(segment).decode_utf8().map_err(|_| Refusal::InvalidRoom)?;
    RoomName::parse(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Result<Route, Refusal> {
        Route::of(Request { method: "GET", path, upgrade: false })
    }

    fn connect(path: &str) -> Result<Route, Refusal> {
        Route::of(Request { method: "GET", path, upgrade: true })
    }

    fn room(name: &str) -> RoomName {
        RoomName::parse(name).unwrap()
    }

    #[test]
    fn a_path_is_a_room_and_its_page() {
        for (path, name) in [("/kitchen", "kitchen"), ("/~a.b", "~a.b"), ("/%7Ea%2eb", "~a.b")] {
            assert_eq!(connect(path), Ok(Route::Connect(room(name))));
            assert_eq!(get(path), Ok(Route::Page));
        }
        assert_eq!(connect("/"), Ok(Route::Connect(room("default"))));
        assert_eq!(get("/"), Ok(Route::Page));
    }

    #[test]
    fn illegal_and_reserved_names_are_no_rooms() {
        for path in ["/-a", "/a/b", "/a/", "//", "/a%20b", "/caf%C3%A9", "/%ff", "/a%2Fb", "/%61pi"] {
            assert_eq!(get(path), Err(Refusal::InvalidRoom), "{path}");
            assert_eq!(connect(path), Err(Refusal::InvalidRoom), "{path}");
        }
        for path in ["/favicon.svg", "/index.html", "/health", "/api", "/api/rooms/a"] {
            assert_eq!(connect(path), Err(Refusal::InvalidRoom), "{path}");
        }
    }

    #[test]
    fn the_api() {
        assert_eq!(get("/health"), Ok(Route::Health));
        assert_eq!(get("/status"), Ok(Route::Status));
        assert_eq!(get("/metrics"), Ok(Route::Metrics));
        assert_eq!(get("/api/rooms"), Ok(Route::Rooms));
        assert_eq!(get("/api/rooms/"), Err(Refusal::InvalidRoom));
        assert_eq!(get("/status/now"), Err(Refusal::NotFound));
        assert_eq!(get("/api/rooms/a"), Ok(Route::Summary(room("a"))));
        assert_eq!(get("/api/rooms/a/messages"), Ok(Route::History(room("a"))));
        assert_eq!(
            Route::of(Request { method: "POST", path: "/api/rooms/a/messages", upgrade: false }),
            Ok(Route::Publish(room("a")))
        );
        assert_eq!(get("/api/rooms/-"), Err(Refusal::InvalidRoom));
        assert_eq!(get("/api/x"), Err(Refusal::NotFound));
    }

    #[test]
    fn the_dialect_is_the_clients_choice_or_the_operators() {
        let v1 = |as_subprotocol| Ok(Choice { dialect: Dialect::V1, as_subprotocol });
        let unknown = Err(Refusal::UnknownDialect);
        assert_eq!(choose_dialect(None, None, Dialect::V1), v1(false));
        assert_eq!(choose_dialect(Some("parlor.v1"), None, Dialect::V1), v1(true));
        assert_eq!(choose_dialect(Some("x, parlor.v1,bearer.a"), None, Dialect::V1), v1(true));
        assert_eq!(choose_dialect(Some("bearer.a"), None, Dialect::V1), v1(false));
        assert_eq!(choose_dialect(Some("x"), Some("parlor.v1"), Dialect::V1), v1(false));
        assert_eq!(choose_dialect(None, Some("klingon"), Dialect::V1), unknown);
        assert_eq!(choose_dialect(Some("klingon"), None, Dialect::V1), unknown);
    }

    #[test]
    fn other_methods_are_told_which_would_do() {
        for (path, allowed) in
            [("/a", "GET, HEAD"), ("/health", "GET, HEAD"), ("/api/rooms/a/messages", "GET, HEAD, POST")]
        {
            let refused = Route::of(Request { method: "DELETE", path, upgrade: false });
            assert_eq!(refused, Err(Refusal::MethodNotAllowed { allowed }));
        }
    }
}
