//! Relays: objects that hold connections of a room too big for one. A relay is a room without a log of its own:
//! the same state machine (`room::Room`) with an [`upstream::Upstream`], which takes messages from the room, or from
//! another relay, instead of numbering them, and hands on what its members ask for instead of deciding it.
//!
//! Where to start: [`wire`] is what the two say to each other. [`registry::Registry`] is what a room knows of its
//! relays, and where it sends newcomers; [`placement`], what a Worker remembers of that. `room/relays.rs` does for
//! relays what `room/serving.rs` does for members; `room/upstream.rs` is the other end. All of it is pure: no socket,
//! no clock.
//!
//! Invariants:
//! - the room alone numbers, stores and decides; a relay shows a message only after the room has told it;
//! - a relay shows messages without gaps: one that does not follow the last ends the link, and the relay takes up
//!   where it was, or lets its members go (1012) to resume on their own;
//! - a relay stores nothing. One that lost its memory closes its members' connections;
//! - what a member sends is repeated on the next link until it is answered, and the room's ids make it once.

pub mod cache;
pub mod placement;
pub mod registry;
pub mod upstream;
pub mod wire;

/// Where a relay asks its room for a link. No request from outside reaches a room with this path: it is no room's
/// name, and nothing of the API.
pub const ATTACH_PATH: &str = "/api/-/relay";

/// The name of a relay's object: its room's name and its key, with a character between that no room's name has.
pub fn object_name(room: &str, key: &str) -> String {
    format!("{room}/{key}")
}

/// The room's name and the relay's key in the name of a relay's object.
pub fn of_object_name(name: &str) -> Option<(&str, &str)> {
    name.split_once('/')
}

/// The key of a region's relay of that number. A region is one of the platform's location hints, or `any`.
fn key(region: &str, number: usize) -> String {
    format!("{region}-{number}")
}

/// The region of a relay.
pub fn region(key: &str) -> &str {
    key.rsplit_once('-').map_or(key, |(region, _)| region)
}

/// The platform's location hint for visitors from a continent (ISO 3166's two letters, as Cloudflare tells them);
/// `any` where none is told.
pub fn region_of(continent: &str) -> &'static str {
    match continent {
        "AF" => "afr",
        "AS" => "apac",
        "EU" => "weur",
        "NA" => "enam",
        "OC" => "oc",
        "SA" => "sam",
        _ => "any",
    }
}
