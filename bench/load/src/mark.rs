//! The mark in a message's text: `@@`, then who sent it (four hexadecimal digits) and which of theirs it is
//! (eight). No protocol escapes these characters.

/// What a mark begins with.
pub const BEGINNING: &[u8] = b"@@";
/// Bytes of the digits after it.
pub const DIGITS: usize = 12;

/// A message: who sent it, and which of theirs it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The number of the sender among all senders.
    pub sender: u32,
    /// 0 for the first of that sender.
    pub nth: u32,
}

impl Mark {
    /// Its digits.
    pub fn digits(self) -> String {
        format!("{:04x}{:08x}", self.sender, self.nth)
    }

    /// A text of so many characters that carries it.
    pub fn text(self, chars: usize) -> String {
        const FILLER: &str = " the quick brown fox jumps over the lazy dog and then rests a while";
        let filler = FILLER.chars().cycle().take(chars.saturating_sub(BEGINNING.len() + DIGITS));
        format!("@@{}", self.digits()).chars().chain(filler).collect()
    }

    /// The mark that these digits are.
    pub fn read(digits: &[u8]) -> Option<Self> {
        let mut number = 0u64;
        for digit in digits.get(..DIGITS)? {
            number = number << 4 | u64::from((*digit as char).to_digit(16)?);
        }
        Some(Self { sender: (number >> 32) as u32, nth: number as u32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again() {
        let mark = Mark { sender: 999, nth: 70_000 };
        let text = mark.text(64);
        assert_eq!(text.len(), 64);
        assert_eq!(Mark::read(&text.as_bytes()[2..]), Some(mark));
        assert_eq!(Mark::read(b"12"), None);
    }
}
