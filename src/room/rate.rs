//! Token buckets: how much a member may do at once, and for long.

/// A bucket that is full at first and fills again with time. Its time may stand still or jump back:
/// then nothing flows in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    tokens: f64,
    at_ms: u64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(burst: f64, now_ms: u64) -> Self {
        Self { tokens: burst, at_ms: now_ms }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// With an empty bucket, the time in milliseconds until there will be one.
    pub fn take(&mut self, burst: f64, per_second: f64, now_ms: u64) -> Result<(), u64> {
        self.refill(burst, per_second, now_ms);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(((1.0 - self.tokens) / per_second * 1_000.0).ceil() as u64)
    }

    /// Takes tokens for what was done already, also some that are not there.
    pub fn charge(&mut self, tokens: f64) {
        self.tokens -= tokens;
    }

    /// Whether forgetting the bucket would change nothing.
    pub fn is_full(&mut self, burst: f64, per_second: f64, now_ms: u64) -> bool {
        self.refill(burst, per_second, now_ms);
        self.tokens >= burst
    }

    fn refill(&mut self, burst: f64, per_second: f64, now_ms: u64) {
        let elapsed_s = now_ms.saturating_sub(self.at_ms) as f64 / 1_000.0;
        self.tokens = (self.tokens + elapsed_s * per_second).min(burst);
        self.at_ms = now_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let mut bucket = Bucket::full(10.0, 0);
        for _ in 0..10 {
            assert_eq!(bucket.take(10.0, 2.0, 0), Ok(()));
        }
        assert_eq!(bucket.take(10.0, 2.0, 0), Err(500));
        assert!(bucket.take(10.0, 2.0, 499).is_err_and(|ms| ms <= 2));
        assert_eq!(bucket.take(10.0, 2.0, 500), Ok(()));
        assert_eq!(bucket.take(10.0, 2.0, 500), Err(500));
        assert!(!bucket.is_full(10.0, 2.0, 5_000));
        assert!(bucket.is_full(10.0, 2.0, 5_500));
    }

    #[test]
    fn what_was_charged_must_flow_in_again() {
        let mut bucket = Bucket::full(10.0, 0);
        bucket.charge(12.0);
        assert_eq!(bucket.take(10.0, 2.0, 0), Err(1_500));
        assert_eq!(bucket.take(10.0, 2.0, 1_500), Ok(()));
    }

    #[test]
    fn a_clock_that_jumps_back_gives_nothing_and_blocks_nobody() {
        let mut bucket = Bucket::full(1.0, 1_000_000);
        assert_eq!(bucket.take(1.0, 1.0, 1_000_000), Ok(()));
        assert_eq!(bucket.take(1.0, 1.0, 0), Err(1_000));
        assert_eq!(bucket.take(1.0, 1.0, 1_000), Ok(()));
    }
}
