//! How a room speaks over a relay's link. Not a dialect of clients: none can choose it. What it says is in
//! `relay::wire`.

use super::Grammar;
use crate::relay::wire;
use crate::room::Unreadable;

pub(super) static GRAMMAR: Grammar = Grammar {
    name: "relay",
    opening: || None,
    // The shell reads these frames: one holds several requests.
    decode: |_, _| Err(Unreadable::Ignored),
    broadcast: wire::broadcast,
    reply: wire::reply,
    roster: None,
    skips_author: false,
    closes_the_unauthorized: false,
    after: |_| None,
};
