//! Who stands at the door, as the Worker tells the room.

use std::fmt::Write;

use worker::{Request, Result};

use crate::room::visitor::Visitor;

/// The header in which the Worker tells a room who asks. Clients can't: the Worker sets it, or deletes it.
pub(super) const VISITOR: &str = "Parlor-Visitor";

/// Tells a room who asks, over whatever the client says of itself.
pub(super) fn introduce(request: Request, visitor: &Visitor) -> Result<Request> {
    // The headers of a request that came in can't be changed; those of its copy can.
    let mut request = request.clone_mut()?;
    let told = serde_json::to_string(visitor)?;
    request.headers_mut()?.set(VISITOR, &in_ascii(&told))?;
    Ok(request)
}

/// JSON with all that is not ASCII escaped, as a header wants it.
fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String can't fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

/// Reads who asks, in a request that the Worker handed on.
pub(super) fn visitor_of(request: &Request) -> Visitor {
    let told = request.headers().get(VISITOR).ok().flatten();
    Visitor::read(&told.unwrap_or_default())
}
