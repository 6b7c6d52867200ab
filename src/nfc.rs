//! Unicode's composed form (NFC, UAX #15), from what the target has: the JavaScript engine's own on
//! wasm32, a crate natively. The crate's tables would be a quarter of the bundle.

use std::borrow::Cow;

/// Composes a text.
pub fn nfc(text: &str) -> Cow<'_, str> {
    // No character before U+0300 changes, and neither does any sequence of them.
    if text.chars().all(|c| c < '\u{300}') { Cow::Borrowed(text) } else { Cow::Owned(compose(text)) }
}

#[cfg(target_arch = "wasm32")]
fn compose(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFC").into()
}

#[cfg(not(target_arch = "wasm32"))]
fn compose(text: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfc(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composes() {
        for (text, composed) in
            [("Ada", "Ada"), ("e\u{301}", "\u{e9}"), ("\u{212b}", "\u{c5}"), ("\u{1100}\u{1161}", "\u{ac00}")]
        {
            assert_eq!(nfc(text), composed);
        }
    }

    #[test]
    fn what_is_passed_over_is_composed_already() {
        for c in '\0'..'\u{300}' {
            assert_eq!(compose(&format!("{c}{c}")), format!("{c}{c}"));
        }
    }
}
