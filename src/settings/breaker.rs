//! Circuit breakers in front of the models.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// Circuit breakers in front of the models.
    pub struct BreakerSettings in "breaker" {
        /// Failures in a row that open a breaker.
        pub failures: u32 = 5 => 1..=1_000;
        /// Last calls that are looked at; a breaker opens when half of them failed, once half as many were made.
        pub window: usize = 20 => 1..=10_000;
        /// Time before the first probe, in seconds; doubles with every failed probe.
        pub open_secs: u64 = 30 => 1..=86_400;
        /// Longest time between probes, in seconds (5 min).
        pub max_open_secs: u64 = 300 => 1..=86_400;
    }
}

impl Rules for BreakerSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.max_open_secs < self.open_secs {
            problems.add(
                "breaker.max_open_secs",
                format!("{} is less than breaker.open_secs ({})", self.max_open_secs, self.open_secs),
                "raise it, or lower breaker.open_secs",
            );
        }
    }
}
