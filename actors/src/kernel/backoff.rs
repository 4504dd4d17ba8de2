//! Pure: how long to wait before the next try.
use std::time::Duration;

/// Waits that double from `min` up to `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub min: Duration,
    pub max: Duration,
}

impl Backoff {
    /// Wait before try number `attempt` (from 1). `jitter` in 0..=1 comes in as a value: 0 gives the full wait, 1 half
    /// of it; never more than `max`.
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.min.saturating_mul(1 << doublings).min(self.max);
        let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
        full.mul_f64(1.0 - jitter / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BACKOFF: Backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(5) };

    #[test]
    fn table() {
        let cases = [
            (0, 0.0, 100),
            (1, 0.0, 100),
            (2, 0.0, 200),
            (3, 0.0, 400),
            (7, 0.0, 5000),
            (u32::MAX, 0.0, 5000),
        ];
        for (attempt, jitter, expected_ms) in cases {
            assert_eq!(
                BACKOFF.delay(attempt, jitter),
                Duration::from_millis(expected_ms),
                "attempt {attempt}"
            );
        }
        assert_eq!(BACKOFF.delay(2, 1.0), Duration::from_millis(100));
        assert_eq!(BACKOFF.delay(2, f64::NAN), Duration::from_millis(200));
    }

    proptest! {
        #[test]
        fn stays_in_bounds(attempt: u32, jitter: f64) {
            let delay = BACKOFF.delay(attempt, jitter);
            prop_assert!(delay >= BACKOFF.min / 2 && delay <= BACKOFF.max);
        }
    }
}
