//! `text`: the smallest chat there is. A frame is a message and nothing else, and everybody but its sender
//! gets it as it is. A client that knows more says so by speaking JSON: it tells its name and when it
//! types, and is told who is here from then on (`text-json`, which a client may also ask for at once).

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Dialect, Grammar, spell};
use crate::room::presence::Member;
use crate::room::{Notice, Request};

pub(super) static GRAMMAR: Grammar = Grammar {
    name: "text",
    opening: || Some(Request::Enter { name: None }),
    decode: |frame, _| Ok(read_json(frame).unwrap_or_else(|| speak(None, frame))),
    broadcast: |notices| notices.iter().filter_map(spell_notice).collect(),
    reply: |_| Vec::new(),
    roster: None,
    skips_author: true,
    closes_the_unauthorized: true,
    after: |frame| read_json(frame).map(|_| Dialect::TextJson),
};

pub(super) static JSON: Grammar =
    Grammar { name: "text-json", roster: Some(spell_roster), after: |_| None, ..GRAMMAR };

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum ServerFrame<'a> {
    Typing { user: &'a str },
    StopTyping { user: &'a str },
    UserList { users: Vec<&'a str> },
}

/// Reads a frame that is one of the JSON objects that mean something.
fn read_json(frame: &str) -> Option<Request> {
    if !frame.trim_start().starts_with('{') {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(frame).ok()?;
    let field = |name: &str| object.get(name).and_then(Value::as_str);
    let name = field("user").or_else(|| field("name")).map(str::to_owned);
    let typing = |on: bool| match name.clone() {
        Some(name) => Request::TypingAs { name, on },
        None => Request::Typing { on },
    };
    match (field("type"), field("message")) {
        (Some("typing"), _) => Some(typing(true)),
        (Some("stopTyping"), _) => Some(typing(false)),
        (Some("setUsername"), _) => Some(Request::Enter { name }),
        (_, Some(message)) if object.contains_key("room") => Some(speak(name, message)),
        _ => None,
    }
}

fn speak(name: Option<String>, text: &str) -> Request {
    Request::Speak { name, text: text.to_owned(), original: None }
}

fn spell_notice(notice: &Notice) -> Option<String> {
    match notice {
        Notice::Message(line) => Some(line.decode().ok()?.text),
        Notice::Typing { member, on: true } => Some(spell(&ServerFrame::Typing { user: &member.name })),
        Notice::Typing { member, on: false } => Some(spell(&ServerFrame::StopTyping { user: &member.name })),
        _ => None,
    }
}

fn spell_roster(members: &[Member]) -> String {
    spell(&ServerFrame::UserList { users: members.iter().map(|member| member.name.as_str()).collect() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::samples::*;
    use super::*;

    const DIALECT: Dialect = Dialect::Text;

    fn decoded(frame: &str) -> Request {
        DIALECT.decode(frame, true).unwrap()
    }

    #[test]
    fn a_whole_visit() {
        assert_eq!(DIALECT.opening(), Some(Request::Enter { name: None }));
        assert!(DIALECT.reply(&welcome(8, "Bo", vec![tea()])).is_empty());
        assert_eq!(decoded("tea?"), speak(None, "tea?"));
        let notices = [joined(7, "Ada"), said_tea(), renamed(7, "A"), left(7, "A")];
        assert_eq!(DIALECT.broadcast(&notices), ["tea?"]);
        assert!(DIALECT.skips_author());
        assert_eq!(said_tea().author(), Some(member(8, "Bo").id));
        assert_eq!(frames(DIALECT.broadcast(&[typing(7)])), [json!({"type": "typing", "user": "Ada"})]);
        for silent in silent_replies() {
            assert!(DIALECT.reply(&silent).is_empty());
        }
    }

    #[test]
    fn who_speaks_json_is_told_who_is_here_from_then_on() {
        let set = r#"{"type":"setUsername","name":"Bo"}"#;
        assert_eq!(decoded(set), Request::Enter { name: Some("Bo".to_owned()) });
        assert_eq!(DIALECT.after(set), Dialect::TextJson);
        assert_eq!(Dialect::TextJson.after("plain"), Dialect::TextJson);
        assert_eq!(DIALECT.after("plain"), DIALECT);
        let members = || vec![member(7, "Ada"), member(8, "Bo")];
        let list = Dialect::TextJson.roster(&[said_tea(), renamed(8, "Bo")], members);
        assert_eq!(frames(list), [json!({"type": "userList", "users": ["Ada", "Bo"]})]);
        assert_eq!(Dialect::TextJson.roster(&[said_tea(), typing(8)], members), None);
        assert_eq!(DIALECT.roster(&[renamed(8, "Bo")], members), None);
    }

    #[test]
    fn json_that_means_something_is_read() {
        let name = || "Bo".to_owned();
        assert_eq!(decoded(r#"{"type":"typing","user":"Bo"}"#), Request::TypingAs { name: name(), on: true });
        assert_eq!(
            decoded(r#"{"type":"stopTyping","user":"Bo"}"#),
            Request::TypingAs { name: name(), on: false }
        );
        assert_eq!(decoded(r#"{"type":"typing"}"#), Request::Typing { on: true });
        assert_eq!(decoded(r#"{"type":"setUsername","user":"Bo"}"#), Request::Enter { name: Some(name()) });
        assert_eq!(decoded(r#"{"room":"a","message":"hi"}"#), speak(None, "hi"));
        assert_eq!(decoded(r#"{"room":"a","message":"hi","user":"Bo"}"#), speak(Some(name()), "hi"));
    }

    #[test]
    fn anything_else_is_a_message() {
        for text in
            ["{}", "{", "[1]", "null", "42", r#"{"type":"userList","users":[]}"#, r#"{"message":"x"}"#]
        {
            assert_eq!(decoded(text), speak(None, text));
            assert_eq!(DIALECT.after(text), DIALECT);
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(frame in "\\PC*|\\{\"(type|room|user|message)\":(\\PC{0,9}|\"\\PC{0,9}\")\\}") {
            let _ = DIALECT.decode(&frame, true);
            let _ = DIALECT.after(&frame);
        }

        #[test]
        fn any_text_survives(text in any_text()) {
            prop_assert_eq!(decoded(&text), speak(None, &text));
            prop_assert_eq!(DIALECT.broadcast(&[said(8, "Bo", &text, None)]), [text]);
        }
    }
}
