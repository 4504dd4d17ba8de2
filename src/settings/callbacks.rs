//! Calls to third parties: budgets, retries, and which addresses are allowed.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// Calls to third parties: budgets, retries, and which addresses are allowed.
    pub struct CallbacksSettings in "callbacks" {
        /// True lets users name loopback and private addresses for callbacks, models and webhooks.
        /// Leave it false on a server that strangers can use: such an address reaches your own network.
        pub allow_private: bool = false;
        /// Time for one call, first byte to last, in milliseconds.
        pub budget_ms: u64 = 3_000 => 100..=60_000;
        /// Online and offline events go out when the state has held this long, in milliseconds.
        pub event_debounce_ms: u64 = 10_000 => 0..=600_000;
        /// Calls under way to one endpoint.
        pub in_flight: usize = 8 => 1..=256;
        /// Calls that may wait for one endpoint; beyond that the oldest is dropped, counted and told.
        pub backlog_max: usize = 1_000 => 1..=1_000_000;
        /// Pauses before further attempts, in milliseconds, for robots that opted in to retries.
        pub retry_delays_ms: Vec<u64> = vec![1_000, 3_000, 5_000];
        /// Time a chat waits for an earlier call of its own before the next goes out of order, in milliseconds.
        pub order_wait_ms: u64 = 10_000 => 0..=600_000;
        /// Failing this long pauses an endpoint and raises an alert, in seconds.
        pub pause_after_secs: u64 = 600 => 1..=86_400;
        /// Time between probes of a paused endpoint, in seconds.
        pub probe_secs: u64 = 60 => 1..=86_400;
        /// Pull mode: time between questions, in milliseconds.
        pub pull_interval_ms: u64 = 1_000 => 100..=60_000;
        /// Pull mode: time until it gives up, in seconds.
        pub pull_timeout_secs: u64 = 30 => 1..=600;
        /// Bytes of an answer that are read (64 KiB); the rest is cut off.
        pub answer_bytes: usize = 65_536 => 1_024..=1_048_576;
    }
}

impl Rules for CallbacksSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.retry_delays_ms.len() > 10 || self.retry_delays_ms.iter().any(|delay| *delay > 3_600_000) {
            problems.add(
                "callbacks.retry_delays_ms",
                "has more than 10 pauses or one longer than an hour",
                "give at most 10 numbers up to 3600000",
            );
        }
    }
}
