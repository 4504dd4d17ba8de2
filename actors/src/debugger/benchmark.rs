//! Pure: what a benchmark of a model says.
use std::collections::BTreeMap;
use std::time::Duration;

use workbot_schema::wire::debugger::{BenchmarkReport, DurationBucket, FailureCount};

use super::share::{share, small};

/// Where the bars of the histogram end, in milliseconds.
const BUCKETS_MS: [u64; 10] = [100, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000];

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// How long it took.
    pub duration: Duration,
    /// Tokens in and out.
    pub tokens: u64,
    /// Why the model did not answer; none = it did.
    pub error: Option<String>,
}

/// The report over all calls, which took `wall` from the first to the last.
pub fn report(calls: &[Call], wall: Duration) -> BenchmarkReport {
    let mut times_ms: Vec<u64> =
        calls.iter().filter(|call| call.error.is_none()).map(|call| millis(call.duration)).collect();
    times_ms.sort_unstable();
    let succeeded = times_ms.len();
    let seconds = wall.as_secs_f64();
    let sum_ms = times_ms.iter().fold(0_u64, |sum, ms| sum.saturating_add(*ms));
    BenchmarkReport {
        requests: small(calls.len()),
        succeeded: small(succeeded),
        failed: small(calls.len().saturating_sub(succeeded)),
        success_rate: share(succeeded, calls.len()),
        min_ms: times_ms.first().copied().unwrap_or_default(),
        mean_ms: sum_ms.checked_div(u64::from(small(succeeded))).unwrap_or_default(),
        p50_ms: percentile(&times_ms, 50),
        p95_ms: percentile(&times_ms, 95),
        p99_ms: percentile(&times_ms, 99),
        max_ms: times_ms.last().copied().unwrap_or_default(),
        wall_ms: millis(wall),
        requests_per_second: if seconds > 0.0 { f64::from(small(calls.len())) / seconds } else { 0.0 },
        tokens: calls.iter().fold(0, |sum, call| sum.saturating_add(call.tokens)),
        histogram: histogram(&times_ms),
        errors: errors(calls),
    }
}

/// The smallest of the sorted values that so many percent (1 to 100) of them do not exceed; 0 of nothing.
pub fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = sorted.len().saturating_mul(percent.clamp(1, 100)).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The bars from the first to the last that holds a call.
fn histogram(sorted_ms: &[u64]) -> Vec<DurationBucket> {
    let ends = BUCKETS_MS.into_iter().map(Some).chain([None]);
    let mut from_ms = 0;
    let mut buckets = Vec::new();
    for to_ms in ends {
        let is_inside = |ms: &&u64| **ms >= from_ms && to_ms.is_none_or(|to_ms| **ms < to_ms);
        buckets.push(DurationBucket {
            from_ms,
            to_ms,
            count: small(sorted_ms.iter().filter(is_inside).count()),
        });
        from_ms = to_ms.unwrap_or(from_ms);
    }
    let first = buckets.iter().position(|bucket| bucket.count > 0).unwrap_or(buckets.len());
    let last = buckets.iter().rposition(|bucket| bucket.count > 0).map_or(0, |last| last + 1);
    buckets.get(first..last).map(<[DurationBucket]>::to_vec).unwrap_or_default()
}

fn errors(calls: &[Call]) -> Vec<FailureCount> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for error in calls.iter().filter_map(|call| call.error.as_deref()) {
        *counts.entry(error).or_default() += 1;
    }
    let mut errors: Vec<FailureCount> = counts
        .into_iter()
        .map(|(error, count)| FailureCount { error: error.to_owned(), count: small(count) })
        .collect();
    errors.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    errors
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(ms: u64) -> Call {
        Call { duration: Duration::from_millis(ms), tokens: 10, error: None }
    }

    #[test]
    fn percentiles_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        let cases: [(&[u64], usize, u64); 8] = [
            (&hundred, 50, 50),
            (&hundred, 95, 95),
            (&hundred, 99, 99),
            (&hundred, 100, 100),
            (&[7], 50, 7),
            (&[7], 99, 7),
            (&[1, 9], 50, 1),
            (&[], 95, 0),
        ];
        for (sorted, percent, expected) in cases {
            assert_eq!(percentile(sorted, percent), expected, "{percent} of {}", sorted.len());
        }
    }

    #[test]
    fn a_report() {
        let failed = |error: &str| Call { error: Some(error.to_owned()), ..call(9_000) };
        let calls =
            [call(300), call(100), call(200), failed("timeout"), failed("rate_limited"), failed("timeout")];
        let report = report(&calls, Duration::from_secs(2));
        assert_eq!((report.requests, report.succeeded, report.failed), (6, 3, 3));
        assert_eq!(
            (report.min_ms, report.mean_ms, report.p50_ms, report.p99_ms, report.max_ms),
            (100, 200, 200, 300, 300)
        );
        assert!((report.success_rate - 0.5).abs() < 1e-9 && (report.requests_per_second - 3.0).abs() < 1e-9);
        assert_eq!((report.tokens, report.wall_ms), (60, 2_000));
        let bars: Vec<(u64, Option<u64>, u32)> =
            report.histogram.iter().map(|bar| (bar.from_ms, bar.to_ms, bar.count)).collect();
        assert_eq!(bars, [(100, Some(250), 2), (250, Some(500), 1)]);
        let errors: Vec<(&str, u32)> =
            report.errors.iter().map(|failure| (failure.error.as_str(), failure.count)).collect();
        assert_eq!(errors, [("timeout", 2), ("rate_limited", 1)]);
    }

    #[test]
    fn nothing_succeeded_and_nothing_ran() {
        let failed = Call { error: Some("timeout".into()), ..call(1) };
        for calls in [vec![], vec![failed]] {
            let report = report(&calls, Duration::ZERO);
            assert_eq!(
                (report.succeeded, report.mean_ms, report.p95_ms, report.histogram.len()),
                (0, 0, 0, 0)
            );
            assert!(report.success_rate.abs() < 1e-9 && report.requests_per_second.abs() < 1e-9);
        }
    }

    proptest! {
        #[test]
        fn every_call_is_in_one_bar(times in proptest::collection::vec(0_u64..100_000, 1..200)) {
            let calls: Vec<Call> = times.iter().map(|ms| call(*ms)).collect();
            let report = report(&calls, Duration::from_secs(1));
            let bars: u32 = report.histogram.iter().map(|bar| bar.count).sum();
            prop_assert_eq!(bars, report.requests);
            let order = [report.min_ms, report.p50_ms, report.p95_ms, report.p99_ms, report.max_ms];
            prop_assert!(order.is_sorted());
            prop_assert!((report.min_ms..=report.max_ms).contains(&report.mean_ms));
        }
    }
}
