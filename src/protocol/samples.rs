//! What the dialects' tests spell: one room's small conversation.

use proptest::strategy::Strategy;
use serde_json::Value;

use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::room::log::{Line, Message, Page};
use crate::room::presence::{Member, MemberId};
use crate::room::rules::House;
use crate::room::visitor::Role;
use crate::room::{Notice, Reply, Welcome};

/// 2027-01-15T08:00:00Z.
pub const NOW: u64 = 1_800_000_000_000;

pub fn member(id: u64, name: &str) -> Member {
    let id = MemberId::new(id);
    Member { id, name: name.to_owned(), color: id.color().to_owned() }
}

pub fn line(id: u64, name: &str, text: &str, original: Option<&str>) -> Line {
    let (from, text, original) = (member(id, name), text.to_owned(), original.map(str::to_owned));
    let message = Message {
        seq: 1,
        id: "a-1".to_owned(),
        from,
        text,
        sent_at: NOW,
        reply_to: None,
        original,
        deleted: false,
    };
    Line::encode(&message).unwrap()
}

pub fn tea() -> Line {
    line(8, "Bo", "tea?", None)
}

/// A message from another dialect that would be HTML.
pub fn danger() -> Line {
    line(9, "<i>\"O'A&", "<b>'\"&</b>", None)
}

pub fn said(id: u64, name: &str, text: &str, original: Option<&str>) -> Notice {
    Notice::Message(line(id, name, text, original))
}

pub fn said_tea() -> Notice {
    Notice::Message(tea())
}

pub fn joined(id: u64, name: &str) -> Notice {
    Notice::Joined { member: member(id, name), member_count: 2, at: NOW }
}

pub fn left(id: u64, name: &str) -> Notice {
    Notice::Left { member: member(id, name), member_count: 1, at: NOW }
}

pub fn renamed(id: u64, name: &str) -> Notice {
    Notice::Renamed { member: member(id, name), member_count: 2 }
}

/// Ada types.
pub fn typing(id: u64) -> Notice {
    Notice::Typing { member: member(id, "Ada"), on: true }
}

pub fn welcome(id: u64, name: &str, messages: Vec<Line>) -> Reply {
    Reply::Welcome(Box::new(Welcome {
        room: "kitchen".to_owned(),
        epoch: "e".to_owned(),
        head: messages.len() as u64,
        you: member(id, name),
        session: "note".to_owned(),
        members: [member(id, name)].into(),
        member_count: 1,
        limits: Limits::default().for_clients(),
        recovered: false,
        page: Page { messages, more: false }.into(),
        role: Role::Member,
        house: House::default(),
        deleted: Vec::new(),
    }))
}

pub fn unsaid(id: u64, name: &str) -> Reply {
    Reply::Unsaid { you: member(id, name), refusal: Refusal::EmptyText, id: "a-2".to_owned() }
}

/// Replies of which most clients must not hear.
pub fn silent_replies() -> Vec<Reply> {
    let refused = Reply::Refused { refusal: Refusal::NotStored, id: None };
    vec![unsaid(8, "Bo"), refused, Reply::Listening(Page::default()), Reply::Pong]
}

pub fn frames(texts: impl IntoIterator<Item = String>) -> Vec<Value> {
    texts.into_iter().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

/// Any text: what is seen, all scalars, what HTML minds, and what looks escaped already.
pub fn any_text() -> impl Strategy<Value = String> {
    "\\PC*|[\\x00-\\x{10ffff}]{0,40}|[<>&\"'a;#039]{0,20}|(&(amp|lt|quot|#039);|<|a){0,6}"
}

/// What a browser makes of escaped text.
pub fn unescape(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#039;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}
