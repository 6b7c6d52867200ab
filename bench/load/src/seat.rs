//! What a member knows of the room that its connection does not: enough to take up where it was.

use memchr::memmem;

/// Of a client's first wait before it connects anew, and of its longest, in microseconds: docs/PROTOCOL.md.
const BACKOFF_FIRST_US: u64 = 1_000_000;
const BACKOFF_US_MAX: u64 = 30_000_000;

/// A member's place in the room.
#[derive(Debug, Default)]
pub struct Seat {
    /// Tries that failed since it was last let in.
    pub failures: u32,
    /// Whether its last welcome brought all that it had missed.
    pub is_recovered: bool,
    session: String,
    epoch: String,
    seq: String,
    /// Since when it is away.
    ended_us: Option<u64>,
    endings: u32,
    lot: u64,
}

impl Seat {
    /// Notes what a frame says.
    pub fn note(&mut self, frame: &[u8]) {
        if let Some(session) = text(frame, b"\"session\":\"") {
            self.session = session;
            self.epoch = text(frame, b"\"epoch\":\"").unwrap_or_default();
            self.is_recovered = memmem::find(frame, b"\"recovered\":true").is_some();
            self.seq = digits(frame, memmem::find(frame, b"\"head\":"), 7);
            return;
        }
        let at = memmem::rfind(frame, b"\"seq\":");
        if at.is_some() {
            self.seq = digits(frame, at, 6);
        }
    }

    /// The frame to come back with, if it was let in before.
    pub fn returning(&self, template: &str) -> Option<String> {
        let is_known = !template.is_empty() && !self.session.is_empty();
        let fill = |at: &str, name: &str, value: &str| at.replace(name, value);
        let frame = || fill(&fill(template, "{session}", &self.session), "{epoch}", &self.epoch);
        is_known.then(|| fill(&frame(), "{seq}", &self.seq))
    }

    /// Notes that its connection has ended. Returns whether that is news.
    pub fn end(&mut self, now_us: u64) -> bool {
        let is_news = self.ended_us.is_none();
        self.ended_us.get_or_insert(now_us);
        self.endings += u32::from(is_news);
        is_news
    }

    /// Notes that it is let in again. Returns how long it was away.
    pub fn back(&mut self, now_us: u64) -> Option<u64> {
        self.failures = 0;
        self.ended_us.take().map(|since| now_us.saturating_sub(since))
    }

    /// Whether its connection has ever ended.
    pub fn has_ended(&self) -> bool {
        self.endings > 0
    }

    /// How long to wait before the next try, in microseconds: anything up to a bound that doubles.
    pub fn backoff_us(&mut self) -> u64 {
        let bound = (BACKOFF_FIRST_US << self.failures.min(10)).min(BACKOFF_US_MAX);
        self.failures += 1;
        let seed = std::ptr::from_ref(self).addr() as u64 ^ self.lot;
        self.lot = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.lot >> 33) % bound
    }
}

/// The text after a word, up to its quotation mark.
fn text(frame: &[u8], word: &[u8]) -> Option<String> {
    let rest = &frame[memmem::find(frame, word)? + word.len()..];
    let end = memchr::memchr(b'"', rest)?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

/// The digits so many bytes after a place.
fn digits(frame: &[u8], at: Option<usize>, after: usize) -> String {
    let rest = at.and_then(|at| frame.get(at + after..)).unwrap_or_default();
    rest.iter().take_while(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_to_where_it_was() {
        let mut seat = Seat::default();
        let template = r#"{session} {epoch} {seq}"#;
        assert_eq!(seat.returning(template), None);
        seat.note(br#"{"type":"welcome","epoch":"e","head":7,"session":"s","recovered":true,"messages":[{"seq":7}]}"#);
        assert_eq!((seat.returning(template), seat.is_recovered), (Some("s e 7".to_owned()), true));
        seat.note(br#"{"type":"batch","frames":[{"seq":8},{"seq":12,"id":"a"}]}"#);
        seat.note(br#"{"type":"presence"}"#);
        assert_eq!(seat.returning(template), Some("s e 12".to_owned()));
        assert_eq!(seat.returning(""), None);
    }

    #[test]
    fn it_is_away_from_the_end_to_the_welcome() {
        let mut seat = Seat::default();
        assert_eq!(seat.back(5), None);
        assert!(seat.end(10) && !seat.end(11));
        assert!((0..9).all(|_| seat.backoff_us() < BACKOFF_US_MAX));
        assert_eq!((seat.back(30), seat.back(40), seat.has_ended()), (Some(20), None, true));
    }
}
