//! `scalesocket`: a client of ScaleSocket around `cat`, with `--json`. Each frame is a JSON object, which
//! comes back to everybody with `_from`, the number of who sent it; coming and going are objects too.
//!
//! An object is a message whatever is in it: other dialects show its `text`, or all of it as JSON where it
//! has none. What ScaleSocket's server says of its own (`t`, `_from` and other such fields) is taken out
//! of what clients send, so that no one can speak in its name.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Grammar, spell};
use crate::room::log::{Line, Message};
use crate::room::presence::MemberId;
use crate::room::{Notice, Reply, Request, Unreadable};

/// What the example's page calls a person without a name.
const NICK: &str = "anonymous";
/// Fields that are the server's.
const RESERVED: [&str; 5] = ["t", "_from", "_to", "_meta", "_cache"];

pub(super) static GRAMMAR: Grammar = Grammar {
    name: "scalesocket",
    opening: || Some(Request::Enter { name: Some(NICK.to_owned()) }),
    decode: |frame, _| decode(frame),
    broadcast: |notices| notices.iter().filter_map(spell_notice).collect(),
    reply,
    roster: None,
    skips_author: false,
    closes_the_unauthorized: false,
    after: |_| None,
};

#[derive(Serialize)]
struct Said<'a> {
    nick: &'a str,
    text: &'a str,
    _from: MemberId,
}

fn decode(frame: &str) -> Result<Request, Unreadable> {
    let mut object: Map<String, Value> = serde_json::from_str(frame).map_err(|_| Unreadable::Fatal)?;
    let length = object.len();
    for field in RESERVED {
        object.remove(field);
    }
    let is_whole = object.len() == length;
    if object.is_empty() {
        return Err(Unreadable::Ignored);
    }
    let field = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let (name, text) = (field("nick"), field("text"));
    let is_plain = object.len() == 2 && name.is_some() && text.is_some();
    // As it came where nothing is taken out: spelled anew, a number may differ in its last bit.
    let original = (!is_plain).then(|| if is_whole { frame.trim().to_owned() } else { spell(&object) });
    let text = text.or_else(|| original.clone()).unwrap_or_default();
    Ok(Request::Speak { name, text, original })
}

fn spell_notice(notice: &Notice) -> Option<String> {
    match notice {
        Notice::Message(line) => spell_message(line),
        Notice::Joined { member, .. } => Some(join(member.id)),
        Notice::Left { member, .. } => Some(format!(r#"{{"t":"Leave","_from":{}}}"#, member.id)),
        _ => None,
    }
}

fn reply(reply: &Reply) -> Vec<String> {
    match reply {
        Reply::Welcome(welcome) => {
            let replay = welcome.page.messages.iter().filter_map(spell_message);
            replay.chain([join(welcome.you.id)]).collect()
        }
        _ => Vec::new(),
    }
}

fn join(member: MemberId) -> String {
    format!(r#"{{"t":"Join","_from":{member}}}"#)
}

fn spell_message(line: &Line) -> Option<String> {
    let Message { from, text, original, .. } = line.decode().ok().filter(|message| !message.deleted)?;
    match original.as_deref().and_then(|original| original.strip_suffix('}')) {
        Some(open) => Some(format!(r#"{open},"_from":{}}}"#, from.id)),
        None => Some(spell(&Said { nick: &from.name, text: &text, _from: from.id })),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::samples::*;
    use super::*;
    use crate::protocol::Dialect;

    const DIALECT: Dialect = Dialect::ScaleSocket;

    fn decoded(frame: &str) -> Result<Request, Unreadable> {
        DIALECT.decode(frame, true)
    }

    fn speak(name: Option<&str>, text: &str, original: Option<&str>) -> Result<Request, Unreadable> {
        let own = str::to_owned;
        Ok(Request::Speak { name: name.map(own), text: text.to_owned(), original: original.map(own) })
    }

    #[test]
    fn a_whole_visit() {
        assert_eq!(DIALECT.opening(), Some(Request::Enter { name: Some("anonymous".to_owned()) }));
        let replay = frames(DIALECT.reply(&welcome(8, "anonymous", vec![tea(), danger()])));
        let said = json!({"nick": "Bo", "text": "tea?", "_from": 8});
        let danger = json!({"nick": "<i>\"O'A&", "text": "<b>'\"&</b>", "_from": 9});
        assert_eq!(replay, [said.clone(), danger, json!({"t": "Join", "_from": 8})]);
        assert_eq!(decoded(r#"{"nick":"Bo","text":"tea?"}"#), speak(Some("Bo"), "tea?", None));
        assert_eq!(
            frames(DIALECT.broadcast(&[
                joined(7, "Ada"),
                said_tea(),
                renamed(7, "Ada"),
                typing(7),
                left(7, "Ada")
            ])),
            [json!({"t": "Join", "_from": 7}), said, json!({"t": "Leave", "_from": 7})]
        );
        for silent in silent_replies() {
            assert!(DIALECT.reply(&silent).is_empty());
        }
    }

    #[test]
    fn any_object_is_a_message_less_what_is_the_servers() {
        assert_eq!(decoded(r#"{"x":1}"#), speak(None, r#"{"x":1}"#, Some(r#"{"x":1}"#)));
        assert_eq!(
            decoded(r#"{"t":"Join","_from":5,"_to":1,"_meta":true,"_cache":true,"text":"hi","nick":"Bo"}"#),
            speak(Some("Bo"), "hi", None)
        );
        let original = r#"{"mood":[1,{"t":"x"}],"nick":"Bo","text":"hi"}"#;
        assert_eq!(
            decoded(r#"{"text":"hi","t":5,"mood":[1,{"t":"x"}],"nick":"Bo"}"#),
            speak(Some("Bo"), "hi", Some(original))
        );
        let told = frames(DIALECT.broadcast(&[said(8, "Bo", "hi", Some(original))]));
        assert_eq!(told, [json!({"mood": [1, {"t": "x"}], "nick": "Bo", "text": "hi", "_from": 8})]);
        assert_eq!(decoded(r#"{"t":"Join","_from":5}"#), Err(Unreadable::Ignored));
    }

    #[test]
    fn an_object_comes_back_to_the_letter() {
        for object in
            [r#"{"x":0.30000000000000004,"y":1.7976931348623157e308}"#, r#"{ "b":1E2 , "a":"\u00e9" }"#]
        {
            assert_eq!(decoded(&format!(" {object}\n")), speak(None, object, Some(object)));
            let told = DIALECT.broadcast(&[said(8, "Bo", object, Some(object))]);
            assert_eq!(told, [format!(r#"{},"_from":8}}"#, &object[..object.len() - 1])]);
        }
    }

    #[test]
    fn anything_else_ends_the_connection() {
        let nested = "[".repeat(10_000);
        for bad in ["", "hello", "[]", "1", "null", "\"x\"", "{", "{}x", r#"{"x":1e999}"#, &nested] {
            assert_eq!(decoded(bad), Err(Unreadable::Fatal), "{bad}");
        }
        assert_eq!(decoded(&format!(r#"{{"x":{}1"#, nested)), Err(Unreadable::Fatal));
    }

    proptest! {
        #[test]
        fn decoding_never_panics(frame in "\\PC*|\\{\"(t|nick|text|_from|x)\":(\\PC{0,9}|\"\\PC{0,9}\")\\}") {
            let _ = decoded(&frame);
        }

        #[test]
        fn any_text_survives(text in any_text(), nick in any_text()) {
            let frame = json!({"nick": nick, "text": text}).to_string();
            prop_assert_eq!(decoded(&frame), speak(Some(&nick), &text, None));
            let told = frames(DIALECT.broadcast(&[said(8, &nick, &text, None)]));
            prop_assert_eq!(told, [json!({"nick": nick, "text": text, "_from": 8})]);
            let object = json!({"note": text});
            let Ok(Request::Speak { text, original, .. }) = decoded(&object.to_string()) else { panic!() };
            let told = frames(DIALECT.broadcast(&[said(8, "Bo", &text, original.as_deref())]));
            prop_assert_eq!(&told[0]["note"], &object["note"]);
            prop_assert_eq!(&told[0]["_from"], 8);
        }
    }
}
