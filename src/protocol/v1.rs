//! `parlor.v1`: one JSON object a frame, with a `type`. docs/PROTOCOL.md is its contract; the golden
//! frames in tests/frames are read by this file's tests and by the JavaScript ones.

use serde::{Deserialize, Serialize};

use super::{Grammar, spell};
use crate::limits::{BATCH_BYTES_MAX, ClientLimits, HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX};
use crate::refusal::Refusal;
use crate::room::log::{Line, Page, Range, Seq};
use crate::room::presence::{Member, MemberId};
use crate::room::{Notice, Position, Reply, Request, Unreadable, Welcome};

pub(super) static GRAMMAR: Grammar = Grammar {
    name: "parlor.v1",
    opening: || None,
    decode: |frame, _| decode(frame),
    broadcast,
    reply: |it| vec![reply(it)],
    roster: None,
    skips_author: false,
    after: |_| None,
};

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
fn decode(frame: &str) -> Result<Request, Unreadable> {
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
fn broadcast(notices: &[Notice]) -> Vec<String> {
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
        Notice::Joined { member, member_count, .. } => {
            spell(&ServerFrame::Joined { member, member_count: *member_count })
        }
        Notice::Renamed { member, member_count } => {
            spell(&ServerFrame::Renamed { member, member_count: *member_count })
        }
        Notice::Left { member, member_count, .. } => {
            spell(&ServerFrame::Left { member: Reference { id: member.id }, member_count: *member_count })
        }
        Notice::Typing { member, on } => {
            spell(&ServerFrame::Typing { member: Reference { id: member.id }, on: *on })
        }
    }
}

/// Spells what one connection is told.
fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Welcome(welcome) => spell_welcome(welcome),
        Reply::Message(line) => line.as_str().to_owned(),
        Reply::History(page) | Reply::Listening(page) => with_page(spell(&ServerFrame::History), page),
        Reply::Unsaid { refusal, .. } => spell(&ServerFrame::Error(error(refusal, None))),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::limits::{FRAME_BYTES_MAX, Limits};
    use crate::protocol::Dialect;
    use crate::room::log::Message;

    fn golden() -> Value {
        serde_json::from_str(include_str!("../../tests/frames/parlor.v1.json")).unwrap()
    }

    fn member(id: u64, name: &str) -> Member {
        let id = MemberId::new(id);
        Member { id, name: name.to_owned(), color: id.color().to_owned() }
    }

    fn tea() -> Line {
        let (id, from, text) = ("a-1".to_owned(), member(8, "Bo"), "tea?".to_owned());
        Line::encode(&Message {
            seq: 1,
            id,
            from,
            text,
            sent_at: 1_800_000_000_000,
            reply_to: None,
            original: None,
        })
        .unwrap()
    }

    fn yes() -> Line {
        let (id, from, text) = ("b-1".to_owned(), member(7, "Ada"), "\"yes\"\n\u{2028}<b>".to_owned());
        Line::encode(&Message {
            seq: 2,
            id,
            from,
            text,
            sent_at: 1_800_000_001_000,
            reply_to: Some(1),
            original: None,
        })
        .unwrap()
    }

    fn refused(refusal: Refusal, id: Option<&str>) -> String {
        reply(&Reply::Refused { refusal, id: id.map(str::to_owned) })
    }

    fn told(notices: &[Notice]) -> String {
        let frames = broadcast(notices);
        assert_eq!(frames.len(), 1);
        frames[0].clone()
    }

    #[test]
    fn the_servers_frames_are_the_golden_ones() {
        let welcome = Welcome {
            room: "kitchen".to_owned(),
            epoch: "0123456789abcdef0123456789abcdef".to_owned(),
            head: 2,
            you: member(7, "Ada"),
            session: "note".to_owned(),
            members: vec![member(7, "Ada")],
            member_count: 1,
            limits: Limits::default().for_clients(),
            recovered: false,
            page: Page { messages: vec![tea(), yes()], more: false },
        };
        let typing = |on| Notice::Typing { member: member(8, "Bo"), on };
        let ours = [
            ("welcome", reply(&Reply::Welcome(Box::new(welcome)))),
            ("message", told(&[Notice::Message(tea())])),
            ("reply", reply(&Reply::Message(yes()))),
            ("joined", told(&[Notice::Joined { member: member(8, "Bo"), member_count: 2, at: 0 }])),
            ("renamed", told(&[Notice::Renamed { member: member(7, "Ada"), member_count: 2 }])),
            ("left", told(&[Notice::Left { member: member(8, "Bo"), member_count: 1, at: 0 }])),
            ("typing", told(&[typing(true)])),
            ("history", reply(&Reply::History(Page { messages: vec![tea()], more: true }))),
            ("history_empty", reply(&Reply::History(Page::default()))),
            ("batch", told(&[Notice::Message(tea()), typing(false)])),
            ("error", refused(Refusal::EmptyText, Some("a-2"))),
            ("error_rate", refused(Refusal::RateLimited { retry_after_ms: 500 }, Some("a-3"))),
            ("error_join", refused(Refusal::NotJoined, None)),
            ("pong", reply(&Reply::Pong)),
        ];
        let golden = golden();
        for (name, frame) in &ours {
            assert_eq!(&serde_json::from_str::<Value>(frame).unwrap(), &golden["server"][name], "{name}");
        }
        assert_eq!(golden["server"].as_object().unwrap().len(), ours.len());
    }

    #[test]
    fn the_clients_frames_are_read() {
        let text = str::to_owned;
        let after = Position { epoch: text("0123456789abcdef0123456789abcdef"), seq: 2 };
        let join = |session, after| Request::Join { name: text("Ada"), session, after };
        let requests = [
            ("join", join(None, None)),
            ("join_again", join(Some(text("note")), Some(after))),
            ("join_nulls", join(None, None)),
            ("send", Request::Send { id: text("a-1"), text: text("tea?"), reply_to: None }),
            ("send_reply", Request::Send { id: text("b-1"), text: text("yes"), reply_to: Some(1) }),
            ("typing", Request::Typing { on: true }),
            ("rename", Request::Rename { name: text("Countess") }),
            ("history", Request::History { range: Range::Newest, limit: 64 }),
            ("history_before", Request::History { range: Range::Before(65), limit: 200 }),
            ("history_after", Request::History { range: Range::After(0), limit: 64 }),
            ("ping", Request::Ping),
        ];
        let golden = golden();
        for (name, request) in &requests {
            assert_eq!(decode(&golden["client"][name].to_string()).as_ref(), Ok(request), "{name}");
        }
        assert_eq!(golden["client"].as_object().unwrap().len(), requests.len());
    }

    #[test]
    fn anything_else_is_malformed() {
        for frame in golden()["malformed"].as_array().unwrap() {
            let read = decode(frame.as_str().unwrap());
            assert!(matches!(read, Err(Unreadable::Malformed(_))), "{frame}: {read:?}");
        }
        let nested = "[".repeat(FRAME_BYTES_MAX);
        assert!(matches!(Dialect::V1.decode(&nested, true), Err(Unreadable::Malformed(_))));
        assert_eq!(Dialect::V1.decode(&format!("{nested} "), true), Err(Unreadable::TooBig));
    }

    #[test]
    fn a_large_flush_leaves_in_several_batches() {
        let notices: Vec<_> = std::iter::repeat_with(|| Notice::Message(tea())).take(5_000).collect();
        let frames = broadcast(&notices);
        assert!(frames.len() > 1);
        assert!(frames.iter().all(|frame| frame.len() < BATCH_BYTES_MAX * 2));
        let count = |frame: &String| {
            serde_json::from_str::<Value>(frame).unwrap()["frames"].as_array().unwrap().len()
        };
        assert_eq!(frames.iter().map(count).sum::<usize>(), notices.len());
    }

    proptest! {
        #[test]
        fn decoding_never_panics(frame in "\\PC*") {
            let _ = decode(&frame);
        }

        #[test]
        fn decoding_something_like_a_frame_never_panics(
            kind in "join|send|typing|rename|history|ping|welcome",
            key in "name|session|after|id|text|reply_to|on|before|limit|type",
            value in "null|true|-1|1e999|9007199254740993|\"\\PC{0,9}\"|\\[\\]|\\{\\}|\\PC{0,9}",
        ) {
            let _ = decode(&format!(r#"{{"type":"{kind}","{key}":{value},"name":"x","id":"1","text":"x"}}"#));
        }

        #[test]
        fn any_text_survives_storage_and_the_wire(said in "\\PC*|[\\x00-\\x{10ffff}]{0,40}") {
            let (id, from) = ("1".to_owned(), member(8, "Bo"));
            let message = Message { seq: 1, id, from, text: said.clone(), sent_at: 0, reply_to: None, original: None };
            let line = Line::encode(&message).unwrap();
            prop_assert!(!line.as_str().contains('\n'));
            prop_assert_eq!(line.decode().unwrap(), message);
            let frame: Value = serde_json::from_str(&told(&[Notice::Message(line)])).unwrap();
            prop_assert_eq!(frame["text"].as_str(), Some(said.as_str()));
        }
    }
}
