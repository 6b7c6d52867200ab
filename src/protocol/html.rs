//! For dialects whose clients put what they get into a page as HTML.

/// Replaces the characters that mean something in HTML; the apostrophe too, if asked.
pub(super) fn escape(text: &str, apostrophe: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' if apostrophe => escaped.push_str("&#039;"),
            c => escaped.push(c),
        }
    }
    escaped
}
