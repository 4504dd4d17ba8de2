//! Latency histogram with logarithmic buckets: constant size, about 3 % error, no allocation when recording.
use std::fmt;
use std::time::Duration;

use crate::time::micros;

/// Sub-buckets per power of two: 2^5.
const PRECISION_BITS: u32 = 5;
const SUB_BUCKETS: u64 = 1 << PRECISION_BITS;
/// Indexes reach (64 − 5) × 32 + 31.
const BUCKETS: usize = 1_920;

/// Counts durations in microseconds.
#[derive(Clone)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
    sum: u128,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, max: 0, sum: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let value = micros(duration);
        if let Some(bucket) = self.buckets.get_mut(index_of(value)) {
            *bucket += 1;
        }
        self.count += 1;
        self.max = self.max.max(value);
        self.sum += u128::from(value);
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The duration that `permille` of 1,000 records do not exceed (upper bound of its bucket); zero when empty.
    pub fn percentile(&self, permille: u64) -> Duration {
        let rank = self.count.saturating_mul(permille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_micros(upper_bound(index).min(self.max));
            }
        }
        Duration::from_micros(self.max)
    }

    /// The longest duration recorded.
    pub fn max(&self) -> Duration {
        Duration::from_micros(self.max)
    }

    /// The mean; zero when empty.
    pub fn mean(&self) -> Duration {
        let mean = self.sum.checked_div(u128::from(self.count)).unwrap_or(0);
        Duration::from_micros(u64::try_from(mean).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 0 {
            return formatter.write_str("none");
        }
        let shown = |permille| self.percentile(permille);
        write!(
            formatter,
            "p50 {:.1?} p95 {:.1?} p99 {:.1?} max {:.1?} ({} samples)",
            shown(500),
            shown(950),
            shown(990),
            self.max(),
            self.count
        )
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Histogram({self})")
    }
}

fn index_of(value: u64) -> usize {
    if value < SUB_BUCKETS {
        return usize::try_from(value).unwrap_or(0);
    }
    let shift = 63 - value.leading_zeros() - PRECISION_BITS;
    let sub = (value >> shift) & (SUB_BUCKETS - 1);
    usize::try_from(u64::from(shift + 1) * SUB_BUCKETS + sub).unwrap_or(BUCKETS - 1)
}

fn upper_bound(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(0);
    let (group, sub) = (index / SUB_BUCKETS, index % SUB_BUCKETS);
    if group == 0 {
        return sub;
    }
    let next = u128::from(SUB_BUCKETS + sub + 1) << (group - 1);
    u64::try_from(next - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_within_three_percent_below_its_bucket_bound() {
        for exponent in 0..64_u32 {
            for offset in [0_u64, 1, 3] {
                let value = (1_u64 << exponent).saturating_add(offset << exponent.saturating_sub(3));
                let bound = upper_bound(index_of(value));
                assert!(index_of(value) < BUCKETS);
                assert!(bound >= value && bound - value <= value / 32, "{value} {bound}");
            }
        }
        assert!(index_of(u64::MAX) < BUCKETS);
    }

    #[test]
    fn percentiles_of_a_known_spread() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(500), Duration::ZERO);
        for value in 1..=10_000 {
            histogram.record(Duration::from_micros(value));
        }
        for (permille, exact) in [(500, 5_000), (950, 9_500), (990, 9_900), (1_000, 10_000)] {
            let got = micros(histogram.percentile(permille));
            assert!(got >= exact && got <= exact + exact / 32 + 1, "{permille} {got}");
        }
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert_eq!((twice.count(), twice.max()), (20_000, Duration::from_micros(10_000)));
    }
}
