//! Dialects: how a connection's frames are spelled. One file each.
//!
//! A dialect turns text into a [`Request`] and what a room says into text. It knows no room: the same
//! text always means the same. What it can't spell it leaves out, so that no client gets a frame that it
//! does not know.

mod fields;
mod html;
mod relay;
#[cfg(test)]
mod samples;
mod scalesocket;
mod simple_chat;
mod text;
mod v1;
mod ws_chat;

pub use v1::{error_body, history, order, page_body, post, record_body};

use crate::limits::FRAME_BYTES_MAX;
use crate::refusal::Refusal;
use crate::room::presence::Member;
use crate::room::{Notice, Reply, Request, Unreadable};

/// The exact frame that the platform answers with [`PONG`] without waking the room.
pub const PING: &str = r#"{"type":"ping"}"#;
/// The answer to [`PING`].
pub const PONG: &str = r#"{"type":"pong"}"#;

/// What a dialect is: its name, and how it reads and spells.
struct Grammar {
    /// Its name in URLs, in `Sec-WebSocket-Protocol` and in `DEFAULT_DIALECT`.
    name: &'static str,
    /// What the upgrade stands for, if anything.
    opening: fn() -> Option<Request>,
    /// Reads a frame; told whether the connection is a member's already.
    decode: fn(&str, joined: bool) -> Result<Request, Unreadable>,
    /// Spells what everybody is told: the frames to send, in order.
    broadcast: fn(&[Notice]) -> Vec<String>,
    /// Spells what one connection is told.
    reply: fn(&Reply) -> Vec<String>,
    /// Spells who is here, after that has changed.
    roster: Option<fn(&[Member]) -> String>,
    /// Whether who says something is not told so.
    skips_author: bool,
    /// Whether its clients look for a close code where they may not come in, and not for a status.
    closes_the_unauthorized: bool,
    /// How the connection speaks from this frame on.
    after: fn(&str) -> Option<Dialect>,
}

macro_rules! dialects {
    ($($(#[$doc:meta])* $variant:ident => $grammar:path;)*) => {
        /// How a connection's frames are spelled.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Dialect { $($(#[$doc])* $variant,)* }

        impl Dialect {
            /// All of them; an encoding is made once for each that is present.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            fn grammar(self) -> &'static Grammar {
                match self { $(Self::$variant => &$grammar,)* }
            }
        }
    };
}

// One line for each dialect.
dialects! {
    #[default]
    /// `parlor.v1`: docs/PROTOCOL.md.
    V1 => v1::GRAMMAR;
    /// `scalesocket`: JSON objects, relayed with who sent them.
    ScaleSocket => scalesocket::GRAMMAR;
    /// `ws-chat`: join, message, system.
    WsChat => ws_chat::GRAMMAR;
    /// `simple-chat`: a name, then messages; colours by name.
    SimpleChat => simple_chat::GRAMMAR;
    /// `text`: plain text.
    Text => text::GRAMMAR;
    /// `text` with a client that speaks JSON too.
    TextJson => text::JSON;
    /// Between a room and its relays.
    Relay => relay::GRAMMAR;
}

impl Dialect {
    /// Its name in URLs, in `Sec-WebSocket-Protocol` and in `DEFAULT_DIALECT`.
    pub fn name(self) -> &'static str {
        self.grammar().name
    }

    /// The dialect of that name, of those that a client may choose.
    ///
    /// # Errors
    /// [`Refusal::UnknownDialect`] if there is none.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        Self::recall(name).filter(|dialect| *dialect != Self::Relay).ok_or(Refusal::UnknownDialect)
    }

    /// The dialect of that name, of all.
    pub fn recall(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.name() == name)
    }

    /// What the upgrade itself asks for, where it stands for something.
    pub fn opening(self) -> Option<Request> {
        (self.grammar().opening)()
    }

    /// Reads a frame from a client that has joined, or has not.
    ///
    /// # Errors
    /// [`Unreadable`] if it is too big or none of the dialect's.
    pub fn decode(self, frame: &str, joined: bool) -> Result<Request, Unreadable> {
        if frame.len() > FRAME_BYTES_MAX {
            return Err(Unreadable::TooBig);
        }
        (self.grammar().decode)(frame, joined)
    }

    /// How a connection speaks after this frame: mostly as before.
    pub fn after(self, frame: &str) -> Self {
        if frame.len() > FRAME_BYTES_MAX {
            return self;
        }
        (self.grammar().after)(frame).unwrap_or(self)
    }

    /// Spells what all are told: the frames to send, in order.
    pub fn broadcast(self, notices: &[Notice]) -> Vec<String> {
        (self.grammar().broadcast)(notices)
    }

    /// Whether who says something is not told so. Then each notice is spelled on its own.
    pub fn skips_author(self) -> bool {
        self.grammar().skips_author
    }

    /// Whether a client that may not come in is told so by a close code.
    pub fn closes_the_unauthorized(self) -> bool {
        self.grammar().closes_the_unauthorized
    }

    /// Spells who is here, if any of the notices has changed that and the dialect tells it in one piece.
    pub fn roster(self, notices: &[Notice], members: impl FnOnce() -> Vec<Member>) -> Option<String> {
        let spell = self.grammar().roster?;
        notices.iter().any(Notice::changes_presence).then(|| spell(&members()))
    }

    /// Spells what one connection is told: the frames to send, in order.
    pub fn reply(self, reply: &Reply) -> Vec<String> {
        (self.grammar().reply)(reply)
    }
}

/// Puts commas between JSON texts, as in an array. (`join` would be in the bundle once more for these.)
pub(crate) fn with_commas(texts: &[String]) -> String {
    let mut all = String::with_capacity(texts.iter().map(|text| text.len() + 1).sum());
    for text in texts {
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(text);
    }
    all
}

/// JSON of a frame of ours. They have string keys and finite numbers only, so this can't fail; an
/// empty object is a frame that clients ignore.
fn spell(frame: &impl serde::Serialize) -> String {
    serde_json::to_string(frame).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::choose_dialect;

    #[test]
    fn every_dialect_is_found_by_its_name() {
        for dialect in Dialect::ALL.iter().copied().filter(|dialect| *dialect != Dialect::Relay) {
            let name = dialect.name();
            assert_eq!(Dialect::parse(name), Ok(dialect));
            // A subprotocol must be a token (RFC 6455, 4.1), and in a URL nothing to escape.
            assert!(
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
                "{name}"
            );
            let by_query = choose_dialect(None, Some(name), Dialect::V1).unwrap();
            let by_subprotocol = choose_dialect(Some(name), None, Dialect::V1).unwrap();
            assert_eq!((by_query.dialect, by_subprotocol.dialect), (dialect, dialect));
            assert!(by_subprotocol.as_subprotocol && !by_query.as_subprotocol);
        }
    }

    #[test]
    fn no_client_speaks_as_a_relay() {
        assert_eq!(Dialect::parse(Dialect::Relay.name()), Err(Refusal::UnknownDialect));
        assert_eq!(Dialect::recall(Dialect::Relay.name()), Some(Dialect::Relay));
    }

    #[test]
    fn a_frame_that_is_too_big_is_none_of_any_dialect() {
        let big = format!(r#"{{"type":"setUsername","user":"{}"}}"#, "x".repeat(FRAME_BYTES_MAX));
        for dialect in Dialect::ALL.iter().copied() {
            assert_eq!(dialect.decode(&big, true), Err(Unreadable::TooBig));
            assert_eq!(dialect.after(&big), dialect);
        }
    }

    #[test]
    fn nothing_to_tell_is_no_frame() {
        for dialect in Dialect::ALL.iter().copied() {
            assert!(dialect.broadcast(&[]).is_empty());
            assert_eq!(dialect.roster(&[], Vec::new), None);
        }
    }
}
