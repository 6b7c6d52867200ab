//! Durations, counted in buckets 1.6 % apart.

use serde::Serialize;

/// Buckets for each doubling.
const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Counts of durations in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max_us: u64,
}

/// What a reader wants of a histogram, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Percentiles {
    /// How many durations there were.
    pub count: u64,
    /// Half were shorter.
    pub p50_ms: f64,
    /// Nine of ten were shorter.
    pub p90_ms: f64,
    /// 99 of 100 were shorter.
    pub p99_ms: f64,
    /// 999 of 1,000 were shorter.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Histogram {
    /// Counts a duration.
    pub fn record(&mut self, us: u64) {
        let index = bucket(us);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.total += 1;
        self.max_us = self.max_us.max(us);
    }

    /// What a reader wants of it.
    pub fn percentiles(&self) -> Percentiles {
        let [p50_ms, p90_ms, p99_ms, p999_ms] = [0.5, 0.9, 0.99, 0.999].map(|share| self.at(share));
        Percentiles { count: self.total, p50_ms, p90_ms, p99_ms, p999_ms, max_ms: self.max_us as f64 / 1e3 }
    }

    /// The upper end of the bucket that this share of durations is within, in milliseconds.
    fn at(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return upper(index).min(self.max_us) as f64 / 1e3;
            }
        }
        0.0
    }
}

fn bucket(us: u64) -> usize {
    if us < STEPS {
        return us as usize;
    }
    let doublings = us.ilog2() - STEP_BITS;
    (u64::from(doublings) * STEPS + (us >> doublings)) as usize
}

fn upper(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * STEPS {
        return index;
    }
    let doublings = index / STEPS - 1;
    ((index - doublings * STEPS + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_its_bucket_and_not_far_off() {
        for us in [0, 1, 63, 64, 127, 128, 1_000, 123_456, 10_000_000] {
            let index = bucket(us);
            assert!(upper(index) >= us && upper(index) <= us + us / 50 + 1, "{us}");
            assert!(index == 0 || upper(index - 1) < us, "{us}");
        }
    }

    #[test]
    fn percentiles() {
        let mut histogram = Histogram::default();
        (1..=1_000).for_each(|ms| histogram.record(ms * 1_000));
        let percentiles = histogram.percentiles();
        assert!((percentiles.p50_ms - 500.0).abs() < 10.0, "{percentiles:?}");
        assert!((percentiles.p99_ms - 990.0).abs() < 20.0, "{percentiles:?}");
        assert_eq!((percentiles.count, percentiles.max_ms), (1_000, 1_000.0));
        assert_eq!(Histogram::default().percentiles().p99_ms, 0.0);
    }
}
