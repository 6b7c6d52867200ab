//! `parlor.v1`: one JSON object a frame, with a `type`. docs/PROTOCOL.md is its contract; the golden
//! frames in tests/frames are read by this file's tests and by the JavaScript ones.

use serde::Serialize;

use super::fields::Fields;
use super::{Grammar, spell};
use crate::limits::{BATCH_BYTES_MAX, ClientLimits, HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX};
use crate::refusal::Refusal;
use crate::room::log::{Line, Page, Range, Seq};
use crate::room::moderation::{Order, Record, Whom};
use crate::room::presence::{Member, MemberId};
use crate::room::rules::House;
use crate::room::visitor::Role;
use crate::room::{Notice, Position, Post, Reply, Request, Unreadable, Welcome};

pub(super) static GRAMMAR: Grammar = Grammar {
    name: "parlor.v1",
    opening: || None,
    decode: |frame, _| decode(frame),
    broadcast,
    reply: |it| if matches!(it, Reply::Relay(_)) { Vec::new() } else { vec![reply(it)] },
    roster: None,
    skips_author: false,
    closes_the_unauthorized: false,
    after: |_| None,
};

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
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rules: Option<&'a House>,
        #[serde(skip_serializing_if = "<[Seq]>::is_empty")]
        deleted: &'a [Seq],
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
    Deleted {
        seq: Seq,
    },
    Cleared {
        epoch: &'a str,
    },
    Rules(&'a House),
    Presence {
        member_count: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        members: Option<&'a [Member]>,
    },
    Reported {
        seq: Seq,
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
    request(frame).map_err(Unreadable::Malformed)
}

fn request(frame: &str) -> Result<Request, String> {
    let fields = Fields::read(frame)?;
    let seq = || fields.required("seq");
    let on = || fields.required("on");
    let whom = || -> Result<Whom, String> {
        let (member, sub) = (fields.optional("member")?, fields.optional("sub")?);
        Ok(Whom { member, sub, for_ms: fields.optional("for_ms")? })
    };
    Ok(match fields.required::<String>("type")?.as_str() {
        "join" => {
            let after = fields.json("after").map(position).transpose()?;
            Request::Join { name: fields.required("name")?, session: fields.optional("session")?, after }
        }
        "send" => Request::Send {
            id: fields.required("id")?,
            text: fields.required("text")?,
            reply_to: fields.optional("reply_to")?,
        },
        "typing" => Request::Typing { on: on()? },
        "rename" => Request::Rename { name: fields.required("name")? },
        "history" => {
            let limit: Option<Seq> = fields.optional("limit")?;
            let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
            let (range, limit) = history(fields.optional("before")?, fields.optional("after")?, limit)?;
            Request::History { range, limit }
        }
        "report" => Request::Report { seq: seq()?, reason: fields.required("reason")? },
        "delete" => Request::Moderate(Order::Delete { seq: seq()? }),
        "remove" => Request::Moderate(Order::Remove(whom()?)),
        "ban" => Request::Moderate(Order::Ban(whom()?)),
        "unban" => Request::Moderate(Order::Unban(whom()?)),
        "mute" => Request::Moderate(Order::Mute(whom()?)),
        "unmute" => Request::Moderate(Order::Unmute(whom()?)),
        "lock" => Request::Moderate(Order::Lock { on: on()? }),
        "slow_mode" => Request::Moderate(Order::SlowMode { interval_ms: fields.required("interval_ms")? }),
        "clear" => Request::Moderate(Order::Clear),
        "ping" => Request::Ping,
        _ => return Err("there is no frame of this `type`".to_owned()),
    })
}

fn position(json: &str) -> Result<Position, String> {
    let fields = Fields::read(json)?;
    Ok(Position { epoch: fields.required("epoch")?, seq: fields.required("seq")? })
}

/// Reads a message that comes over HTTP.
///
/// # Errors
/// What is wrong with it, in words.
pub fn post(body: &str) -> Result<Post, String> {
    let fields = Fields::read(body)?;
    Ok(Post { id: fields.required("id")?, name: fields.required("name")?, text: fields.required("text")? })
}

/// Reads an order of a moderator, as it comes over HTTP: the same text as its frame.
///
/// # Errors
/// What is wrong with it, in words.
pub fn order(body: &str) -> Result<Order, String> {
    match decode(body) {
        Ok(Request::Moderate(order)) => Ok(order),
        Err(Unreadable::Malformed(why)) => Err(why),
        _ => Err("the body must be a frame of a moderator".to_owned()),
    }
}

/// Spells a record of what a moderator did.
pub fn record_body(record: &Record) -> String {
    spell(record)
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
        _ => Some(format!(r#"{{"type":"batch","frames":[{}]}}"#, super::with_commas(&std::mem::take(batch)))),
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
        Notice::Deleted { seq } => spell(&ServerFrame::Deleted { seq: *seq }),
        Notice::Cleared { epoch } => spell(&ServerFrame::Cleared { epoch }),
        Notice::Ruled(house) => spell(&ServerFrame::Rules(house)),
        Notice::Counted { member_count, members } => {
            spell(&ServerFrame::Presence { member_count: *member_count, members: members.as_deref() })
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
        Reply::Record(record) => spell(record),
        Reply::Recorded(json) => json.clone(),
        Reply::Reported(seq) => spell(&ServerFrame::Reported { seq: *seq }),
        Reply::Pong => super::PONG.to_owned(),
        Reply::Relay(_) => String::new(),
    }
}

fn spell_welcome(welcome: &Welcome) -> String {
    let Welcome { room, epoch, head, you, session, members, member_count, limits, .. } = welcome;
    let Welcome { recovered, page, role, house, deleted, .. } = welcome;
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
        // What is as in most rooms need not be said.
        role: Some(*role).filter(|role| *role != Role::default()),
        rules: Some(house).filter(|house| **house != House::default()),
        deleted,
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
    use crate::room::moderation::{Actor, Named};

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
            deleted: false,
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
            deleted: false,
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
            members: [member(7, "Ada")].into(),
            member_count: 1,
            limits: Limits::default().for_clients(),
            recovered: false,
            page: Page { messages: vec![tea(), yes()], more: false }.into(),
            role: Role::Member,
            house: House::default(),
            deleted: Vec::new(),
        };
        let moderated = Welcome {
            role: Role::Owner,
            house: House { locked: true, slow_mode_ms: 60_000 },
            deleted: vec![1],
            ..welcome.clone()
        };
        let gone = Message { text: String::new(), deleted: true, ..tea().decode().unwrap() };
        let actor = |id, name: &str, sub: Option<&str>| Actor {
            id: MemberId::new(id),
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        };
        let record = |action, by| Record {
            at: 1_800_000_002_000,
            action,
            by,
            member: None,
            seq: None,
            until: None,
            on: None,
            interval_ms: None,
            reason: None,
        };
        let muted = Named { id: MemberId::new(8), name: Some("Bo".to_owned()) };
        let told_record = |record: Record| reply(&Reply::Record(record));
        let typing = |on| Notice::Typing { member: member(8, "Bo"), on };
        let ours = [
            ("welcome", reply(&Reply::Welcome(Box::new(welcome)))),
            ("message", told(&[Notice::Message(tea())])),
            ("reply", reply(&Reply::Message(yes()))),
            ("joined", told(&[Notice::Joined { member: member(8, "Bo"), member_count: 2, at: 0 }])),
            ("presence", told(&[Notice::Counted { member_count: 12_345, members: None }])),
            (
                "presence_few",
                told(&[Notice::Counted { member_count: 1, members: Some(vec![member(7, "Ada")]) }]),
            ),
            ("renamed", told(&[Notice::Renamed { member: member(7, "Ada"), member_count: 2 }])),
            ("left", told(&[Notice::Left { member: member(8, "Bo"), member_count: 1, at: 0 }])),
            ("typing", told(&[typing(true)])),
            ("history", reply(&Reply::History(Page { messages: vec![tea()], more: true }))),
            ("history_empty", reply(&Reply::History(Page::default()))),
            ("batch", told(&[Notice::Message(tea()), typing(false)])),
            ("error", refused(Refusal::EmptyText, Some("a-2"))),
            ("error_rate", refused(Refusal::RateLimited { retry_after_ms: 500 }, Some("a-3"))),
            ("error_join", refused(Refusal::NotJoined, None)),
            ("welcome_rules", reply(&Reply::Welcome(Box::new(moderated)))),
            ("tombstone", told(&[Notice::Message(Line::encode(&gone).unwrap())])),
            ("deleted", told(&[Notice::Deleted { seq: 1 }])),
            ("cleared", told(&[Notice::Cleared { epoch: "fedcba9876543210fedcba9876543210".to_owned() }])),
            ("rules", told(&[Notice::Ruled(House { locked: true, slow_mode_ms: 60_000 })])),
            (
                "record",
                told_record(Record {
                    member: Some(muted),
                    until: Some(1_800_000_062_000),
                    ..record("mute", actor(7, "Ada", Some("ada@example.com")))
                }),
            ),
            ("record_lock", told_record(Record { on: Some(true), ..record("lock", actor(7, "Ada", None)) })),
            (
                "record_slow",
                told_record(Record {
                    interval_ms: Some(60_000),
                    ..record("slow_mode", actor(7, "Ada", None))
                }),
            ),
            (
                "record_report",
                told_record(Record {
                    seq: Some(2),
                    reason: Some("rude".to_owned()),
                    ..record("report", actor(8, "Bo", None))
                }),
            ),
            ("reported", reply(&Reply::Reported(2))),
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
        let number = |for_ms| Whom { member: Some(8), sub: None, for_ms };
        let subject = || Whom { sub: Some(text("bo@example.com")), ..Whom::default() };
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
            ("report", Request::Report { seq: 2, reason: text("rude") }),
            ("delete", Request::Moderate(Order::Delete { seq: 1 })),
            ("remove", Request::Moderate(Order::Remove(number(None)))),
            ("ban", Request::Moderate(Order::Ban(Whom { for_ms: Some(60_000), ..subject() }))),
            ("unban", Request::Moderate(Order::Unban(number(None)))),
            ("mute", Request::Moderate(Order::Mute(number(Some(60_000))))),
            ("unmute", Request::Moderate(Order::Unmute(subject()))),
            ("lock", Request::Moderate(Order::Lock { on: true })),
            ("slow_mode", Request::Moderate(Order::SlowMode { interval_ms: 60_000 })),
            ("clear", Request::Moderate(Order::Clear)),
            ("ping", Request::Ping),
        ];
        let golden = golden();
        for (name, request) in &requests {
            let frame = golden["client"][name].to_string();
            assert_eq!(decode(&frame).as_ref(), Ok(request), "{name}");
            // Over HTTP the orders are the same, and nothing else is one.
            let ordered = order(&frame).map(Request::Moderate);
            assert_eq!(ordered.is_ok(), matches!(request, Request::Moderate(_)), "{name}");
            assert!(ordered.is_err() || ordered.as_ref() == Ok(request));
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
            let message = Message { seq: 1, id, from, text: said.clone(), sent_at: 0, reply_to: None, original: None, deleted: false };
            let line = Line::encode(&message).unwrap();
            prop_assert!(!line.as_str().contains('\n'));
            prop_assert_eq!(line.decode().unwrap(), message);
            let frame: Value = serde_json::from_str(&told(&[Notice::Message(line)])).unwrap();
            prop_assert_eq!(frame["text"].as_str(), Some(said.as_str()));
        }
    }
}
