//! `simple-chat`: Martin Sikora's "Node.js & WebSocket" chat. The first text is the name, each later one a
//! message. Its page puts what it gets into its HTML, and holds its input field disabled from each send
//! until it hears something, so nothing may be dropped without a word: the colour again is such a word.

use serde::Serialize;

use super::html::escape;
use super::{Grammar, spell};
use crate::room::log::{Line, Message};
use crate::room::presence::MemberId;
use crate::room::{Notice, Reply, Request};

/// How many messages a page begins with.
const HISTORY: usize = 100;
/// The colours, in an order that was drawn by lot once. Seven who come one after the other get all of them.
const COLORS: [&str; 7] = ["plum", "green", "orange", "blue", "magenta", "red", "purple"];

pub(super) static GRAMMAR: Grammar = Grammar {
    name: "simple-chat",
    opening: || Some(Request::Listen { history: HISTORY }),
    decode: |frame, joined| {
        let frame = frame.to_owned();
        Ok(if joined {
            Request::Speak { name: None, text: frame, original: None }
        } else {
            Request::Enter { name: Some(frame) }
        })
    },
    broadcast: |notices| notices.iter().filter_map(spell_notice).collect(),
    reply,
    roster: None,
    skips_author: false,
    closes_the_unauthorized: false,
    after: |_| None,
};

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
enum ServerFrame {
    History(Vec<Entry>),
    Color(&'static str),
    Message(Entry),
}

#[derive(Serialize)]
struct Entry {
    time: u64,
    text: String,
    author: String,
    color: &'static str,
}

fn spell_notice(notice: &Notice) -> Option<String> {
    match notice {
        Notice::Message(line) => Some(spell(&ServerFrame::Message(entry(line)?))),
        _ => None,
    }
}

fn reply(reply: &Reply) -> Vec<String> {
    let frame = match reply {
        Reply::Listening(page) if page.messages.is_empty() => None,
        Reply::Listening(page) => {
            Some(ServerFrame::History(page.messages.iter().filter_map(entry).collect()))
        }
        Reply::Welcome(welcome) => Some(ServerFrame::Color(color(welcome.you.id))),
        Reply::Unsaid { you, .. } => Some(ServerFrame::Color(color(you.id))),
        _ => None,
    };
    frame.iter().map(spell).collect()
}

fn entry(line: &Line) -> Option<Entry> {
    let Message { from, text, sent_at, .. } = line.decode().ok().filter(|message| !message.deleted)?;
    let (text, author) = (escape(&text, false), escape(&from.name, false));
    Some(Entry { time: sent_at, text, author, color: color(from.id) })
}

fn color(member: MemberId) -> &'static str {
    COLORS.get(member.color_index() % COLORS.len()).copied().unwrap_or("black")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::super::samples::*;
    use super::*;
    use crate::protocol::Dialect;
    use crate::room::log::Page;
    use crate::room::presence::{Member, Presence};

    const DIALECT: Dialect = Dialect::SimpleChat;

    fn speak(text: &str) -> Request {
        Request::Speak { name: None, text: text.to_owned(), original: None }
    }

    #[test]
    fn a_whole_visit() {
        assert_eq!(DIALECT.opening(), Some(Request::Listen { history: 100 }));
        let listening = |messages| DIALECT.reply(&Reply::Listening(Page { messages, more: true }));
        assert!(listening(vec![]).is_empty());
        let tea = json!({"time": NOW, "text": "tea?", "author": "Bo", "color": color(MemberId::new(8))});
        let danger = json!({"time": NOW, "text": "&lt;b&gt;'&quot;&amp;&lt;/b&gt;",
            "author": "&lt;i&gt;&quot;O'A&amp;", "color": color(MemberId::new(9))});
        let history = frames(listening(vec![super::super::samples::tea(), super::super::samples::danger()]));
        assert_eq!(history, [json!({"type": "history", "data": [tea, danger]})]);
        assert_eq!(DIALECT.decode("Bo", false), Ok(Request::Enter { name: Some("Bo".to_owned()) }));
        let colored = json!({"type": "color", "data": color(MemberId::new(8))});
        assert_eq!(frames(DIALECT.reply(&welcome(8, "Bo", vec![]))), std::slice::from_ref(&colored));
        assert_eq!(DIALECT.decode("tea?", true), Ok(speak("tea?")));
        let notices = [joined(7, "Ada"), said_tea(), renamed(7, "A"), typing(7), left(7, "A")];
        assert_eq!(frames(DIALECT.broadcast(&notices)), [json!({"type": "message", "data": tea})]);
        // What is not taken is answered with what makes the page take input again.
        assert_eq!(frames(DIALECT.reply(&unsaid(8, "Bo"))), [colored]);
    }

    #[test]
    fn seven_get_seven_colors_and_an_eighth_one_of_them() {
        let mut presence = Presence::default();
        let mut colors = BTreeSet::new();
        for number in 0..8u64 {
            let id = presence.new_id(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            presence.add(Member { id, name: "x".to_owned(), color: id.color().to_owned() });
            colors.insert(color(id));
            assert_eq!(colors.len() as u64, (number + 1).min(7));
        }
        assert_eq!(colors, BTreeSet::from(["red", "green", "blue", "magenta", "purple", "plum", "orange"]));
    }

    proptest! {
        #[test]
        fn any_text_survives_escaped(text in any_text()) {
            prop_assert_eq!(DIALECT.decode(&text, true), Ok(speak(&text)));
            let told = frames(DIALECT.broadcast(&[said(8, &text, &text, None)]));
            for field in ["text", "author"] {
                let escaped = told[0]["data"][field].as_str().unwrap();
                prop_assert!(!escaped.contains(['<', '>', '"']));
                prop_assert_eq!(unescape(escaped), text.clone());
            }
        }
    }
}
