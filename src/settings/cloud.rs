//! How hosted WorkTool platforms are called.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// How hosted WorkTool platforms are called for robots of the kind worktool_cloud.
    pub struct CloudSettings in "cloud" {
        /// Time for one call, from resolving the name to the last byte, in milliseconds.
        pub budget_ms: u64 = 10_000 => 500..=60_000;
        /// Calls a minute to one platform, all robots on it together (the platform counts by address).
        pub calls_per_minute: u32 = 60 => 1..=100_000;
        /// Commands of one call; 1 sends each alone.
        pub batch_max: u32 = 100 => 1..=100;
        /// Commands the platform may have of one robot without having reported on them; the rest can still be taken back.
        pub unfinished_max: u32 = 20 => 1..=10_000;
        /// A platform that said nothing for so long is asked whether the robot is online, in seconds.
        pub probe_secs: u64 = 120 => 1..=3_600;
        /// Silence after which a robot on a platform is offline, in seconds; more than twice probe_secs.
        pub offline_secs: u64 = 300 => 3..=86_400;
    }
}

impl Rules for CloudSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.probe_secs.saturating_mul(2) >= self.offline_secs {
            problems.add(
                "cloud.probe_secs",
                format!(
                    "{} s leaves no room for one failed question within {} s",
                    self.probe_secs, self.offline_secs
                ),
                "make it less than half of cloud.offline_secs",
            );
        }
    }
}
