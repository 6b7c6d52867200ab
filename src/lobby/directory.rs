//! The lobby's memory: the totals, and how each room stood that is occupied or was active of late.
//!
//! A room that ends without a word (its runtime was killed, its code replaced) is found when somebody
//! looks: those that have not reported for a lease are asked, a few at a look. One that can't be asked
//! counts as empty, and so does one that was not heard of for a day, until it reports again.

use super::overview::rank;
use super::pages::{Entries, Entry, Pages, Row};
use super::spacing::Spacing;
use super::{Listed, Overview, Report, Standing, Totals};
use crate::limits::{
    ASK_GAP_MS, ASK_ROOMS_MAX, LISTED_MAX, LOBBY_FORGET_MS, LOBBY_ROOMS_MAX, LOBBY_WRITE_GAP_MS_MAX,
    LOBBY_WRITE_GAP_MS_MIN,
};

/// All that the lobby knows.
#[derive(Debug)]
pub struct Directory {
    lease_ms: u64,
    rooms: Entries,
    totals: Totals,
    pages: Pages,
    writes: Spacing,
    asked_at: Option<u64>,
}

impl Directory {
    /// Restores what was stored, nothing if nothing was. `lease_ms`: how long an occupied room is believed
    /// to be so without a word.
    pub fn restore(rows: Vec<Row>, lease_ms: u64) -> Self {
        let (pages, rooms, totals) = Pages::restore(rows);
        let writes = Spacing::new(LOBBY_WRITE_GAP_MS_MIN, LOBBY_WRITE_GAP_MS_MAX);
        Self { lease_ms, rooms, totals, pages, writes, asked_at: None }
    }

    /// Takes a report in.
    pub fn take(&mut self, report: Report, now_ms: u64) {
        let Report { name, before, now, counters } = report;
        // What the lobby has not forgotten it knows better than a room that was killed meanwhile.
        let before = self.rooms.get(&name).map_or(before, |entry| entry.standing);
        self.totals.shift(before, now);
        self.totals.counters.add(&counters);
        self.totals.reports += 1;
        self.pages.touch(&name);
        if now.active_at == 0 && now.connections == 0 {
            self.rooms.remove(&name);
        } else {
            self.rooms.insert(name, Entry { standing: now, heard_at: now_ms });
        }
        self.forget_surplus();
    }

    /// Notes that a room did not answer: nobody is in it, until it says otherwise.
    pub fn silent(&mut self, name: &str) {
        let Some(entry) = self.rooms.get_mut(name) else { return };
        self.totals.shift(entry.standing, Standing { connections: 0, ..entry.standing });
        entry.standing.connections = 0;
        self.pages.touch(name);
    }

    /// What the lobby can tell now.
    pub fn overview(&mut self, now_ms: u64) -> Overview {
        self.forget_old(now_ms);
        let names = self.least(LISTED_MAX, |name, entry| {
            let Standing { connections, active_at, .. } = entry.standing;
            (!name.starts_with('~')).then(|| rank(connections, active_at))
        });
        let listed = |name: String| {
            let Standing { connections, messages, active_at, .. } = self.rooms.get(&name)?.standing;
            Some(Listed { name, connections, messages, active_at })
        };
        Overview { totals: self.totals.clone(), rooms: names.into_iter().filter_map(listed).collect() }
    }

    /// The rooms to ask how they stand, as somebody looks now: the few that were silent for longest.
    pub fn to_ask(&mut self, now_ms: u64) -> Vec<String> {
        let gap_ms = ASK_GAP_MS.min(self.lease_ms);
        if self.asked_at.is_some_and(|asked_at| now_ms.saturating_sub(asked_at) < gap_ms) {
            return Vec::new();
        }
        let suspects = self.least(ASK_ROOMS_MAX, |_, entry| {
            let is_silent = now_ms.saturating_sub(entry.heard_at) >= self.lease_ms;
            (is_silent && entry.standing.connections > 0).then_some(entry.heard_at)
        });
        if !suspects.is_empty() {
            self.asked_at = Some(now_ms);
            self.totals.asks += suspects.len() as u64;
        }
        suspects
    }

    /// When something must be written, in Unix milliseconds, if at all.
    pub fn timeout(&self) -> Option<u64> {
        self.pages.is_dirty().then(|| self.writes.due_at())
    }

    /// The rows to write now.
    pub fn write(&mut self, now_ms: u64) -> Vec<Row> {
        if self.timeout().is_none_or(|due_at| due_at > now_ms) {
            return Vec::new();
        }
        self.writes.done(now_ms);
        self.pages.write(&self.rooms, &mut self.totals)
    }

    /// Lets go of rooms that nobody is in and nobody spoke in for a day. The totals keep them.
    fn forget_old(&mut self, now_ms: u64) {
        let is_old = |entry: &Entry| now_ms.saturating_sub(entry.heard_at) >= LOBBY_FORGET_MS;
        for name in self.least(usize::MAX, |_, entry| is_old(entry).then_some(entry.heard_at)) {
            self.silent(&name);
            self.forget(&name);
        }
    }

    /// Keeps the number of rooms within its bound: the empty go first, then those silent for longest.
    fn forget_surplus(&mut self) {
        const OCCUPIED: u64 = 1 << 62;
        // In lots, so that a full lobby does not sort at each report.
        if self.rooms.len() > LOBBY_ROOMS_MAX + LOBBY_ROOMS_MAX / 16 {
            let surplus = self.rooms.len() - LOBBY_ROOMS_MAX;
            let key = |entry: &Entry| u64::from(entry.standing.connections > 0) * OCCUPIED + entry.heard_at;
            for name in self.least(surplus, |_, entry| Some(key(entry))) {
                self.forget(&name);
            }
        }
    }

    fn forget(&mut self, name: &str) {
        self.pages.touch(name);
        self.rooms.remove(name);
    }

    /// The names of so many rooms with the least key, of those that have one, in its order.
    fn least(&self, count: usize, key: impl Fn(&str, &Entry) -> Option<u64>) -> Vec<String> {
        let keyed = self.rooms.iter().filter_map(|(name, entry)| Some((key(name, entry)?, name.as_str())));
        let mut keyed: Vec<(u64, &str)> = keyed.collect();
        keyed.sort_unstable();
        keyed.into_iter().take(count).map(|(_, name)| name.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lobby::Counters;

    const LEASE_MS: u64 = 300_000;

    fn standing(connections: u64, messages: u64) -> Standing {
        Standing {
            connections,
            messages,
            active_at: if messages > 0 { 1_000 + messages } else { 0 },
            bytes: messages * 10,
        }
    }

    fn report(name: &str, before: Standing, now: Standing) -> Report {
        Report { name: name.to_owned(), before, now, counters: Counters { opened: 1, ..Counters::default() } }
    }

    fn empty() -> Directory {
        Directory::restore(Vec::new(), LEASE_MS)
    }

    fn connections(directory: &mut Directory, now_ms: u64) -> Vec<(String, u64)> {
        directory.overview(now_ms).rooms.into_iter().map(|room| (room.name, room.connections)).collect()
    }

    #[test]
    fn counts_go_up_and_down_with_reports() {
        let mut directory = empty();
        directory.take(report("a", standing(0, 0), standing(3, 5)), 0);
        directory.take(report("~secret", standing(0, 0), standing(2, 7)), 0);
        directory.take(report("a", standing(3, 5), standing(1, 6)), 10);
        let overview = directory.overview(20);
        assert_eq!(overview.rooms.len(), 1, "the private one is not listed");
        assert!(!overview.to_lines().contains("secret"));
        let totals = &overview.totals;
        assert_eq!((totals.connections, totals.history, totals.bytes), (3, 13, 130));
        assert_eq!((totals.rooms, totals.active_rooms, totals.messages), (2, 2, 13));
        assert_eq!((totals.counters.opened, totals.reports), (3, 3));
        directory.take(report("a", standing(1, 6), standing(0, 0)), 30);
        let overview = directory.overview(30);
        assert_eq!(
            (overview.rooms.len(), overview.totals.rooms, overview.totals.history),
            (0, 1, 7),
            "wiped"
        );
    }

    #[test]
    fn what_the_lobby_knows_counts_more_than_what_a_killed_room_remembers() {
        let mut directory = empty();
        directory.take(report("a", standing(0, 0), standing(5, 5)), 0);
        directory.take(report("a", standing(0, 4), standing(1, 6)), 10);
        let totals = directory.overview(10).totals;
        assert_eq!((totals.connections, totals.history), (1, 6));
    }

    #[test]
    fn a_forgotten_room_still_counts_right() {
        let mut directory = empty();
        directory.take(report("a", standing(0, 0), standing(0, 5)), 0);
        assert_eq!(connections(&mut directory, LOBBY_FORGET_MS), []);
        assert_eq!(directory.overview(LOBBY_FORGET_MS).totals.history, 5);
        directory.take(report("a", standing(0, 5), standing(1, 6)), LOBBY_FORGET_MS + 1);
        let totals = directory.overview(LOBBY_FORGET_MS + 1).totals;
        assert_eq!((totals.rooms, totals.history, totals.messages), (1, 6, 6));
    }

    #[test]
    fn the_silent_are_asked_a_few_at_a_time_and_count_as_empty_if_they_stay_so() {
        let mut directory = empty();
        for n in 0..20_u64 {
            directory.take(report(&format!("r{n:02}"), standing(0, 0), standing(1, 1)), n);
        }
        assert!(directory.to_ask(LEASE_MS - 1).is_empty());
        let first = directory.to_ask(LEASE_MS + 100);
        assert_eq!(first.len(), ASK_ROOMS_MAX);
        assert_eq!(first.first().unwrap(), "r00");
        assert!(directory.to_ask(LEASE_MS + 101).is_empty(), "not at every look");
        for name in &first {
            directory.silent(name);
            directory.silent(name);
        }
        assert_eq!(directory.overview(LEASE_MS).totals.connections, 20 - ASK_ROOMS_MAX as u64);
        let next = directory.to_ask(LEASE_MS + 100 + ASK_GAP_MS);
        assert!(next.iter().all(|name| !first.contains(name)));
    }

    #[test]
    fn without_a_word_for_a_day_a_room_drops_out() {
        let mut directory = empty();
        directory.take(report("a", standing(0, 0), standing(2, 3)), 0);
        assert_eq!(connections(&mut directory, LOBBY_FORGET_MS - 1).len(), 1);
        let overview = directory.overview(LOBBY_FORGET_MS);
        assert_eq!(
            (overview.rooms.len(), overview.totals.connections, overview.totals.active_rooms),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_lobby_restored_from_its_rows_is_the_one_that_slept() {
        let mut directory = empty();
        for n in 0..1_000_u64 {
            directory.take(report(&format!("r{n}"), standing(0, 0), standing(n % 3, n)), n);
        }
        let rows = directory.write(2_000);
        assert_eq!(directory.timeout(), None, "it may sleep");
        let mut again = Directory::restore(rows, LEASE_MS);
        assert_eq!(again.overview(3_000), directory.overview(3_000));
        assert_eq!(again.rooms, directory.rooms);
    }

    #[test]
    fn memory_the_list_and_writes_are_bounded() {
        let mut directory = empty();
        let mut rows = 0;
        for n in 0..30_000_u64 {
            directory.take(report(&format!("r{n}"), standing(0, 0), standing(u64::from(n == 0), 1)), n);
            rows += directory.write(n).len();
        }
        assert!(directory.rooms.len() <= LOBBY_ROOMS_MAX + LOBBY_ROOMS_MAX / 16);
        assert!(rows < 300, "{rows} rows for 1,000 reports a second over 30 s");
        let overview = directory.overview(30_000);
        assert_eq!((overview.rooms.len(), overview.totals.rooms), (LISTED_MAX, 30_000));
        assert_eq!(overview.rooms.first().unwrap().name, "r0", "the occupied one");
    }
}
