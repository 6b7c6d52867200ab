//! Every way in which Parlor says no, with the code that goes on the wire and the words for people.
//!
//! A code is a promise to clients; the words are not. Nothing of the room's insides is in either.

use thiserror::Error;

use crate::auth::Rejection;
use crate::limits::REASON_CHARS_MAX;

/// Why a request was refused. Nothing was stored; no other connection noticed.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Refusal {
    /// The frame or body is not one of the protocol; the text says what is wrong with it.
    #[error("{0}")]
    BadFrame(String),
    /// Something other than `join` came first.
    #[error("join the room first")]
    NotJoined,
    /// The name is empty, too long, or holds characters that would mislead.
    #[error(
        "a name has 1 to {chars_max} visible characters, and no control or direction-override characters"
    )]
    BadName {
        /// Longest name, in characters.
        chars_max: usize,
    },
    /// The text holds nothing to see.
    #[error("the text is empty")]
    EmptyText,
    /// The text is longer than the room allows.
    #[error("the text has more than {chars_max} characters")]
    TextTooLong {
        /// Longest text, in characters.
        chars_max: usize,
    },
    /// The member sent another text with this `id` before.
    #[error("another text was sent with this id before")]
    IdConflict,
    /// The member is over its rate.
    #[error("too fast: try again in {retry_after_ms} ms")]
    RateLimited {
        /// When one more will be allowed, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// No token, or one that lets nobody in; the text says why.
    #[error("{0}")]
    Unauthorized(Rejection),
    /// Nobody can be let in, since tokens can't be checked.
    #[error("tokens can't be checked now")]
    AuthUnavailable,
    /// The page that asks is none of those that may.
    #[error("pages of this origin may not connect")]
    ForbiddenOrigin,
    /// The room lets this visitor not do this.
    #[error("you may not do this here")]
    Forbidden,
    /// The member may not speak, by order of a moderator.
    #[error("a moderator has muted you")]
    Muted {
        /// Until when, in milliseconds from now, if it has an end.
        retry_after_ms: Option<u64>,
    },
    /// Only moderators may speak.
    #[error("the room is locked: only its moderators may write")]
    RoomLocked,
    /// A moderator has banned the member from the room.
    #[error("a moderator has banned you from this room")]
    Banned,
    /// As many connections come from the same address as may.
    #[error("too many connections from your address")]
    TooManyConnections,
    /// There is no such message, or not any more.
    #[error("there is no such message")]
    UnknownMessage,
    /// The list that it would be put on is full.
    #[error("the room keeps no more of these; lift some first")]
    TooMany,
    /// The room's name is not a legal one, or is reserved.
    #[error(
        "a room name has 1 to 64 of A-Z a-z 0-9 . _ ~ -, begins with a letter, a digit or ~, and is not reserved"
    )]
    InvalidRoom,
    /// The dialect is not spoken here.
    #[error("this dialect is not spoken here")]
    UnknownDialect,
    /// The room has as many connections as it may.
    #[error("the room is full")]
    RoomFull,
    /// Nobody has ever used the room.
    #[error("this room has never been used")]
    UnknownRoom,
    /// There is nothing at this address.
    #[error("there is nothing at this address")]
    NotFound,
    /// The address is right, the method is not.
    #[error("this address answers {allowed} only")]
    MethodNotAllowed {
        /// The methods that it answers, as in the `Allow` header.
        allowed: &'static str,
    },
    /// The body is longer than a frame may be.
    #[error("the body is over 64 KiB")]
    TooLarge,
    /// The storage did not take the message.
    #[error("the message could not be stored; try again later")]
    NotStored,
    /// What a member of a relay asked for was on its way when the line to the room broke.
    #[error("the room did not answer: it may be done or not")]
    NoAnswer,
    /// A fault of Parlor's own. Nothing acknowledged is lost.
    #[error("something went wrong here; nothing that was acknowledged is lost")]
    Fault,
}

impl Refusal {
    /// The code on the wire.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadFrame(_) => "bad_frame",
            Self::NotJoined => "not_joined",
            Self::BadName { .. } => "bad_name",
            Self::EmptyText => "empty_text",
            Self::TextTooLong { .. } => "text_too_long",
            Self::IdConflict => "id_conflict",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unauthorized(_) => "unauthorized",
            Self::AuthUnavailable => "auth_unavailable",
            Self::ForbiddenOrigin => "forbidden_origin",
            Self::Forbidden => "forbidden",
            Self::Muted { .. } => "muted",
            Self::RoomLocked => "room_locked",
            Self::Banned => "banned",
            Self::TooManyConnections => "too_many_connections",
            Self::UnknownMessage => "unknown_message",
            Self::TooMany => "too_many",
            Self::InvalidRoom => "invalid_room",
            Self::UnknownDialect => "unknown_dialect",
            Self::RoomFull => "room_full",
            Self::UnknownRoom => "unknown_room",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::NotStored => "not_stored",
            Self::NoAnswer => "no_answer",
            Self::Fault => "fault",
        }
    }

    /// The refusal of that code, as a relay hears it from its room: of those that a room has for what a relay hands
    /// on. Another is a fault.
    pub fn of_code(code: &str, retry_after_ms: Option<u64>, why: &str) -> Self {
        match code {
            "bad_frame" => Self::BadFrame(why.to_owned()),
            // A message's text is parsed before it is handed on; the reason of a report is not.
            "text_too_long" => Self::TextTooLong { chars_max: REASON_CHARS_MAX },
            "id_conflict" => Self::IdConflict,
            "rate_limited" => Self::RateLimited { retry_after_ms: retry_after_ms.unwrap_or_default() },
            "forbidden" => Self::Forbidden,
            "muted" => Self::Muted { retry_after_ms },
            "room_locked" => Self::RoomLocked,
            "banned" => Self::Banned,
            "unknown_message" => Self::UnknownMessage,
            "unknown_room" => Self::UnknownRoom,
            "too_many" => Self::TooMany,
            "not_stored" => Self::NotStored,
            _ => Self::Fault,
        }
    }

    /// Whether the same request may be granted later.
    pub fn temporary(&self) -> bool {
        match self {
            Self::Muted { retry_after_ms } => retry_after_ms.is_some(),
            Self::RateLimited { .. }
            | Self::RoomLocked
            | Self::RoomFull
            | Self::TooManyConnections
            | Self::AuthUnavailable
            | Self::NotStored
            | Self::NoAnswer
            | Self::Fault => true,
            _ => false,
        }
    }

    /// When to try again, in milliseconds from now, where that is known.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms } => Some(*retry_after_ms),
            Self::Muted { retry_after_ms } => *retry_after_ms,
            _ => None,
        }
    }

    /// The status of the same refusal over HTTP.
    pub fn http_status(&self) -> u16 {
        match self {
            Self::BadFrame(_)
            | Self::NotJoined
            | Self::BadName { .. }
            | Self::EmptyText
            | Self::TextTooLong { .. }
            | Self::InvalidRoom
            | Self::UnknownDialect => 400,
            Self::Unauthorized(_) => 401,
            Self::ForbiddenOrigin
            | Self::Forbidden
            | Self::Muted { .. }
            | Self::RoomLocked
            | Self::Banned => 403,
            Self::UnknownRoom | Self::NotFound | Self::UnknownMessage => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::IdConflict | Self::TooMany => 409,
            Self::TooLarge => 413,
            Self::RateLimited { .. } | Self::TooManyConnections => 429,
            Self::Fault => 500,
            Self::RoomFull | Self::NotStored | Self::NoAnswer | Self::AuthUnavailable => 503,
        }
    }

    /// The close code of the same refusal, for clients that can't see the status of an upgrade.
    pub fn close_number(&self) -> u16 {
        match self.http_status() {
            401 => CloseCode::Expired.number(),
            403 => CloseCode::Removed.number(),
            429 => CloseCode::RateLimited.number(),
            status if status < 500 => CloseCode::BadFrames.number(),
            // "Try Again Later", as the registry of RFC 6455 has it.
            503 => 1013,
            _ => CloseCode::Fault.number(),
        }
    }
}

/// Why Parlor closes a connection, as a WebSocket close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// A binary frame came; Parlor speaks text.
    Binary = 1003,
    /// A frame over 64 KiB came.
    TooBig = 1009,
    /// The connection is to be made anew, and will go on elsewhere. Reconnect and resume.
    Restart = 1012,
    /// A fault in the room. Reconnect and resume: nothing acknowledged is lost.
    Fault = 1011,
    /// Too many bad frames in a row.
    BadFrames = 4400,
    /// No token that lets anybody in, in the dialect `text`.
    Unauthorized = 4001,
    /// The token has run out.
    Expired = 4401,
    /// Removed by a moderator.
    Removed = 4403,
    /// No `join` in time.
    JoinTimeout = 4408,
    /// Too many refusals for the rate in a row. Wait 30 s.
    RateLimited = 4429,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The reason on the wire, for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Binary => "text frames only",
            Self::TooBig => "frame over 64 KiB",
            Self::Restart => "reconnect",
            Self::Fault => "fault in the room; reconnect",
            Self::BadFrames => "too many bad frames",
            Self::Unauthorized => "Unauthorized",
            Self::Expired => "the token has run out",
            Self::Removed => "removed by a moderator",
            Self::JoinTimeout => "not joined in time",
            Self::RateLimited => "too fast for too long; wait 30 s",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_upgrade_has_the_close_code_that_asks_for_the_same() {
        for (refusal, number) in [
            (Refusal::Unauthorized(Rejection::Missing), 4401),
            (Refusal::ForbiddenOrigin, 4403),
            (Refusal::Banned, 4403),
            (Refusal::TooManyConnections, 4429),
            (Refusal::RateLimited { retry_after_ms: u64::MAX }, 4429),
            (Refusal::InvalidRoom, 4400),
            (Refusal::UnknownDialect, 4400),
            (Refusal::MethodNotAllowed { allowed: "GET, HEAD, POST" }, 4400),
            (Refusal::RoomFull, 1013),
            (Refusal::AuthUnavailable, 1013),
            (Refusal::Fault, 1011),
        ] {
            assert_eq!(refusal.close_number(), number, "{refusal}");
            assert!(refusal.to_string().len() <= 123, "a reason must fit a close frame: {refusal}");
        }
    }
}
