//! Commands to robots: how many are under way, how long each step may take.

use super::section::{Rules, section};

section! {
    /// Commands to robots: how many are under way, how long each step may take.
    pub struct CommandsSettings in "commands" {
        /// Commands pushed to one robot and not yet confirmed; more make a slow phone slower.
        pub in_flight: usize = 8 => 1..=256;
        /// Bytes pushed to one robot and not yet confirmed (1 MiB); one larger command goes alone.
        pub in_flight_bytes: usize = 1_048_576 => 1_024..=67_108_864;
        /// Life of a command that names none, in seconds (24 h); afterwards it is expired.
        pub expiry_secs: u64 = 86_400 => 1..=604_800;
        /// Time a WorkTool phone has to confirm before the same command is pushed once more, in milliseconds.
        pub confirm_timeout_ms: u64 = 10_000 => 100..=600_000;
        /// Time from the confirm to the result, in seconds; afterwards the state is unknown.
        pub result_timeout_secs: u64 = 120 => 1..=3_600;
        /// The same for commands that carry a file, in seconds.
        pub file_result_timeout_secs: u64 = 300 => 1..=3_600;
        /// Commands that may wait for one robot; more are refused with 429 queue_full.
        pub queue_max: usize = 10_000 => 1..=1_000_000;
        /// Commands without a result on one WorkTool phone; the rest wait here, where they can still be cancelled.
        pub worktool_unfinished: usize = 2 => 1..=64;
    }
}

impl Rules for CommandsSettings {}
