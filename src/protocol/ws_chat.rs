//! `ws-chat`: the small chat that tutorials of the `ws` package build. JSON objects with a `type`; who has
//! not joined hears everything, and speaks as `Anonymous`; a page may put what it gets into its HTML.

use serde::Serialize;
use serde_json::{Map, Value};

use super::html::escape;
use super::{Grammar, spell};
use crate::room::log::Message;
use crate::room::{Notice, Request, Unreadable};

/// Longest name, in characters; the rest is cut off.
const NAME_CHARS_MAX: usize = 30;
/// Longest text, in characters; the rest is cut off.
const TEXT_CHARS_MAX: usize = 500;

pub(super) static GRAMMAR: Grammar = Grammar {
    name: "ws-chat",
    opening: || Some(Request::Listen { history: 0 }),
    decode: |frame, _| decode(frame),
    broadcast: |notices| notices.iter().filter_map(spell_notice).collect(),
    reply: |_| Vec::new(),
    roster: None,
    skips_author: false,
    closes_the_unauthorized: false,
    after: |_| None,
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ServerFrame {
    System { text: String, timestamp: String },
    Message { username: String, text: String, timestamp: String },
}

fn decode(frame: &str) -> Result<Request, Unreadable> {
    let cut = |text: String, chars_max: usize| text.chars().take(chars_max).collect::<String>();
    let object: Map<String, Value> = serde_json::from_str(frame).map_err(|_| Unreadable::Ignored)?;
    let field = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    match (field("type").as_deref(), field("text")) {
        (Some("join"), _) => match object.get("username") {
            None | Some(Value::Null) => Ok(Request::Enter { name: None }),
            Some(Value::String(name)) => Ok(Request::Enter { name: Some(cut(name.clone(), NAME_CHARS_MAX)) }),
            Some(_) => Err(Unreadable::Ignored),
        },
        (Some("message"), Some(text)) => {
            Ok(Request::Speak { name: None, text: cut(text, TEXT_CHARS_MAX), original: None })
        }
        _ => Err(Unreadable::Ignored),
    }
}

fn spell_notice(notice: &Notice) -> Option<String> {
    let system = |name: &str, what: &str, at: u64| {
        spell(&ServerFrame::System {
            text: format!("{} {what}", escape(name, true)),
            timestamp: iso_8601(at),
        })
    };
    match notice {
        Notice::Message(line) => {
            let Message { from, text, sent_at, .. } = line.decode().ok()?;
            let (username, text) = (escape(&from.name, true), escape(&text, true));
            Some(spell(&ServerFrame::Message { username, text, timestamp: iso_8601(sent_at) }))
        }
        Notice::Joined { member, at, .. } => Some(system(&member.name, "joined the chat", *at)),
        Notice::Left { member, at, .. } => Some(system(&member.name, "left the chat", *at)),
        _ => None,
    }
}

/// A time as JavaScript's `toISOString` has it. The date follows from the days since 1970-01-01 as in
/// Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms" (`civil_from_days`).
fn iso_8601(unix_ms: u64) -> String {
    let (day, ms) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    let shifted = day + 719_468; // from 0000-03-01, so that a leap day is the last of its year
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::samples::*;
    use super::*;
    use crate::protocol::Dialect;

    const DIALECT: Dialect = Dialect::WsChat;

    fn speak(text: &str) -> Result<Request, Unreadable> {
        Ok(Request::Speak { name: None, text: text.to_owned(), original: None })
    }

    fn enter(name: Option<&str>) -> Result<Request, Unreadable> {
        Ok(Request::Enter { name: name.map(str::to_owned) })
    }

    #[test]
    fn a_whole_visit() {
        assert_eq!(DIALECT.opening(), Some(Request::Listen { history: 0 }));
        assert_eq!(DIALECT.decode(r#"{"type":"join","username":"Bo"}"#, false), enter(Some("Bo")));
        assert!(DIALECT.reply(&welcome(8, "Bo", vec![tea()])).is_empty());
        assert_eq!(DIALECT.decode(r#"{"type":"message","text":"tea?"}"#, true), speak("tea?"));
        let timestamp = "2027-01-15T08:00:00.000Z";
        let notices = [
            joined(8, "Bo"),
            said_tea(),
            Notice::Message(danger()),
            renamed(8, "B"),
            typing(8),
            left(8, "<B>"),
        ];
        assert_eq!(
            frames(DIALECT.broadcast(&notices)),
            [
                json!({"type": "system", "text": "Bo joined the chat", "timestamp": timestamp}),
                json!({"type": "message", "username": "Bo", "text": "tea?", "timestamp": timestamp}),
                json!({"type": "message", "username": "&lt;i&gt;&quot;O&#039;A&amp;",
                    "text": "&lt;b&gt;&#039;&quot;&amp;&lt;/b&gt;", "timestamp": timestamp}),
                json!({"type": "system", "text": "&lt;B&gt; left the chat", "timestamp": timestamp}),
            ]
        );
        for silent in silent_replies() {
            assert!(DIALECT.reply(&silent).is_empty());
        }
    }

    #[test]
    fn names_and_texts_are_cut() {
        let long = "\u{1f600}".repeat(501);
        let cut: String = long.chars().take(500).collect();
        assert_eq!(DIALECT.decode(&json!({"type": "message", "text": long}).to_string(), true), speak(&cut));
        let cut: String = long.chars().take(30).collect();
        assert_eq!(
            DIALECT.decode(&json!({"type": "join", "username": long}).to_string(), true),
            enter(Some(&cut))
        );
        assert_eq!(DIALECT.decode(r#"{"type":"join"}"#, false), enter(None));
    }

    #[test]
    fn anything_else_is_ignored() {
        let nested = "[".repeat(10_000);
        for bad in [
            "",
            "hello",
            "[]",
            "null",
            "{}",
            r#"{"type":"system","text":"x"}"#,
            r#"{"type":"message"}"#,
            r#"{"type":"message","text":1}"#,
            r#"{"type":"join","username":{}}"#,
            &nested,
        ] {
            assert_eq!(DIALECT.decode(bad, true), Err(Unreadable::Ignored), "{bad}");
        }
    }

    #[test]
    fn times_are_javascripts() {
        let times = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        for (ms, text) in times {
            assert_eq!(iso_8601(ms), text);
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(frame in "\\PC*|\\{\"type\":\"(join|message)\",\"(username|text)\":\\PC{0,9}\\}") {
            let _ = DIALECT.decode(&frame, true);
        }

        #[test]
        fn any_text_survives_escaped(text in any_text()) {
            let cut: String = text.chars().take(500).collect();
            prop_assert_eq!(DIALECT.decode(&json!({"type": "message", "text": text}).to_string(), true), speak(&cut));
            let told = frames(DIALECT.broadcast(&[said(8, &text, &text, None)]));
            for field in ["text", "username"] {
                let escaped = told[0][field].as_str().unwrap();
                prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
                prop_assert_eq!(unescape(escaped), text.clone());
            }
        }

        #[test]
        fn years_have_the_days_they_should(day in 0..80_000u64) {
            // From one midnight to the next either the day goes up by one, or a month begins.
            let date = |day: u64| iso_8601(day * 86_400_000)[..10].to_owned();
            let number = |date: &str| date[8..].parse::<u64>().unwrap();
            let (today, tomorrow) = (date(day), date(day + 1));
            prop_assert!(today < tomorrow);
            prop_assert!(number(&tomorrow) == number(&today) + 1 || (number(&tomorrow) == 1 && number(&today) >= 28));
        }
    }
}
