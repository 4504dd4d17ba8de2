//! Presence: when a silent robot counts as offline.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// Presence: when a silent robot counts as offline.
    pub struct PresenceSettings in "presence" {
        /// Silence after which a native robot is offline, in seconds.
        pub native_offline_secs: u64 = 30 => 2..=3_600;
        /// Silence after which a WorkTool robot is offline, in seconds.
        pub worktool_offline_secs: u64 = 15 => 2..=3_600;
        /// Heartbeat native robots are asked for, in milliseconds; less than half of native_offline_secs.
        pub heartbeat_interval_ms: u64 = 10_000 => 500..=600_000;
    }
}

impl Rules for PresenceSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.heartbeat_interval_ms.saturating_mul(2) >= self.native_offline_secs.saturating_mul(1_000) {
            problems.add(
                "presence.heartbeat_interval_ms",
                format!(
                    "{} ms leaves no room for one lost heartbeat within {} s",
                    self.heartbeat_interval_ms, self.native_offline_secs
                ),
                "make it less than half of presence.native_offline_secs",
            );
        }
    }
}
