//! What a room counts between two reports, and the lobby over all time: plain numbers, so that counting a
//! message costs an addition.

use std::borrow::Cow;

use super::words::{Words, write_numbers, write_word};

/// The sizes of batches that are told apart: up to 1, 2, 4 … notices; larger ones are counted beyond.
pub const BATCH_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Most refusal codes that are told apart: far more than there are.
const CODES_MAX: usize = 64;

/// Things that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections made.
    pub opened: u64,
    /// Frames that came over WebSockets, but for those that the platform answers: 20 cost as much as a request.
    pub received: u64,
    /// Requests, upgrades included.
    pub requests: u64,
    /// Rows of SQLite that were written, and alarms set.
    pub rows_written: u64,
    /// Rows of SQLite that were read.
    pub rows_read: u64,
    /// Times that a room was restored from storage.
    pub wakes: u64,
    /// WebSocket frames that broadcasts sent, over all connections.
    pub frames: u64,
    /// Broadcasts by how many notices they told: those within each of [`BATCH_BOUNDS`] but not the one
    /// before, and those beyond all.
    pub batches: [u64; BATCH_BOUNDS.len() + 1],
    /// Notices that broadcasts told.
    pub batched: u64,
    /// Refusals by code, of which there are few.
    pub refusals: Vec<(Cow<'static, str>, u64)>,
}

impl Counters {
    /// Counts a broadcast of so many notices that left in so many frames.
    pub fn broadcast(&mut self, notices: usize, frames: usize) {
        let notices = notices as u64;
        let bucket = BATCH_BOUNDS.partition_point(|bound| *bound < notices);
        if let Some(count) = self.batches.get_mut(bucket) {
            *count += 1;
        }
        self.batched += notices;
        self.frames += frames as u64;
    }

    /// Counts a refusal.
    pub fn refused(&mut self, code: &'static str) {
        self.refused_times(Cow::Borrowed(code), 1);
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        let Self { opened, wakes, frames, batches, batched, refusals, .. } = other;
        let Self { received, requests, rows_written, rows_read, .. } = other;
        self.opened += opened;
        self.received += received;
        self.requests += requests;
        self.rows_written += rows_written;
        self.rows_read += rows_read;
        self.wakes += wakes;
        self.frames += frames;
        self.batched += batched;
        for (sum, count) in self.batches.iter_mut().zip(batches) {
            *sum += count;
        }
        for (code, count) in refusals {
            self.refused_times(code.clone(), *count);
        }
    }

    fn refused_times(&mut self, code: Cow<'static, str>, times: u64) {
        if let Some((_, count)) = self.refusals.iter_mut().find(|(other, _)| *other == code) {
            // A report that names a code twice may say more than there can be.
            *count = count.saturating_add(times);
        } else if self.refusals.len() < CODES_MAX {
            self.refusals.push((code, times));
        }
    }

    pub(super) fn read(words: &mut Words<'_>) -> Option<Self> {
        let [opened, wakes, frames, batched] = words.numbers()?;
        let [received, requests, rows_written, rows_read] = words.numbers()?;
        let (batches, refusals) = (words.numbers()?, Vec::new());
        let counters = Self { opened, wakes, frames, batches, batched, refusals, ..Self::default() };
        let mut counters = Self { received, requests, rows_written, rows_read, ..counters };
        while let Some(code) = words.word() {
            counters.refused_times(Cow::Owned(code.to_owned()), words.number()?);
        }
        Some(counters)
    }

    /// Reads what [`Counters::write`] wrote.
    pub fn from_line(line: &str) -> Option<Self> {
        Self::read(&mut Words::of(line))
    }

    /// Adds all numbers to a line, as words.
    pub fn write(&self, line: &mut String) {
        write_numbers(line, &[self.opened, self.wakes, self.frames, self.batched]);
        write_numbers(line, &[self.received, self.requests, self.rows_written, self.rows_read]);
        write_numbers(line, &self.batches);
        for (code, count) in &self.refusals {
            write_word(line, code);
            write_numbers(line, &[*count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_counted_where_its_size_fits() {
        let mut counters = Counters::default();
        for notices in [1, 2, 3, 4, 128, 129, 5_000] {
            counters.broadcast(notices, 10);
        }
        assert_eq!(counters.batches, [1, 1, 2, 0, 0, 0, 0, 1, 2]);
        assert_eq!((counters.batched, counters.frames), (5_267, 70));
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let mut counters = Counters { opened: 1, rows_written: 2, ..Counters::default() };
        counters.broadcast(3, 4);
        counters.refused("rate_limited");
        let mut line = String::new();
        counters.write(&mut line);
        assert_eq!(Counters::from_line(&line), Some(counters));
        assert_eq!(Counters::from_line("1 2"), None);
    }

    #[test]
    fn sums() {
        let mut one = Counters { opened: 1, rows_written: 2, ..Counters::default() };
        one.refused("rate_limited");
        let mut two = one.clone();
        two.refused("rate_limited");
        two.refused("bad_frame");
        one.add(&two);
        assert_eq!((one.opened, one.rows_written), (2, 4));
        assert_eq!(one.refusals, [("rate_limited".into(), 3), ("bad_frame".into(), 1)]);
    }
}
