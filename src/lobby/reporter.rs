//! The room's side: when to tell the lobby, and what.
//!
//! A change is told at once if the last report is long enough ago, else after a short wait, during which
//! more changes gather. Nothing is pending in a room where nothing changed. After a failure nothing is
//! pending either: the next event of the room tries again, so an absent lobby keeps no room awake.

use super::spacing::Spacing;
use super::{Counters, Report, Standing};
use crate::limits::{REPORT_GAP_MS_MAX, REPORT_GAP_MS_MIN};

/// Keeps what the lobby was told, and what it should be told next.
#[derive(Debug)]
pub struct Reporter {
    /// What happened since the last report.
    pub counters: Counters,
    /// As told last, or as the room woke.
    before: Option<Standing>,
    now: Standing,
    spacing: Spacing,
    /// A report is on its way.
    in_flight: bool,
    /// The last one failed.
    failed: bool,
    /// There is something to tell even if nothing seems to have changed.
    owed: bool,
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            counters: Counters::default(),
            before: None,
            now: Standing::default(),
            spacing: Spacing::new(REPORT_GAP_MS_MIN, REPORT_GAP_MS_MAX),
            in_flight: false,
            failed: false,
            owed: false,
        }
    }
}

impl Reporter {
    /// Notes how the room stands when it is restored. `lost`: it may have ended otherwise than the lobby
    /// believes.
    pub fn woke(&mut self, standing: Standing, lost: bool) {
        self.counters.wakes += 1;
        self.before.get_or_insert(standing);
        self.now = standing;
        self.owed |= lost;
    }

    /// Notes how the room stands after an event. Bytes don't count: they are read for a report only.
    pub fn observe(&mut self, standing: Standing) {
        self.now = Standing { bytes: self.now.bytes, ..standing };
    }

    /// Whether to report now.
    pub fn is_due(&self, now_ms: u64) -> bool {
        self.has_news() && !self.in_flight && self.spacing.due_at() <= now_ms
    }

    /// When to look again whether to report, in Unix milliseconds, if at all.
    pub fn timeout(&self) -> Option<u64> {
        (self.has_news() && !self.in_flight && !self.failed).then(|| self.spacing.due_at())
    }

    /// Makes the report.
    pub fn take(&mut self, name: &str, bytes: u64, now_ms: u64) -> Report {
        self.now.bytes = bytes;
        let before = self.before.replace(self.now).unwrap_or_default();
        self.spacing.done(now_ms);
        (self.in_flight, self.failed, self.owed) = (true, false, false);
        Report { name: name.to_owned(), before, now: self.now, counters: std::mem::take(&mut self.counters) }
    }

    /// Notes that the lobby has the report.
    pub fn told(&mut self) {
        self.in_flight = false;
    }

    /// Notes that the lobby may not have the report: what it said will be in the next.
    pub fn not_told(&mut self, report: &Report) {
        self.counters.add(&report.counters);
        self.before = Some(report.before);
        self.spacing.slow_down();
        (self.in_flight, self.failed, self.owed) = (false, true, true);
    }

    fn has_news(&self) -> bool {
        let seen = |standing: Standing| (standing.connections, standing.messages, standing.active_at);
        self.owed
            || seen(self.before.unwrap_or_default()) != seen(self.now)
            || !self.counters.refusals.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(connections: u64, messages: u64) -> Standing {
        Standing { connections, messages, active_at: 1, bytes: 0 }
    }

    /// Has a room change every `every_ms` for so long; returns when it reported.
    fn reports(every_ms: u64, for_ms: u64) -> Vec<u64> {
        let mut reporter = Reporter::default();
        reporter.woke(Standing::default(), false);
        let mut at = Vec::new();
        for now_ms in 0..for_ms + 60_000 {
            if now_ms < for_ms && now_ms % every_ms == 0 {
                reporter.observe(standing(1, now_ms + 1));
            } else if reporter.timeout().is_none_or(|timeout| timeout > now_ms) {
                continue;
            }
            if reporter.is_due(now_ms) {
                reporter.take("kitchen", 0, now_ms);
                reporter.told();
                at.push(now_ms);
            }
        }
        at
    }

    #[test]
    fn a_burst_is_told_in_two_reports() {
        assert_eq!(reports(5, 500), [0, 1_000]);
    }

    #[test]
    fn a_busy_room_reports_every_ten_seconds() {
        assert_eq!(reports(10, 40_000), [0, 1_000, 3_000, 7_000, 15_000, 25_000, 35_000, 45_000]);
    }

    #[test]
    fn what_happens_seldom_is_told_at_once_and_leaves_nothing_pending() {
        assert_eq!(reports(30_000, 90_000), [0, 30_000, 60_000]);
    }

    #[test]
    fn waking_alone_is_no_news() {
        let mut reporter = Reporter::default();
        reporter.woke(standing(2, 7), false);
        reporter.observe(standing(2, 7));
        assert_eq!(reporter.timeout(), None);
        assert!(!reporter.is_due(u64::MAX));
        reporter.counters.refused("bad_frame");
        assert!(reporter.is_due(0));
        reporter.counters.refusals.clear();
        reporter.woke(standing(0, 7), true);
        assert!(reporter.is_due(0), "what was lost is told");
    }

    #[test]
    fn what_could_not_be_told_is_told_with_the_next_event_and_keeps_nothing_awake() {
        let mut reporter = Reporter::default();
        reporter.woke(Standing::default(), false);
        reporter.counters.opened = 1;
        reporter.observe(standing(1, 1));
        let lost = reporter.take("kitchen", 10, 1_000);
        assert_eq!(reporter.timeout(), None, "one at a time");
        reporter.not_told(&lost);
        assert_eq!(reporter.timeout(), None);
        reporter.counters.opened += 1;
        reporter.observe(standing(2, 1));
        assert!(!reporter.is_due(10_999));
        assert!(reporter.is_due(11_000));
        let report = reporter.take("kitchen", 20, 11_000);
        assert_eq!(
            (report.before, report.now.connections, report.counters.opened),
            (Standing::default(), 2, 2)
        );
    }
}
