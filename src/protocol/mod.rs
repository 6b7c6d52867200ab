//! Dialects: how a connection's frames are spelled. One file each.
//!
//! A dialect turns text into a [`Request`] and what a room says into text. It knows no room: the same
//! text always means the same.

mod v1;

pub use v1::{error_body, history, page_body};

use crate::limits::FRAME_BYTES_MAX;
use crate::refusal::Refusal;
use crate::room::{Notice, Reply, Request, Unreadable};

/// The exact frame that the platform answers with [`PONG`] without waking the room.
pub const PING: &str = r#"{"type":"ping"}"#;
/// The answer to [`PING`].
pub const PONG: &str = r#"{"type":"pong"}"#;

/// How a connection's frames are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `parlor.v1`: docs/PROTOCOL.md.
    #[default]
    V1,
}

impl Dialect {
    /// All of them; an encoding is made once for each that is present.
    pub const ALL: [Self; 1] = [Self::V1];

    /// Its name in URLs, in `Sec-WebSocket-Protocol` and in `DEFAULT_DIALECT`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "parlor.v1",
        }
    }

    /// The dialect of that name.
    ///
    /// # Errors
    /// [`Refusal::UnknownDialect`] if there is none.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name).ok_or(Refusal::UnknownDialect)
    }

    /// Reads a frame from a client.
    ///
    /// # Errors
    /// [`Unreadable`] if it is too big or none of the dialect's.
    pub fn decode(self, frame: &str) -> Result<Request, Unreadable> {
        if frame.len() > FRAME_BYTES_MAX {
            return Err(Unreadable::TooBig);
        }
        match self {
            Self::V1 => v1::decode(frame),
        }
    }

    /// Spells what all members are told: the frames to send, in order.
    pub fn broadcast(self, notices: &[Notice]) -> Vec<String> {
        match self {
            Self::V1 => v1::broadcast(notices),
        }
    }

    /// Spells what one connection is told.
    pub fn reply(self, reply: &Reply) -> String {
        match self {
            Self::V1 => v1::reply(reply),
        }
    }
}
