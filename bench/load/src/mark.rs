//! The mark in a message's text: `@@`, then who sent it (four hexadecimal digits) and which of theirs it is
//! (eight); where several processes load one room, also when it should have left (sixteen: Unix microseconds). No
//! protocol escapes these characters.

/// What a mark begins with.
pub const BEGINNING: &[u8] = b"@@";
/// Bytes of the digits after it.
pub const DIGITS: usize = 12;
/// Bytes of the digits of a time.
const TIME_DIGITS: usize = 16;

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

    /// A text of so many characters that carries it, and the time, if one is given.
    pub fn text(self, chars: usize, unix_us: Option<u64>) -> String {
        const FILLER: &str = " the quick brown fox jumps over the lazy dog and then rests a while";
        let time = unix_us.map(|us| format!("{us:0TIME_DIGITS$x}")).unwrap_or_default();
        let filler = FILLER.chars().cycle().take(chars.saturating_sub(BEGINNING.len() + DIGITS + time.len()));
        format!("@@{}{time}", self.digits()).chars().chain(filler).collect()
    }

    /// The mark that these digits are.
    pub fn read(digits: &[u8]) -> Option<Self> {
        let number = hexadecimal(digits.get(..DIGITS)?)?;
        Some(Self { sender: (number >> 32) as u32, nth: number as u32 })
    }

    /// The time after these digits, in Unix microseconds.
    pub fn time(digits: &[u8]) -> Option<u64> {
        hexadecimal(digits.get(DIGITS..DIGITS + TIME_DIGITS)?)
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    for digit in digits {
        number = number << 4 | u64::from((*digit as char).to_digit(16)?);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again() {
        let mark = Mark { sender: 999, nth: 70_000 };
        for time in [None, Some(1_800_000_000_000_000)] {
            let text = mark.text(64, time);
            assert_eq!(text.len(), 64);
            assert_eq!(Mark::read(&text.as_bytes()[2..]), Some(mark));
            assert_eq!(Mark::time(&text.as_bytes()[2..]), time);
        }
        assert_eq!(Mark::read(b"12"), None);
    }
}
