//! What a client reads in the server's frames. It reads the text on its own, by the protocol, not with
//! the server's types.

use std::borrow::Cow;

use serde::Deserialize;

/// A WebSocket frame on its way: its text, and what a client reads in it, batches opened.
#[derive(Debug)]
pub struct Wire {
    pub text: String,
    pub frames: Vec<Frame>,
    /// The first message that the store kept before the event that the frame came of, and after it: no
    /// client knows, but what it is told can be held against it.
    pub firsts: (u64, u64),
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
    /// Of its text.
    pub said: u64,
    /// Of all its fields.
    pub print: u64,
}

/// Any frame; which fields there must be follows from its type.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    seq: Option<u64>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    from: Option<Member>,
    sent_at: Option<u64>,
    reply_to: Option<u64>,
    member: Option<Reference>,
    member_count: Option<usize>,
    epoch: Option<String>,
    head: Option<u64>,
    you: Option<Member>,
    session: Option<String>,
    members: Option<Vec<Member>>,
    recovered: Option<bool>,
    #[serde(borrow)]
    messages: Option<Vec<Raw<'a>>>,
    more: Option<bool>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    temporary: Option<bool>,
    retry_after_ms: Option<u64>,
    #[serde(borrow)]
    frames: Option<Vec<Raw<'a>>>,
}

#[derive(Deserialize)]
struct Reference {
    id: u64,
    name: Option<String>,
}

impl Wire {
    /// Reads a frame's text; the error says what is wrong with it.
    pub fn read(text: String, firsts: (u64, u64)) -> Result<Self, String> {
        let raw: Raw<'_> = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        let frames = match (&*raw.kind, raw.frames) {
            ("batch", Some(frames)) => frames.into_iter().map(Frame::read).collect(),
            (_, frames) => Frame::read(Raw { frames, ..raw }).map(|frame| vec![frame]),
        };
        let frames = frames.ok_or_else(|| format!("a field is missing: {text}"))?;
        Ok(Self { text, frames, firsts })
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

impl Frame {
    fn read(raw: Raw<'_>) -> Option<Self> {
        Some(match &*raw.kind {
            "message" => Self::Message(Message::from(raw)?),
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
            }),
            "joined" => Self::Joined { member: raw.member?.named()?, member_count: raw.member_count? },
            "renamed" => Self::Renamed { member: raw.member?.named()?, member_count: raw.member_count? },
            "left" => Self::Left { id: raw.member?.id, member_count: raw.member_count? },
            "typing" => raw.member.map(|_| Self::Typing)?,
            "history" => Self::History {
                messages: raw.messages?.into_iter().map(Message::from).collect::<Option<_>>()?,
                more: raw.more?,
            },
            "error" => Self::Error {
                code: raw.code?.into_owned(),
                temporary: raw.temporary?,
                retry_after_ms: raw.retry_after_ms,
                id: raw.id.map(Cow::into_owned),
            },
            "pong" => Self::Pong,
            _ => return None,
        })
    }
}

impl Message {
    /// Reads a message's text.
    pub fn read(text: &str) -> Option<Self> {
        Self::from(serde_json::from_str(text).ok()?)
    }

    fn from(raw: Raw<'_>) -> Option<Self> {
        let (seq, id, from, text, sent_at) = (raw.seq?, raw.id?, raw.from?, raw.text?, raw.sent_at?);
        let said = print_of(&[text.as_bytes()]);
        let numbers = [seq, from.id, sent_at, said, raw.reply_to.unwrap_or(0)].map(u64::to_le_bytes);
        let print = print_of(&[numbers.as_flattened(), id.as_bytes(), from.name.as_bytes()]);
        Some(Self { seq, id: id.into_owned(), from: from.id, said, print })
    }
}

impl Reference {
    fn named(self) -> Option<Member> {
        Some(Member { id: self.id, name: self.name? })
    }
}

/// A fingerprint: FNV-1a over the parts and where they end.
pub fn print_of(parts: &[&[u8]]) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| {
        step(part.iter().fold(hash, |hash, byte| step(hash, *byte)), 0xff)
    })
}
