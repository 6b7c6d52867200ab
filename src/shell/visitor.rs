//! Who asks, as the Worker tells the room.

use worker::Request;

use crate::room::visitor::Visitor;

/// The header in which the Worker tells a room who asks. Clients can't: the Worker sets it over theirs.
pub(super) const VISITOR: &str = "Parlor-Visitor";

/// Reads who asks, in a request that the Worker handed on.
pub(super) fn visitor_of(request: &Request) -> Visitor {
    let told = request.headers().get(VISITOR).ok().flatten();
    Visitor::read(&told.unwrap_or_default())
}
