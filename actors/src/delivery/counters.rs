//! Counters of all endpoints together, for the metrics.
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds of the duration buckets, in milliseconds; one more bucket takes what is longer.
pub const DURATION_BUCKETS_MS: [u64; 10] = [10, 25, 50, 100, 250, 500, 1_000, 2_000, 3_000, 10_000];

/// All only grow.
#[derive(Debug, Default)]
pub struct DeliveryCounters {
    /// Deliveries the third party took.
    pub delivered: AtomicU64,
    /// Deliveries that failed for good.
    pub failed: AtomicU64,
    /// Deliveries dropped from a full backlog.
    pub dropped: AtomicU64,
    /// Calls made; a pull counts once.
    pub attempts: AtomicU64,
    /// Replies made into commands.
    pub replies: AtomicU64,
    /// Deliveries left to the sweep because too many were known already.
    pub deferred: AtomicU64,
    /// Endpoints that were paused.
    pub pauses: AtomicU64,
    /// Calls by duration, not cumulative; the last bucket has no upper bound.
    pub durations: [AtomicU64; DURATION_BUCKETS_MS.len() + 1],
    /// Milliseconds of all calls.
    pub duration_ms: AtomicU64,
}

impl DeliveryCounters {
    /// Counts a call.
    pub(super) fn count_attempt(&self, duration_ms: u64) {
        self.attempts.fetch_add(1, Relaxed);
        self.duration_ms.fetch_add(duration_ms, Relaxed);
        let bucket = DURATION_BUCKETS_MS.iter().take_while(|bound| duration_ms > **bound).count();
        if let Some(count) = self.durations.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
    }
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_in_the_first_bucket_that_holds_it() {
        let counters = DeliveryCounters::default();
        for duration_ms in [0, 10, 11, 10_000, 10_001] {
            counters.count_attempt(duration_ms);
        }
        let counts: Vec<u64> = counters.durations.iter().map(|count| count.load(Relaxed)).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!((counters.attempts.load(Relaxed), counters.duration_ms.load(Relaxed)), (5, 20_022));
    }
}
