//! What happened, for people: kept only when a schedule is told again, so that it costs nothing before.

use std::fmt;

/// How many of the last events a story tells.
const EVENTS_TOLD: usize = 40;

/// A promise that did not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which promise.
    pub promise: &'static str,
    /// What was seen instead.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "violated: {}\n  {}", self.promise, self.seen)
    }
}

/// The events of one schedule, or nothing if nobody wants to know.
#[derive(Default)]
pub struct Story {
    lines: Option<Vec<String>>,
}

impl Story {
    /// A story that is told.
    pub fn told() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Adds a line.
    pub fn note(&mut self, now_ms: u64, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>9.3} s  {}", now_ms as f64 / 1_000.0, line()));
        }
    }

    /// The last events, oldest first; all of them if `whole`.
    pub fn end(&self, whole: bool) -> String {
        let lines = self.lines.as_deref().unwrap_or_default();
        let skipped = if whole { 0 } else { lines.len().saturating_sub(EVENTS_TOLD) };
        let mut text = if skipped > 0 { format!("  … {skipped} lines before\n") } else { String::new() };
        for line in &lines[skipped..] {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// A text cut short for a line of a story.
pub fn short(text: &str) -> String {
    const CHARS: usize = 150;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
