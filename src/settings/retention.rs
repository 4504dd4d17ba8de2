//! How long things are kept.

use super::section::{Rules, section};

section! {
    /// How long things are kept; what is older is deleted in small steps.
    pub struct RetentionSettings in "retention" {
        /// Chat messages and their files, runs and conversations, in days; 0 = for ever.
        pub message_days: u32 = 30 => 0..=36_500;
        /// Finished commands, in days; 0 = for ever.
        pub command_days: u32 = 30 => 0..=36_500;
        /// Callback deliveries, in days; 0 = for ever.
        pub delivery_days: u32 = 7 => 0..=36_500;
        /// API and socket logs, in days; 0 = for ever.
        pub log_days: u32 = 7 => 0..=36_500;
        /// Calls to models with what was said, in days; 0 = for ever.
        pub ai_days: u32 = 90 => 0..=36_500;
        /// Alerts and what was told of them, in days; 0 = for ever.
        pub alert_days: u32 = 180 => 0..=36_500;
        /// Audit log, in days; 0 = for ever.
        pub audit_days: u32 = 0 => 0..=36_500;
        /// Deleted robots, in days; until then they can be brought back.
        pub deleted_robot_days: u32 = 30 => 1..=36_500;
        /// Time between two rounds of deletion, in seconds (1 h).
        pub interval_secs: u64 = 3_600 => 10..=86_400;
    }
}

impl Rules for RetentionSettings {}
