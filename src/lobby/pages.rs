//! How the lobby is kept: rooms are spread over a few rows by the hash of their name, and only the rows of
//! rooms that changed are written. While there are few rooms there is one row.
//!
//! Row 0 holds the totals too, so every write includes it.

use std::collections::HashMap;

use super::words::{Words, write_numbers, write_word};
use super::{Standing, Totals, hash};
use crate::limits::LOBBY_PAGE_ROOMS;

/// A row of the lobby's storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub page: u64,
    /// Its rooms, a line each; in row 0 a line with the number of pages and the totals comes first.
    pub body: String,
}

/// What is known of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub standing: Standing,
    /// When it was heard of last, in Unix milliseconds.
    pub heard_at: u64,
}

/// All that is known of rooms.
pub(super) type Entries = HashMap<String, Entry>;

/// Which rows there are, and which must be written.
#[derive(Debug)]
pub(super) struct Pages {
    /// For each, whether it must be.
    dirty: Vec<bool>,
}

impl Pages {
    /// Notes that what is known of a room changed.
    pub fn touch(&mut self, room: &str) {
        let page = page_of(room, self.dirty.len());
        if let Some(dirty) = self.dirty.get_mut(page) {
            *dirty = true;
        }
    }

    /// Whether anything must be written.
    pub fn is_dirty(&self) -> bool {
        self.dirty.contains(&true)
    }

    /// Makes the rows to write. There are more pages once rooms would crowd them; then all are written.
    pub fn write(&mut self, rooms: &Entries, totals: &mut Totals) -> Vec<Row> {
        let wanted = rooms.len().div_ceil(LOBBY_PAGE_ROOMS).next_power_of_two();
        if wanted > self.dirty.len() {
            self.dirty = vec![true; wanted];
        }
        let count = self.dirty.len();
        let mut bodies: Vec<Option<String>> = self
            .dirty
            .iter()
            .enumerate()
            .map(|(page, dirty)| (*dirty || page == 0).then(String::new))
            .collect();
        totals.rows += bodies.iter().flatten().count() as u64;
        if let Some(Some(first)) = bodies.first_mut() {
            write_numbers(first, &[count as u64]);
            totals.write(first);
            first.push('\n');
        }
        for (name, entry) in rooms {
            if let Some(Some(body)) = bodies.get_mut(page_of(name, count)) {
                write_word(body, name);
                entry.standing.write(body);
                write_numbers(body, &[entry.heard_at]);
                body.push('\n');
            }
        }
        self.dirty.fill(false);
        let row = |(page, body): (usize, Option<String>)| Some(Row { page: page as u64, body: body? });
        bodies.into_iter().enumerate().filter_map(row).collect()
    }

    /// Reads the rows again. A line that can't be read is left out: its room comes back as it reports.
    pub fn restore(rows: Vec<Row>) -> (Self, Entries, Totals) {
        let (mut count, mut totals, mut rooms) = (1, Totals::default(), Entries::new());
        for Row { page, body } in rows {
            let mut lines = body.lines();
            if page == 0
                && let Some(head) = lines.next()
            {
                let mut words = Words::of(head);
                count = words.number().map_or(1, |count| count.clamp(1, 1_024) as usize);
                totals = Totals::read(&mut words).unwrap_or_default();
            }
            rooms.extend(lines.filter_map(room));
        }
        (Self { dirty: vec![false; count] }, rooms, totals)
    }
}

fn room(line: &str) -> Option<(String, Entry)> {
    let mut words = Words::of(line);
    let name = words.word()?.to_owned();
    let standing = Standing::read(&mut words)?;
    Some((name, Entry { standing, heard_at: words.number()? }))
}

fn page_of(room: &str, count: usize) -> usize {
    // The upper half of the hash has chosen the lobby.
    (hash(room) & 0xffff_ffff) as usize % count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn rows_grow_with_the_rooms_and_keep_them_all() {
        let (mut pages, mut rooms, mut totals) = Pages::restore(Vec::new());
        let mut stored: BTreeMap<u64, String> = BTreeMap::new();
        for (size, at_most) in [(1, 1), (LOBBY_PAGE_ROOMS, 1), (LOBBY_PAGE_ROOMS * 20, 32), (3, 32), (2, 2)] {
            let before = rooms.clone();
            rooms.retain(|_, entry| entry.heard_at < size as u64);
            rooms.extend(
                (0..size as u64)
                    .map(|n| (format!("room-{n}"), Entry { standing: Standing::default(), heard_at: n })),
            );
            before.keys().filter(|name| !rooms.contains_key(*name)).for_each(|name| pages.touch(name));
            pages.touch("room-1");
            let written = pages.write(&rooms, &mut totals);
            assert!(!pages.is_dirty());
            assert!(written.len() <= at_most, "{size}: {}", written.len());
            stored.extend(written.into_iter().map(|row| (row.page, row.body)));
            let rows = stored.iter().map(|(page, body)| Row { page: *page, body: body.clone() }).collect();
            let (again, found, sums) = Pages::restore(rows);
            assert_eq!((&found, &sums, again.dirty.len()), (&rooms, &totals, pages.dirty.len()));
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_costs_no_more_than_its_room() {
        let row = |page, body: &str| Row { page, body: body.to_owned() };
        let (_, rooms, totals) =
            Pages::restore(vec![row(0, "{"), row(1, "a 1 2 3 4 5\nb 1 2\n\nc 1 2 3 4 x")]);
        assert_eq!((rooms.len(), totals), (1, Totals::default()));
    }
}
