//! What a relay keeps of its room's log: the newest rows, in memory.

use std::cell::RefCell;

use crate::room::log::{Segment, SegmentHead, Seq};
use crate::room::{Archive, Effect, Fault};

/// The newest rows of a log, oldest first.
#[derive(Debug, Default)]
pub struct Cache(RefCell<Vec<Segment>>);

impl Cache {
    /// Takes in what a room's storage would: the effects that write to it. The others come back.
    pub fn absorb(&self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut rows = self.0.borrow_mut();
        let mut rest = Vec::with_capacity(effects.len());
        for effect in effects {
            match effect {
                Effect::Append(new) => new.into_iter().for_each(|row| put(&mut rows, row)),
                Effect::Rewrite(row) => put(&mut rows, row),
                Effect::Trim(first) => rows.retain(|row| row.first >= first),
                Effect::Clear(_) => rows.clear(),
                other => rest.push(other),
            }
        }
        rest
    }
}

/// Writes a row over the one with the same first seq, or after all others.
fn put(rows: &mut Vec<Segment>, row: Segment) {
    match rows.iter_mut().rev().find(|old| old.first == row.first) {
        Some(old) => *old = row,
        None => rows.push(row),
    }
}

impl Archive for Cache {
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault> {
        let rows = self.0.borrow();
        let holds = |row: &&Segment| row.first <= last && row.first + row.len() as Seq > first;
        Ok(rows.iter().filter(holds).cloned().collect())
    }

    fn head_after(&self, first: Seq) -> Result<Option<SegmentHead>, Fault> {
        Ok(self.0.borrow().iter().find(|row| row.first > first).map(Segment::head))
    }

    fn records(&self, _before: u64, _limit: usize) -> Result<Vec<(u64, String)>, Fault> {
        Ok(Vec::new())
    }
}
