//! What a client reads in the server's frames. It reads the text on its own, by the protocol, not with
//! the server's types.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

/// A WebSocket frame on its way: what a client reads in its text, batches opened.
#[derive(Debug)]
pub struct Wire {
    pub frames: Vec<Frame>,
    /// The first message that the store kept before the event that the frame came of, and after it: no
    /// client knows, but what it is told can be held against it.
    pub firsts: (u64, u64),
    /// Of the epoch that the store counted within, likewise.
    pub epoch: u64,
}

/// A frame of `parlor.v1` to a client.
#[derive(Debug)]
pub enum Frame {
    Welcome(Welcome),
    Message(Message),
    Joined { member: Member, member_count: usize },
    Renamed { member: Member, member_count: usize },
    Left { id: u64, member_count: usize },
    Typing,
    Presence { member_count: usize, members: Option<Vec<Member>> },
    Deleted { seq: u64 },
    Cleared { epoch: String },
    Rules(House),
    Record(Record),
    Reported { seq: u64 },
    History { messages: Vec<Message>, more: bool },
    Error { code: String, temporary: bool, retry_after_ms: Option<u64>, id: Option<String> },
    Pong,
}

#[derive(Debug)]
pub struct Welcome {
    pub epoch: String,
    pub head: u64,
    pub you: Member,
    pub session: String,
    pub members: Vec<Member>,
    pub member_count: usize,
    pub recovered: bool,
    pub messages: Vec<Message>,
    pub more: bool,
    pub role: String,
    pub rules: House,
    pub deleted: Vec<u64>,
}

/// The rules that everybody is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct House {
    pub locked: bool,
    pub slow_mode_ms: u64,
}

/// What a moderator did, as its record has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub at: u64,
    pub by: u64,
    pub deed: Deed,
    pub until: Option<u64>,
}

/// What was done, and to what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Deed {
    pub action: String,
    pub member: Option<u64>,
    pub seq: Option<u64>,
    pub on: Option<bool>,
    pub interval_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Member {
    pub id: u64,
    pub name: String,
}

/// A message, as far as anybody here has to tell it from others.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub seq: u64,
    pub id: String,
    pub from: u64,
    /// Of the name it was said under.
    pub named: u64,
    pub sent_at: u64,
    pub print: Print,
}

/// What tells a message from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Print {
    /// Of all its fields but the text.
    pub of: u64,
    /// Of its text: [`GONE`] once it is deleted.
    pub said: u64,
}

/// Stands for the text of a deleted message.
pub const GONE: u64 = 0;

impl Print {
    /// The same message, deleted.
    pub fn gone(self) -> Self {
        Self { said: GONE, ..self }
    }

    pub fn is_gone(self) -> bool {
        self.said == GONE
    }
}

/// A text that is copied only where it has escapes. (In an `Option`, serde would copy a bare `Cow`.)
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Any frame; which fields there must be follows from its type.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    seq: Option<u64>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<RawMember<'a>>,
    sent_at: Option<u64>,
    reply_to: Option<u64>,
    #[serde(borrow)]
    member: Option<RawMember<'a>>,
    member_count: Option<usize>,
    temporary: Option<bool>,
    retry_after_ms: Option<u64>,
    #[serde(borrow)]
    code: Option<Text<'a>>,
    more: Option<bool>,
    #[serde(borrow)]
    messages: Option<Vec<RawMessage<'a>>>,
    #[serde(borrow)]
    frames: Option<Vec<Raw<'a>>>,
    recovered: Option<bool>,
    head: Option<u64>,
    epoch: Option<String>,
    session: Option<String>,
    you: Option<Member>,
    members: Option<Vec<Member>>,
    deleted: Option<RawDeleted>,
    role: Option<String>,
    rules: Option<House>,
    locked: Option<bool>,
    slow_mode_ms: Option<u64>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    by: Option<RawMember<'a>>,
    at: Option<u64>,
    until: Option<u64>,
    on: Option<bool>,
    interval_ms: Option<u64>,
}

/// In a message whether it is, in a welcome which are.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawDeleted {
    Is(bool),
    Seqs(Vec<u64>),
}

impl RawDeleted {
    fn is(deleted: Option<&Self>) -> bool {
        matches!(deleted, Some(Self::Is(true)))
    }

    fn seqs(deleted: Option<Self>) -> Option<Vec<u64>> {
        match deleted {
            None => Some(Vec::new()),
            Some(Self::Seqs(seqs)) => Some(seqs),
            Some(Self::Is(_)) => None,
        }
    }
}

#[derive(Deserialize)]
struct RawMessage<'a> {
    seq: u64,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    from: RawMember<'a>,
    sent_at: u64,
    reply_to: Option<u64>,
    #[serde(default)]
    deleted: bool,
}

#[derive(Deserialize)]
struct RawMember<'a> {
    id: u64,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

impl Wire {
    /// Reads a frame's text; the error says what is wrong with it.
    pub fn read(text: &str, firsts: (u64, u64), epoch: u64) -> Result<Self, String> {
        let raw: Raw<'_> = serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?;
        let frames = match (&*raw.kind.0, raw.frames) {
            ("batch", Some(frames)) => frames.into_iter().map(Frame::read).collect(),
            (_, frames) => Frame::read(Raw { frames, ..raw }).map(|frame| vec![frame]),
        };
        let frames = frames.ok_or_else(|| format!("a field is missing: {text}"))?;
        Ok(Self { frames, firsts, epoch })
    }

    /// All messages in it, wherever they stand.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.frames.iter().flat_map(|frame| match frame {
            Frame::Message(message) => std::slice::from_ref(message),
            Frame::Welcome(Welcome { messages, .. }) | Frame::History { messages, .. } => messages,
            _ => &[],
        })
    }
}

impl Wire {
    /// The records in it.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.frames.iter().filter_map(|frame| match frame {
            Frame::Record(record) => Some(record),
            _ => None,
        })
    }
}

impl Frame {
    fn read(raw: Raw<'_>) -> Option<Self> {
        Some(match &*raw.kind.0 {
            "message" => Self::Message(Message::from(RawMessage {
                seq: raw.seq?,
                id: raw.id?,
                text: raw.text?,
                from: raw.from?,
                sent_at: raw.sent_at?,
                reply_to: raw.reply_to,
                deleted: RawDeleted::is(raw.deleted.as_ref()),
            })?),
            "welcome" => Self::Welcome(Welcome {
                epoch: raw.epoch?,
                head: raw.head?,
                you: raw.you?,
                session: raw.session?,
                members: raw.members?,
                member_count: raw.member_count?,
                recovered: raw.recovered?,
                messages: raw.messages?.into_iter().map(Message::from).collect::<Option<_>>()?,
                more: raw.more?,
                role: raw.role.unwrap_or_else(|| "member".to_owned()),
                rules: raw.rules.unwrap_or_default(),
                deleted: RawDeleted::seqs(raw.deleted)?,
            }),
            "deleted" => Self::Deleted { seq: raw.seq? },
            "reported" => Self::Reported { seq: raw.seq? },
            "cleared" => Self::Cleared { epoch: raw.epoch? },
            "rules" => Self::Rules(House { locked: raw.locked?, slow_mode_ms: raw.slow_mode_ms? }),
            "record" => {
                let (action, member) = (raw.action?.0.into_owned(), raw.member.map(|member| member.id));
                let deed = Deed { action, member, seq: raw.seq, on: raw.on, interval_ms: raw.interval_ms };
                Self::Record(Record { at: raw.at?, by: raw.by?.id, deed, until: raw.until })
            }
            "joined" => Self::Joined { member: raw.member?.named()?, member_count: raw.member_count? },
            "renamed" => Self::Renamed { member: raw.member?.named()?, member_count: raw.member_count? },
            "left" => Self::Left { id: raw.member?.id, member_count: raw.member_count? },
            "presence" => Self::Presence { member_count: raw.member_count?, members: raw.members },
            "typing" => raw.member.map(|_| Self::Typing)?,
            "history" => Self::History {
                messages: raw.messages?.into_iter().map(Message::from).collect::<Option<_>>()?,
                more: raw.more?,
            },
            "error" => Self::Error {
                code: raw.code?.0.into_owned(),
                temporary: raw.temporary?,
                retry_after_ms: raw.retry_after_ms,
                id: raw.id.map(|id| id.0.into_owned()),
            },
            "pong" => Self::Pong,
            _ => return None,
        })
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, frame) in self.frames.iter().enumerate() {
            let comma = if index > 0 { "; " } else { "" };
            write!(f, "{comma}{frame}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = |messages: &[Message]| match (messages.first(), messages.last()) {
            (Some(first), Some(last)) => format!("messages {}..={}", first.seq, last.seq),
            _ => "no messages".to_owned(),
        };
        match self {
            Self::Welcome(welcome) => {
                let Welcome { you, head, recovered, messages, member_count, deleted, .. } = welcome;
                let how = if *recovered { "resumed" } else { "not resumed" };
                let run = run(messages);
                let gone = if deleted.is_empty() { String::new() } else { format!(", deleted {deleted:?}") };
                write!(
                    f,
                    "welcome as {} ({}), head {head}, {how}, {run}{gone}, {member_count} here",
                    you.name, you.id
                )
            }
            Self::Message(Message { seq, id, from, .. }) => write!(f, "message {seq}, {id:?} of {from}"),
            Self::Joined { member, member_count } => {
                write!(f, "joined {} ({}), {member_count} here", member.name, member.id)
            }
            Self::Renamed { member, .. } => write!(f, "renamed {} ({})", member.name, member.id),
            Self::Left { id, member_count } => write!(f, "left {id}, {member_count} here"),
            Self::Presence { member_count, members } => {
                let who = members.as_ref().map_or(String::new(), |members| format!(": {members:?}"));
                write!(f, "{member_count} here{who}")
            }
            Self::Reported { seq } => write!(f, "reported {seq}"),
            Self::Deleted { seq } => write!(f, "deleted {seq}"),
            Self::Cleared { epoch } => write!(f, "cleared: epoch {epoch}"),
            Self::Rules(house) => write!(f, "{house:?}"),
            Self::Record(record) => write!(f, "{record:?}"),
            Self::Typing => f.write_str("typing"),
            Self::History { messages, more } => write!(f, "history: {}, more: {more}", run(messages)),
            Self::Error { code, id, .. } => write!(f, "error {code} for {id:?}"),
            Self::Pong => f.write_str("pong"),
        }
    }
}

impl Message {
    /// Reads a message's text.
    pub fn read(text: &str) -> Option<Self> {
        Self::from(serde_json::from_str(text).ok()?)
    }

    fn from(raw: RawMessage<'_>) -> Option<Self> {
        let RawMessage { seq, id: Text(id), text: Text(text), from, sent_at, reply_to, deleted } = raw;
        // A deleted message has no text, and no other message has none.
        if deleted != text.is_empty() {
            return None;
        }
        let said = if deleted { GONE } else { print_of(&[text.as_bytes()]) };
        let numbers = [seq, from.id, sent_at, reply_to.unwrap_or(0)].map(u64::to_le_bytes);
        let name = from.name?.0;
        let of = print_of(&[numbers.as_flattened(), id.as_bytes(), name.as_bytes()]);
        let named = print_of(&[name.as_bytes()]);
        let print = Print { of, said };
        Some(Self { seq, id: id.into_owned(), from: from.id, named, sent_at, print })
    }
}

impl Record {
    /// Reads a record's text.
    pub fn read(text: &str) -> Option<Self> {
        match Frame::read(serde_json::from_str(text).ok()?)? {
            Frame::Record(record) => Some(record),
            _ => None,
        }
    }
}

impl Deed {
    /// The report of a message.
    pub fn report(seq: u64) -> Self {
        Self { action: "report".to_owned(), seq: Some(seq), ..Self::default() }
    }
}

impl RawMember<'_> {
    fn named(self) -> Option<Member> {
        Some(Member { id: self.id, name: self.name?.0.into_owned() })
    }
}

/// A fingerprint: FNV-1a over the parts and where they end.
pub fn print_of(parts: &[&[u8]]) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| {
        step(part.iter().fold(hash, |hash, byte| step(hash, *byte)), 0xff)
    })
}
