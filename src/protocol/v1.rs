//! `parlor.v1`: one JSON object a frame, with a `type`. docs/PROTOCOL.md is its contract; the golden
//! frames in tests/frames are read by this file's tests and by the JavaScript ones.

use serde::{Deserialize, Serialize};

use crate::limits::{BATCH_BYTES_MAX, ClientLimits, HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX};
use crate::refusal::Refusal;
use crate::room::log::{Line, Page, Range, Seq};
use crate::room::presence::{Member, MemberId};
use crate::room::{Notice, Position, Reply, Request, Unreadable, Welcome};

/// A frame from a client. Fields that are not named here are ignored.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ClientFrame {
    Join { name: String, session: Option<String>, after: Option<After> },
    Send { id: String, text: String, reply_to: Option<Seq> },
    Typing { on: bool },
    Rename { name: String },
    History { before: Option<Seq>, after: Option<Seq>, limit: Option<usize> },
    Ping,
}

#[derive(Deserialize)]
struct After {
    epoch: String,
    seq: Seq,
}

/// A frame to a client that has no messages in it; those are spliced in as they are stored.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ServerFrame<'a> {
    Welcome {
        protocol: u8,
        room: &'a str,
        epoch: &'a str,
        head: Seq,
        you: &'a Member,
        session: &'a str,
        members: &'a [Member],
        member_count: usize,
        limits: &'a ClientLimits,
        recovered: bool,
    },
    History,
    Joined {
        member: &'a Member,
        member_count: usize,
    },
    Renamed {
        member: &'a Member,
        member_count: usize,
    },
    Left {
        member: Reference,
        member_count: usize,
    },
    Typing {
        member: Reference,
        on: bool,
    },
    Error(ErrorFrame<'a>),
}

#[derive(Serialize)]
struct Reference {
    id: MemberId,
}

#[derive(Serialize)]
struct ErrorFrame<'a> {
    code: &'static str,
    message: String,
    temporary: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

/// Reads a frame.
pub(super) fn decode(frame: &str) -> Result<Request, Unreadable> {
    let malformed = |error: serde_json::Error| Unreadable::Malformed(error.to_string());
    Ok(match serde_json::from_str(frame).map_err(malformed)? {
        ClientFrame::Join { name, session, after } => {
            let after = after.map(|After { epoch, seq }| Position { epoch, seq });
            Request::Join { name, session, after }
        }
        ClientFrame::Send { id, text, reply_to } => Request::Send { id, text, reply_to },
        ClientFrame::Typing { on } => Request::Typing { on },
        ClientFrame::Rename { name } => Request::Rename { name },
        ClientFrame::History { before, after, limit } => {
            let (range, limit) = history(before, after, limit).map_err(Unreadable::Malformed)?;
            Request::History { range, limit }
        }
        ClientFrame::Ping => Request::Ping,
    })
}

/// Reads what a page of history is asked by, in a frame or in a URL.
///
/// # Errors
/// What is wrong with it, in words.
pub fn history(
    before: Option<Seq>,
    after: Option<Seq>,
    limit: Option<usize>,
) -> Result<(Range, usize), String> {
    let range = match (before, after) {
        (None, None) => Range::Newest,
        (Some(seq), None) => Range::Before(seq),
        (None, Some(seq)) => Range::After(seq),
        (Some(_), Some(_)) => return Err("`before` and `after` exclude each other".to_owned()),
    };
    let limit = limit.unwrap_or(HISTORY_LIMIT_DEFAULT);
    if !(1..=HISTORY_LIMIT_MAX).contains(&limit) {
        return Err(format!("`limit` must be 1 to {HISTORY_LIMIT_MAX}"));
    }
    Ok((range, limit))
}

/// Spells what all members are told: one frame, or a `batch`, or a few where it would be too big.
pub(super) fn broadcast(notices: &[Notice]) -> Vec<String> {
    let mut frames = Vec::new();
    let mut batch: Vec<String> = Vec::new();
    let mut bytes = 0;
    for notice in notices {
        let frame = spell_notice(notice);
        if bytes + frame.len() > BATCH_BYTES_MAX {
            frames.extend(close_batch(&mut batch));
            bytes = 0;
        }
        bytes += frame.len();
        batch.push(frame);
    }
    frames.extend(close_batch(&mut batch));
    frames
}

fn close_batch(batch: &mut Vec<String>) -> Option<String> {
    match batch.len() {
        0 => None,
        1 => batch.pop(),
        _ => Some(format!(r#"{{"type":"batch","frames":[{}]}}"#, std::mem::take(batch).join(","))),
    }
}

fn spell_notice(notice: &Notice) -> String {
    match notice {
        Notice::Message(line) => line.as_str().to_owned(),
        Notice::Joined { member, member_count } => {
            spell(&ServerFrame::Joined { member, member_count: *member_count })
        }
        Notice::Renamed { member, member_count } => {
            spell(&ServerFrame::Renamed { member, member_count: *member_count })
        }
        Notice::Left { member, member_count } => {
            spell(&ServerFrame::Left { member: Reference { id: *member }, member_count: *member_count })
        }
        Notice::Typing { member, on } => {
            spell(&ServerFrame::Typing { member: Reference { id: *member }, on: *on })
        }
    }
}

/// Spells what one connection is told.
pub(super) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Welcome(welcome) => spell_welcome(welcome),
        Reply::Message(line) => line.as_str().to_owned(),
        Reply::History(page) => with_page(spell(&ServerFrame::History), page),
        Reply::Refused { refusal, id } => spell(&ServerFrame::Error(error(refusal, id.as_deref()))),
        Reply::Pong => super::PONG.to_owned(),
    }
}

fn spell_welcome(welcome: &Welcome) -> String {
    let Welcome { room, epoch, head, you, session, members, member_count, limits, recovered, page } = welcome;
    let frame = ServerFrame::Welcome {
        protocol: 1,
        room,
        epoch,
        head: *head,
        you,
        session,
        members,
        member_count: *member_count,
        limits,
        recovered: *recovered,
    };
    with_page(spell(&frame), page)
}

fn error<'a>(refusal: &Refusal, id: Option<&'a str>) -> ErrorFrame<'a> {
    ErrorFrame {
        code: refusal.code(),
        message: refusal.to_string(),
        temporary: refusal.temporary(),
        retry_after_ms: refusal.retry_after_ms(),
        id,
    }
}

/// The body of an HTTP error: `{"error":{…}}` with the fields of an `error` frame.
pub fn error_body(refusal: &Refusal) -> String {
    format!(r#"{{"error":{}}}"#, spell(&error(refusal, None)))
}

/// The body of an HTTP answer that is a page of history.
pub fn page_body(page: &Page) -> String {
    with_page("{}".to_owned(), page)
}

/// Puts a page's fields into an object; the messages as they are stored.
fn with_page(mut object: String, page: &Page) -> String {
    object.pop();
    if object.len() > 1 {
        object.push(',');
    }
    object.push_str(r#""messages":["#);
    for (index, line) in page.messages.iter().map(Line::as_str).enumerate() {
        if index > 0 {
            object.push(',');
        }
        object.push_str(line);
    }
    object.push_str(r#"],"more":"#);
    object.push_str(if page.more { "true}" } else { "false}" });
    object
}

/// JSON of a frame of ours. They have string keys and finite numbers only, so this can't fail; an
/// empty object is a frame that clients ignore.
fn spell(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).unwrap_or_else(|_| "{}".to_owned())
}
