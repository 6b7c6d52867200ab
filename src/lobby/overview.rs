//! What the lobbies know, as it is shown: `/api/rooms` and `/status`.

use super::words::{Words, write_numbers, write_word};
use super::{Counters, Standing};
use crate::limits::LISTED_MAX;
use crate::protocol::with_commas;

/// A room in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Connections that have joined.
    pub connections: u64,
    /// Messages ever stored in this epoch.
    pub messages: u64,
    /// When the last message was taken, or the room was first used, in Unix milliseconds.
    pub active_at: u64,
}

/// Sums over all rooms, listed or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rooms that have storage.
    pub rooms: u64,
    /// Rooms that somebody is in.
    pub active_rooms: u64,
    /// Connections that have joined.
    pub connections: u64,
    /// Messages ever stored in the epochs that last.
    pub history: u64,
    /// Bytes of storage.
    pub bytes: u64,
    /// Messages stored since the lobby counts.
    pub messages: u64,
    /// What rooms counted.
    pub counters: Counters,
    /// Reports taken in.
    pub reports: u64,
    /// Rooms asked, since they had not reported for long.
    pub asks: u64,
    /// Rows that the lobby wrote.
    pub rows: u64,
}

impl Totals {
    /// Moves a room from how it stood to how it stands.
    pub(super) fn shift(&mut self, before: Standing, now: Standing) {
        let used = |standing: Standing| u64::from(standing.active_at > 0);
        let occupied = |standing: Standing| u64::from(standing.connections > 0);
        shift(&mut self.rooms, used(before), used(now));
        shift(&mut self.active_rooms, occupied(before), occupied(now));
        shift(&mut self.connections, before.connections, now.connections);
        shift(&mut self.history, before.messages, now.messages);
        shift(&mut self.bytes, before.bytes, now.bytes);
        self.messages += now.messages.saturating_sub(before.messages);
    }

    pub(super) fn read(words: &mut Words<'_>) -> Option<Self> {
        let mut totals = Self::default();
        for number in totals.numbers() {
            *number = words.number()?;
        }
        Some(Self { counters: Counters::read(words)?, ..totals })
    }

    pub(super) fn write(&self, line: &mut String) {
        write_numbers(line, &self.clone().numbers().map(|number| *number));
        self.counters.write(line);
    }

    fn add(&mut self, mut other: Self) {
        for (sum, number) in self.numbers().into_iter().zip(other.numbers()) {
            *sum += *number;
        }
        self.counters.add(&other.counters);
    }

    /// All but the counters, in the order in which they are written.
    fn numbers(&mut self) -> [&mut u64; 9] {
        let Self {
            rooms,
            active_rooms,
            connections,
            history,
            bytes,
            messages,
            counters: _,
            reports,
            asks,
            rows,
        } = self;
        [rooms, active_rooms, connections, history, bytes, messages, reports, asks, rows]
    }
}

/// Totals never go below zero, whatever was lost between a room and its lobby.
fn shift(total: &mut u64, before: u64, now: u64) {
    *total = total.saturating_add(now).saturating_sub(before);
}

/// What one lobby, or all of them together, can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// The sums.
    pub totals: Totals,
    /// The listed rooms: those that somebody is in first, then by their last message.
    pub rooms: Vec<Listed>,
}

impl Listed {
    /// Where it stands in the list: the least comes first.
    fn rank(&self) -> u64 {
        rank(self.connections, self.active_at)
    }
}

/// The occupied come before the empty, the lately active before the others.
pub(super) fn rank(connections: u64, active_at: u64) -> u64 {
    const EMPTY: u64 = 1 << 62;
    u64::from(connections == 0) * EMPTY + (EMPTY - 1).saturating_sub(active_at)
}

impl Overview {
    /// Adds what another lobby knows.
    pub fn add(&mut self, other: Self) {
        self.totals.add(other.totals);
        let mut theirs = other.rooms.into_iter().peekable();
        for mine in std::mem::take(&mut self.rooms) {
            while let Some(room) = theirs.next_if(|room| room.rank() < mine.rank()) {
                self.rooms.push(room);
            }
            self.rooms.push(mine);
        }
        self.rooms.extend(theirs);
        self.rooms.truncate(LISTED_MAX);
    }

    /// Reads what [`Overview::to_lines`] wrote.
    pub fn from_lines(lines: &str) -> Option<Self> {
        let mut lines = lines.lines();
        let totals = Totals::read(&mut Words::of(lines.next()?))?;
        let room = |line| {
            let mut words = Words::of(line);
            let name = words.word()?.to_owned();
            let [connections, messages, active_at] = words.numbers()?;
            Some(Listed { name, connections, messages, active_at })
        };
        Some(Self { totals, rooms: lines.filter_map(room).collect() })
    }

    /// The overview as lines of words.
    pub fn to_lines(&self) -> String {
        let mut lines = String::new();
        self.totals.write(&mut lines);
        for room in &self.rooms {
            lines.push('\n');
            write_word(&mut lines, &room.name);
            write_numbers(&mut lines, &[room.connections, room.messages, room.active_at]);
        }
        lines
    }

    /// The body of `/api/rooms`: the rooms that are to be shown.
    pub fn list(&self, limit: usize, shows: impl Fn(&str) -> bool) -> String {
        let object = |room: &Listed| {
            let Listed { name, connections, messages, active_at } = room;
            format!(
                r#"{{"name":"{name}","connections":{connections},"messages":{messages},"active_at":{active_at}}}"#
            )
        };
        // The name of a room needs no escaping.
        let rooms: Vec<String> =
            self.rooms.iter().filter(|room| shows(&room.name)).take(limit).map(object).collect();
        format!("[{}]", with_commas(&rooms))
    }

    /// The body of `/status`.
    pub fn status(&self) -> String {
        let totals = &self.totals;
        let refusals = totals.counters.refusals.iter().map(|(_, count)| count).sum();
        let fields = [
            ("currentClients", totals.connections),
            ("totalHistory", totals.history),
            ("rooms", totals.rooms),
            ("activeRooms", totals.active_rooms),
            ("messages", totals.messages),
            ("connections", totals.counters.opened),
            ("refusals", refusals),
            ("storageBytes", totals.bytes),
        ];
        let fields = fields.map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", with_commas(&fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, connections: u64, active_at: u64) -> Listed {
        Listed { name: name.to_owned(), connections, messages: 0, active_at }
    }

    #[test]
    fn lobbies_add_up_to_one_list_with_the_occupied_first() {
        let mut one =
            Overview { rooms: vec![listed("a", 1, 5), listed("empty", 0, 9)], ..Overview::default() };
        one.totals.connections = 1;
        let mut two = Overview { rooms: vec![listed("b", 3, 7)], ..Overview::default() };
        two.totals.connections = 3;
        one.add(two);
        let names: Vec<&str> = one.rooms.iter().map(|room| room.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "empty"]);
        assert_eq!(one.totals.connections, 4);
        assert_eq!(one.list(9, |_| false), "[]");
        assert_eq!(one.list(1, |_| true), r#"[{"name":"b","connections":3,"messages":0,"active_at":7}]"#);
        assert!(one.status().contains(r#""currentClients":4"#));
    }

    #[test]
    fn the_list_is_bounded() {
        let rooms = || (0..80).map(|n| listed(&format!("r{n}"), 1, 1_000 - n)).collect();
        let mut overview = Overview { rooms: rooms(), ..Overview::default() };
        overview.add(Overview { rooms: rooms(), ..Overview::default() });
        assert_eq!(overview.rooms.len(), LISTED_MAX);
        assert!(overview.rooms.is_sorted_by_key(Listed::rank));
    }

    #[test]
    fn an_overview_on_the_wire() {
        let mut overview =
            Overview { rooms: vec![listed("a", 1, 5), listed("b", 0, 9)], ..Overview::default() };
        overview.totals.reports = 7;
        overview.totals.counters.refused("bad_name");
        assert_eq!(Overview::from_lines(&overview.to_lines()), Some(overview));
    }
}
