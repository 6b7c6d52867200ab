//! Fuzzes what clients send: any text, in any dialect, read by `Dialect::decode`, and what was read told to
//! every dialect's clients.
//!
//! The first byte chooses the dialect and whether the client has joined; the rest is the frame. Promises held
//! against each input: reading never panics and always means the same; what is read is what an independent
//! reader of JSON finds in the frame; what is told of it is a frame of each dialect, with the text in it as it
//! was said, and escaped where clients insert HTML.

use parlor::limits::{FRAME_BYTES_MAX, Limits};
use parlor::name::DisplayName;
use parlor::protocol::{self, Dialect};
use parlor::room::log::{Line, Message, Page};
use parlor::room::presence::{Member, MemberId};
use parlor::room::{Notice, Reply, Request, Unreadable};
use serde_json::{Map, Value};

/// What clients speak; relays are Parlor's own.
const DIALECTS: [Dialect; 6] = [
    Dialect::V1,
    Dialect::ScaleSocket,
    Dialect::WsChat,
    Dialect::SimpleChat,
    Dialect::Text,
    Dialect::TextJson,
];

/// Plays one input.
pub fn run(data: &[u8]) {
    let Some((choice, frame)) = data.split_first() else { return };
    let dialect = DIALECTS[usize::from(choice & 0x7f) % DIALECTS.len()];
    let joined = choice & 0x80 != 0;
    let frame = String::from_utf8_lossy(frame);
    let read = dialect.decode(&frame, joined);
    assert_eq!(dialect.decode(&frame, joined), read, "the same frame means something else");
    let next = dialect.after(&frame);
    assert_eq!(next.after(&frame), next, "the dialect goes on changing");
    let is_big = frame.len() > FRAME_BYTES_MAX;
    assert_eq!(is_big, read == Err(Unreadable::TooBig));
    if is_big {
        return assert_eq!(next, dialect);
    }
    match dialect {
        Dialect::V1 => check_v1(&frame, &read),
        Dialect::ScaleSocket => check_scalesocket(&frame, &read),
        Dialect::WsChat => assert!(matches!(
            read,
            Ok(Request::Enter { .. } | Request::Speak { name: None, original: None, .. })
                | Err(Unreadable::Ignored)
        )),
        Dialect::SimpleChat => assert!(matches!(read, Ok(Request::Enter { .. } | Request::Speak { .. }))),
        Dialect::Text | Dialect::TextJson => assert!(read.is_ok()),
        Dialect::Relay => panic!("no client speaks it"),
    }
    if let Ok(request) = read {
        tell(request);
    }
}

/// Holds what was read of a `parlor.v1` frame against its fields, as serde_json alone reads them.
fn check_v1(frame: &str, read: &Result<Request, Unreadable>) {
    let ordered = protocol::order(frame);
    let request = match read {
        Ok(request) => request,
        Err(Unreadable::Malformed(why)) => {
            assert!(!why.is_empty() && ordered.is_err());
            return;
        }
        other => panic!("{other:?}"),
    };
    // What is no number for serde_json may stand in a field that means nothing.
    let fields: Map<String, Value> = match serde_json::from_str(frame) {
        Err(error) if error.to_string().starts_with("number out of range") => return,
        fields => fields.expect("a frame is a JSON object"),
    };
    let kind = fields["type"].as_str().expect("a `type` is a text");
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let number = |name: &str| fields.get(name).and_then(Value::as_u64);
    match request {
        Request::Join { name, session, after } => {
            assert_eq!((kind, text("name")), ("join", Some(name.as_str())));
            assert_eq!(text("session"), session.as_deref());
            let theirs = fields.get("after").filter(|after| !after.is_null());
            assert_eq!(theirs.map(|it| &it["seq"]), after.as_ref().map(|it| it.seq.into()).as_ref());
        }
        Request::Send { id, text: said, reply_to } => {
            assert_eq!((kind, text("id"), text("text")), ("send", Some(id.as_str()), Some(said.as_str())));
            assert_eq!(number("reply_to"), *reply_to);
        }
        Request::Rename { name } => assert_eq!((kind, text("name")), ("rename", Some(name.as_str()))),
        Request::Typing { on } => assert_eq!((kind, fields["on"].as_bool()), ("typing", Some(*on))),
        Request::History { limit, .. } => {
            assert_eq!(kind, "history");
            assert!((1..=200).contains(limit));
            assert!(number("before").is_none() || number("after").is_none());
        }
        Request::Report { seq, reason } => {
            assert_eq!((kind, number("seq"), text("reason")), ("report", Some(*seq), Some(reason.as_str())));
        }
        Request::Ping => assert_eq!(kind, "ping"),
        Request::Moderate(order) => assert_eq!(ordered.as_ref(), Ok(order)),
        other => panic!("no frame of parlor.v1 asks for {other:?}"),
    }
    assert_eq!(ordered.is_ok(), matches!(request, Request::Moderate(_)));
}

fn check_scalesocket(frame: &str, read: &Result<Request, Unreadable>) {
    let object = serde_json::from_str::<Map<String, Value>>(frame);
    match read {
        Ok(Request::Speak { text, original, .. }) => {
            let object = object.expect("what is relayed is an object");
            match object.get("text").and_then(Value::as_str) {
                Some(theirs) => assert_eq!(text, theirs),
                None => assert_eq!(Some(text), original.as_ref()),
            }
            let relayed = original.as_ref().map(|it| serde_json::from_str::<Map<String, Value>>(it));
            if let Some(relayed) = relayed {
                let relayed = relayed.expect("what is relayed is an object still");
                let kept = object.iter().filter(|(key, _)| !RESERVED.contains(&key.as_str()));
                let relayed = relayed.iter();
                assert!(kept.count() == relayed.len(), "what is relayed is another object");
                assert!(relayed.clone().all(|(key, value)| is_same(&object[key], value)), "another object");
            }
        }
        Err(Unreadable::Ignored) => {
            assert!(object.is_ok_and(|it| it.keys().all(|key| RESERVED.contains(&key.as_str()))));
        }
        Err(Unreadable::Fatal) => assert!(object.is_err()),
        other => panic!("{other:?}"),
    }
}

/// Whether it is the same value; a number that is no whole one may be off in its last bit.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let all = |(key, value)| other.get(key).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(all)
        }
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= one.abs() * 1e-15,
            _ => one == other,
        },
        _ => one == other,
    }
}

const RESERVED: [&str; 5] = ["t", "_from", "_to", "_meta", "_cache"];

/// Tells every dialect's clients what somebody said, or under which name they go.
fn tell(request: Request) {
    let (name, text, original) = match request {
        Request::Send { text, .. } => (None, text, None),
        Request::Speak { name, text, original } => (name, text, original),
        Request::Join { name, .. } | Request::Rename { name } | Request::TypingAs { name, .. } => {
            (Some(name), "hello".to_owned(), None)
        }
        Request::Enter { name } => (name, "hello".to_owned(), None),
        _ => return,
    };
    let name = DisplayName::nearest(name.as_deref().unwrap_or_default(), &Limits::default());
    let from = Member::new(MemberId::new(8), &name);
    let message = Message {
        seq: 1,
        id: "a".to_owned(),
        from: from.clone(),
        text,
        sent_at: 1_800_000_000_000,
        reply_to: None,
        original,
        deleted: false,
    };
    let line = Line::encode(&message).expect("a message can be stored");
    assert!(!line.as_str().contains('\n'), "a stored line is one line");
    assert_eq!(line.decode().as_ref(), Ok(&message), "what is stored is what was said");
    let joined = Notice::Joined { member: from.clone(), member_count: 1, at: message.sent_at };
    let typing = Notice::Typing { member: from, on: true };
    for dialect in &DIALECTS {
        let said = dialect.broadcast(&[Notice::Message(line.clone())]);
        assert_eq!(said.len(), 1, "{}: one frame for one message", dialect.name());
        let page = Page { messages: vec![line.clone()], more: false };
        let mut others = dialect.broadcast(&[joined.clone(), typing.clone()]);
        others.extend(dialect.reply(&Reply::Listening(page)));
        others.extend(dialect.roster(std::slice::from_ref(&joined), || vec![message.from.clone()]));
        if matches!(dialect, Dialect::Text | Dialect::TextJson) {
            assert_eq!(said[0], message.text);
        } else {
            check_told(*dialect, &json(&said[0]), &message);
        }
        for frame in others {
            json(&frame);
            let is_html = matches!(dialect, Dialect::WsChat | Dialect::SimpleChat);
            assert!(!is_html || !frame.contains('<'), "{}: not escaped: {frame}", dialect.name());
        }
    }
}

fn check_told(dialect: Dialect, told: &Value, message: &Message) {
    let (text, name) = match dialect {
        Dialect::V1 => (&told["text"], &told["from"]["name"]),
        Dialect::ScaleSocket => {
            assert_eq!(told["_from"], message.from.id.get(), "somebody else is named");
            assert!(RESERVED[..1].iter().chain(&RESERVED[2..]).all(|field| told.get(field).is_none()));
            if message.original.is_some() {
                return;
            }
            (&told["text"], &told["nick"])
        }
        Dialect::WsChat => (&told["text"], &told["username"]),
        _ => (&told["data"]["text"], &told["data"]["author"]),
    };
    let (text, name) = (text.as_str().expect("a text"), name.as_str().expect("a name"));
    let plain = |it: &str| match dialect {
        Dialect::V1 | Dialect::ScaleSocket => it.to_owned(),
        _ => {
            assert!(!it.contains(['<', '>', '"']), "{}: not escaped: {it}", dialect.name());
            assert!(dialect != Dialect::WsChat || !it.contains('\''));
            let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#039;", "'"), ("&amp;", "&")];
            marks.iter().fold(it.to_owned(), |it, (from, to)| it.replace(from, to))
        }
    };
    assert_eq!((plain(text), plain(name)), (message.text.clone(), message.from.name.clone()));
}

fn json(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap_or_else(|error| panic!("no JSON ({error}): {frame}"))
}
