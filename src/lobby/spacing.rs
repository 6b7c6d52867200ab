//! How often something may be done that is worth doing when something changed: at once after a quiet
//! time, and ever less often while changes go on.

/// The times between one and the next.
#[derive(Clone, Debug)]
pub(super) struct Spacing {
    gap_ms_min: u64,
    gap_ms_max: u64,
    gap_ms: u64,
    last_at: Option<u64>,
}

impl Spacing {
    /// Nothing was done yet. The first gap is the shortest; each doubles, up to the longest.
    pub fn new(gap_ms_min: u64, gap_ms_max: u64) -> Self {
        Self { gap_ms_min, gap_ms_max, gap_ms: gap_ms_min, last_at: None }
    }

    /// When it may be done next, in Unix milliseconds.
    pub fn due_at(&self) -> u64 {
        self.last_at.map_or(0, |last_at| last_at.saturating_add(self.gap_ms))
    }

    /// Notes that it is done now.
    pub fn done(&mut self, now_ms: u64) {
        let quiet_ms = self.last_at.map_or(u64::MAX, |last_at| now_ms.saturating_sub(last_at));
        let is_quiet = quiet_ms >= self.gap_ms_max.saturating_mul(2);
        self.gap_ms = if is_quiet { self.gap_ms_min } else { (self.gap_ms * 2).min(self.gap_ms_max) };
        self.last_at = Some(now_ms);
    }

    /// Makes the next wait the longest.
    pub fn slow_down(&mut self) {
        self.gap_ms = self.gap_ms_max;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_grows_while_busy_and_shrinks_after_a_quiet_time() {
        let mut spacing = Spacing::new(1_000, 10_000);
        assert_eq!(spacing.due_at(), 0);
        let mut now_ms = 50_000;
        let mut gaps = Vec::new();
        for _ in 0..6 {
            spacing.done(now_ms);
            gaps.push(spacing.due_at() - now_ms);
            now_ms = spacing.due_at();
        }
        assert_eq!(gaps, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        spacing.done(now_ms + 20_000);
        assert_eq!(spacing.due_at(), now_ms + 21_000);
    }
}
