//! `/metrics`: an overview as OpenMetrics text, version 1.0.0.

use std::fmt::{Display, Write};

use super::{BATCH_BOUNDS, Listed, Overview};
use crate::limits::METRICS_ROOMS_MAX;

/// Writes the metrics. Only the rooms at the head of the list that are to be shown have series of their own, so their number
/// is bounded; the names of rooms need no escaping in a label.
pub fn metrics(overview: &Overview, shows: impl Fn(&str) -> bool) -> String {
    let totals = &overview.totals;
    let counters = &totals.counters;
    let shown = overview.rooms.iter().filter(|room| shows(&room.name));
    let rooms: Vec<&Listed> = shown.take(METRICS_ROOMS_MAX).collect();
    let mut text = Text::default();
    text.gauge("parlor_connections", "Connections that have joined a room.", totals.connections);
    text.counter("parlor_connections_opened", "Connections made.", counters.opened);
    text.counter("parlor_frames_received", "WebSocket frames that rooms took.", counters.received);
    text.counter("parlor_requests", "Requests that rooms took, upgrades included.", counters.requests);
    text.counter("parlor_rows_written", "Rows that rooms wrote, alarms included.", counters.rows_written);
    text.counter("parlor_rows_read", "Rows that rooms read.", counters.rows_read);
    text.gauge("parlor_rooms", "Rooms that have storage.", totals.rooms);
    text.gauge("parlor_rooms_active", "Rooms that somebody is in.", totals.active_rooms);
    text.counter("parlor_messages", "Messages stored.", totals.messages);
    text.gauge("parlor_history_messages", "Messages in the histories of all rooms.", totals.history);
    text.family("parlor_refusals", "counter", "Refusals by rooms, by code.");
    for (code, count) in &counters.refusals {
        text.sample("parlor_refusals_total", Some(("code", code)), count);
    }
    text.counter("parlor_fanout_frames", "WebSocket frames that broadcasts sent.", counters.frames);
    text.family("parlor_batch_size", "histogram", "Notices in one broadcast.");
    let mut below = 0;
    for (bound, count) in BATCH_BOUNDS.iter().zip(&counters.batches) {
        below += count;
        text.sample("parlor_batch_size_bucket", Some(("le", &format!("{bound}.0"))), below);
    }
    let count: u64 = counters.batches.iter().sum();
    text.sample("parlor_batch_size_bucket", Some(("le", "+Inf")), count);
    text.sample("parlor_batch_size_count", None, count);
    text.sample("parlor_batch_size_sum", None, counters.batched);
    text.family("parlor_storage_bytes", "gauge", "Storage of all rooms.");
    text.line(format_args!("# UNIT parlor_storage_bytes bytes"));
    text.sample("parlor_storage_bytes", None, totals.bytes);
    text.counter("parlor_room_wakes", "Rooms restored from storage.", counters.wakes);
    text.counter("parlor_lobby_reports", "Reports of rooms to the lobby.", totals.reports);
    text.counter(
        "parlor_lobby_asks",
        "Rooms that the lobby asked, as they were silent for long.",
        totals.asks,
    );
    text.counter("parlor_lobby_rows_written", "Rows that the lobby wrote.", totals.rows);
    text.by_room("parlor_room_connections", "Connections of the most active listed rooms.", &rooms, |room| {
        room.connections
    });
    text.by_room(
        "parlor_room_history_messages",
        "Messages in the most active listed rooms.",
        &rooms,
        |room| room.messages,
    );
    text.line(format_args!("# EOF"));
    text.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "gauge", help);
        self.sample(name, None, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(&format!("{name}_total"), None, value);
    }

    fn by_room(&mut self, name: &str, help: &str, rooms: &[&Listed], value: impl Fn(&Listed) -> u64) {
        self.family(name, "gauge", help);
        for room in rooms {
            self.sample(name, Some(("room", &room.name)), value(room));
        }
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# TYPE {name} {kind}"));
        self.line(format_args!("# HELP {name} {help}"));
    }

    fn sample(&mut self, name: &str, label: Option<(&str, &str)>, value: impl Display) {
        match label {
            Some((label, of)) => self.line(format_args!("{name}{{{label}=\"{of}\"}} {value}")),
            None => self.line(format_args!("{name} {value}")),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overview_as_text() {
        let mut overview = Overview::default();
        overview.totals.connections = 3;
        overview.totals.counters.broadcast(2, 6);
        overview.totals.counters.broadcast(500, 3);
        overview.totals.counters.refused("rate_limited");
        let room = |n: u64| Listed { name: format!("r{n}"), connections: n, messages: 0, active_at: 0 };
        overview.rooms = (0..50).map(room).collect();
        assert!(!metrics(&overview, |_| false).contains("room="));
        let text = metrics(&overview, |_| true);
        for line in [
            "parlor_connections 3",
            "parlor_refusals_total{code=\"rate_limited\"} 1",
            "parlor_batch_size_bucket{le=\"1.0\"} 0",
            "parlor_batch_size_bucket{le=\"2.0\"} 1",
            "parlor_batch_size_bucket{le=\"+Inf\"} 2",
            "parlor_fanout_frames_total 9",
            "parlor_room_connections{room=\"r19\"} 19",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} in\n{text}");
        }
        assert!(!text.contains("r20"), "by room only for so many");
        assert!(text.ends_with("# EOF\n"));
    }
}
