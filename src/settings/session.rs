//! Chat sessions: merging of bursts, idle times, how long a reply may wait.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// Chat sessions: merging of bursts, idle times, how long a reply may wait.
    pub struct SessionSettings in "session" {
        /// Messages of one sender closer together than this become one turn, in milliseconds; 0 answers each.
        pub burst_quiet_ms: u64 = 2_000 => 0..=60_000;
        /// Longest time a burst is gathered, in milliseconds.
        pub burst_max_ms: u64 = 6_000 => 0..=600_000;
        /// Silence after which a conversation starts afresh, in seconds (30 min).
        pub idle_secs: u64 = 1_800 => 1..=604_800;
        /// Time after which a takeover ends when no person did anything in the chat, in seconds (30 min).
        pub takeover_idle_secs: u64 = 1_800 => 1..=604_800;
        /// Conversations kept in memory; beyond that the one used least recently is put away.
        pub max_resident: usize = 20_000 => 1..=1_000_000;
        /// Time for one turn with all the models it asks, in milliseconds; then rules answer.
        pub turn_budget_ms: u64 = 20_000 => 1_000..=120_000;
        /// Life of a reply that waits for its robot, in seconds (30 min); later it would answer nothing.
        pub reply_expiry_secs: u64 = 1_800 => 1..=604_800;
    }
}

impl Rules for SessionSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.burst_max_ms < self.burst_quiet_ms {
            problems.add(
                "session.burst_max_ms",
                format!(
                    "{} is less than session.burst_quiet_ms ({})",
                    self.burst_max_ms, self.burst_quiet_ms
                ),
                "raise it, or lower session.burst_quiet_ms",
            );
        }
    }
}
