//! How rooms and lobbies write to each other, and the lobby to its storage: lines of words, most of them
//! numbers. Names of rooms and codes of refusals have no spaces. It is JSON's job, at a tenth of the code.

/// Reads the words of a line, one after the other.
pub(super) struct Words<'a>(std::str::SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    /// The words of this line.
    pub fn of(line: &'a str) -> Self {
        Self(line.split_ascii_whitespace())
    }

    /// The next word.
    pub fn word(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    /// The next word, a number.
    pub fn number(&mut self) -> Option<u64> {
        self.word()?.parse().ok()
    }

    /// The next words, all numbers.
    pub fn numbers<const COUNT: usize>(&mut self) -> Option<[u64; COUNT]> {
        let mut numbers = [0; COUNT];
        for number in &mut numbers {
            *number = self.number()?;
        }
        Some(numbers)
    }
}

/// Writes numbers after what is on the line.
pub(super) fn write_numbers(line: &mut String, numbers: &[u64]) {
    for number in numbers {
        write_word(line, &number.to_string());
    }
}

/// Writes a word after what is on the line.
pub(super) fn write_word(line: &mut String, word: &str) {
    if !line.is_empty() && !line.ends_with('\n') {
        line.push(' ');
    }
    line.push_str(word);
}
