//! Names and texts: parsed once, then trusted. A value of these types can't be a bad one.
//!
//! Characters are Unicode scalar values, counted after NFC and trimming.

use std::fmt;

use crate::limits::{Limits, MESSAGE_ID_CHARS_MAX, ROOM_NAME_CHARS_MAX, TEXT_RAW_CHARS_PER_CHAR};
use crate::nfc::nfc;
use crate::refusal::Refusal;

/// First path segments that are no rooms: the API's and the files that lie in `public/` itself. A
/// test compares them with the folder.
pub const RESERVED: [&str; 7] = ["api", "health", "metrics", "status", "index.html", "favicon.svg", "sw.js"];

/// The room that `GET /` with an upgrade connects to.
const DEFAULT_ROOM: &str = "default";

/// How a member is called who gives no name.
const ANONYMOUS: &str = "Anonymous";

/// A room's name: 1 to 64 of `A-Z a-z 0-9 . _ ~ -`, the first a letter, a digit or `~`, not reserved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoomName(String);

impl RoomName {
    /// Parses a name as it stands in a URL after percent-decoding.
    ///
    /// # Errors
    /// [`Refusal::InvalidRoom`] for anything else than the above.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-');
        let first = |c: char| c.is_ascii_alphanumeric() || c == '~';
        if text.len() > ROOM_NAME_CHARS_MAX
            || !text.starts_with(first)
            || !text.chars().all(legal)
            || RESERVED.contains(&text)
        {
            return Err(Refusal::InvalidRoom);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RoomName {
    /// The room `default`.
    fn default() -> Self {
        Self(DEFAULT_ROOM.to_owned())
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A member's name as others see it: trimmed, in NFC, with something visible in it, and nothing
/// that could move or hide the text around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Parses what a client calls itself.
    ///
    /// # Errors
    /// [`Refusal::BadName`] if it is empty, longer than [`Limits::name_chars_max`], or holds control
    /// or direction-override characters.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, Refusal> {
        let refused = Refusal::BadName { chars_max: limits.name_chars_max };
        // Composing can't lengthen, so a text this long is refused before any work is spent on it.
        if text.len() > limits.name_chars_max * 4 * TEXT_RAW_CHARS_PER_CHAR {
            return Err(refused);
        }
        let name = nfc(text.trim());
        if !has_visible(&name)
            || name.chars().count() > limits.name_chars_max
            || name.chars().any(|c| c.is_control() || overrides_direction(c))
        {
            return Err(refused);
        }
        Ok(Self(name.into_owned()))
    }

    /// The name of who gives none.
    pub fn anonymous() -> Self {
        Self(ANONYMOUS.to_owned())
    }

    /// The nearest legal name to what a client calls itself: less what would mislead, cut at the limit;
    /// [`DisplayName::anonymous`] where nothing is left of it.
    pub fn nearest(text: &str, limits: &Limits) -> Self {
        let raw_max = limits.name_chars_max * TEXT_RAW_CHARS_PER_CHAR;
        let bare: String = text
            .trim_start()
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| !c.is_control() && !overrides_direction(*c))
            .take(raw_max)
            .collect();
        let cut: String = nfc(bare.trim()).chars().take(limits.name_chars_max).collect();
        Self::parse(&cut, limits).unwrap_or_else(|_| Self::anonymous())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that was parsed before and stored by Parlor.
    pub(crate) fn stored(name: String) -> Self {
        Self(name)
    }
}

/// What a member says: stored exactly as it was sent, never cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Parses what a client sends.
    ///
    /// # Errors
    /// [`Refusal::EmptyText`] if nothing in it would be seen; [`Refusal::TextTooLong`] if it has more
    /// characters than [`Limits::text_chars_max`] after NFC and trimming, or is padded to four times that.
    pub fn parse(text: String, limits: &Limits) -> Result<Self, Refusal> {
        let trimmed = text.trim();
        if !has_visible(trimmed) {
            return Err(Refusal::EmptyText);
        }
        let chars_max = limits.text_chars_max;
        let raw_max = chars_max * TEXT_RAW_CHARS_PER_CHAR;
        if (text.len() > raw_max && text.chars().count() > raw_max)
            || (trimmed.len() > chars_max && nfc(trimmed).chars().count() > chars_max)
        {
            return Err(Refusal::TextTooLong { chars_max });
        }
        Ok(Self(text))
    }

    /// The text, as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `id` that a client draws for a message and repeats on every retry: 1 to 64 printable ASCII
/// characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// Parses a `send`'s `id`.
    ///
    /// # Errors
    /// [`Refusal::BadFrame`] for anything else than the above.
    pub fn parse(text: String) -> Result<Self, Refusal> {
        let printable = |byte: u8| (0x20..0x7f).contains(&byte);
        if text.is_empty() || text.len() > MESSAGE_ID_CHARS_MAX || !text.bytes().all(printable) {
            return Err(Refusal::BadFrame(format!(
                "`id` must be 1 to {MESSAGE_ID_CHARS_MAX} printable ASCII characters"
            )));
        }
        Ok(Self(text))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether anything in `text` leaves a mark on the screen.
fn has_visible(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !c.is_control() && !is_blank(c))
}

/// Characters that are neither white space nor visible: Unicode's default-ignorable ones and the
/// letters that render as nothing (UAX #44, `Default_Ignorable_Code_Point`; U+2800 is blank Braille).
fn is_blank(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Characters that change the direction of the text after them (UAX #9, embeddings, overrides and
/// isolates) or break the line.
fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}'..='\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<String, Refusal> {
        DisplayName::parse(text, &Limits::default()).map(|name| name.as_str().to_owned())
    }

    fn text(text: &str) -> Result<Text, Refusal> {
        Text::parse(text.to_owned(), &Limits::default())
    }

    #[test]
    fn room_names_are_a_short_safe_alphabet() {
        for good in ["a", "7", "~x", "Kitchen", "a.b_c~d-e", &"x".repeat(64)] {
            assert_eq!(RoomName::parse(good).map(|room| room.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", ".", "..", "-a", "_a", "a b", "a/b", "é", "a%20", &"x".repeat(65), "api", "health"] {
            assert_eq!(RoomName::parse(bad), Err(Refusal::InvalidRoom), "{bad:?}");
        }
    }

    #[test]
    fn files_beside_the_page_are_reserved() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/public");
        let entries = std::fs::read_dir(folder).map(|all| all.flatten().collect::<Vec<_>>());
        for entry in entries.unwrap_or_default() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            // `_headers` and its like are read by the platform, not served.
            if is_file && !name.starts_with('_') {
                assert!(RESERVED.contains(&name.as_str()), "{name} must be in RESERVED");
            }
        }
    }

    #[test]
    fn names_are_trimmed_and_composed() {
        assert_eq!(name("  Ada \n"), Ok("Ada".to_owned()));
        assert_eq!(name("Ame\u{301}lie"), Ok("Am\u{e9}lie".to_owned()));
        assert_eq!(name(&"e\u{301}".repeat(30)), Ok("\u{e9}".repeat(30)));
    }

    #[test]
    fn names_that_hide_or_mislead_are_refused() {
        let long = "x".repeat(31);
        for bad in ["", "   ", "\u{200b}", "\u{3164}", "a\nb", "a\u{0}", "\u{202e}eve", "a\u{2066}b", &long] {
            assert_eq!(name(bad), Err(Refusal::BadName { chars_max: 30 }), "{bad:?}");
        }
    }

    #[test]
    fn the_nearest_name_is_a_legal_one() {
        let nearest = |text: &str| DisplayName::nearest(text, &Limits::default()).0;
        assert_eq!(nearest(" Ada\tL.\u{202e}\n"), "Ada L.");
        assert_eq!(nearest(&"x".repeat(99_999)), "x".repeat(30));
        assert_eq!(nearest(&format!("{} y", "x".repeat(29))), "x".repeat(29));
        for nothing in ["", " \n", "\u{200b}", "\u{0}\u{202e}"] {
            assert_eq!(nearest(nothing), "Anonymous", "{nothing:?}");
        }
    }

    #[test]
    fn text_is_kept_as_sent() {
        let sent = " e\u{301} \n";
        assert_eq!(text(sent).map(|text| text.as_str().to_owned()), Ok(sent.to_owned()));
    }

    #[test]
    fn text_length_counts_composed_characters_without_padding() {
        let too_long = Err(Refusal::TextTooLong { chars_max: 2_000 });
        assert!(text(&"x".repeat(2_000)).is_ok());
        assert!(text(&"\u{1f600}".repeat(2_000)).is_ok());
        assert!(text(&format!("  {}\n\n", "x".repeat(2_000))).is_ok());
        assert!(text(&"e\u{301}".repeat(2_000)).is_ok());
        assert_eq!(text(&"x".repeat(2_001)), too_long);
        assert_eq!(text(&"e\u{301}".repeat(2_001)), too_long);
        assert_eq!(text(&format!("x{}", " ".repeat(8_000))), too_long);
    }

    #[test]
    fn text_without_anything_to_see_is_empty() {
        for bad in ["", " ", "\n\t", "\u{200b}\u{feff}", "\u{2800}", "\u{0}"] {
            assert_eq!(text(bad), Err(Refusal::EmptyText), "{bad:?}");
        }
    }

    #[test]
    fn message_ids_are_printable_ascii() {
        assert!(MessageId::parse("x".repeat(64)).is_ok());
        assert!(MessageId::parse("a b~!".to_owned()).is_ok());
        for bad in ["", "é", "a\nb", "\u{7f}", &"x".repeat(65)] {
            assert!(MessageId::parse(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
