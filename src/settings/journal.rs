//! The single writer: how much may wait for the database and for how long.

use super::section::{Rules, section};

section! {
    /// The single writer: how much may wait for the database and for how long.
    pub struct JournalSettings in "journal" {
        /// Writes that may wait for a commit; beyond that callers are told 503 at once.
        pub promises_max: usize = 10_000 => 1..=1_000_000;
        /// Bytes of writes that may wait for a commit (64 MiB).
        pub promises_bytes: usize = 67_108_864 => 1_048_576..=4_294_967_296;
        /// Log rows that may wait; beyond that they are dropped and counted, never a message or command.
        pub logs_max: usize = 5_000 => 0..=1_000_000;
        /// Rows one commit takes.
        pub batch_rows: usize = 500 => 1..=500;
        /// Bytes one commit takes (4 MiB).
        pub batch_bytes: usize = 4_194_304 => 65_536..=67_108_864;
        /// Time a write waits before its caller is told 503, in milliseconds.
        pub write_timeout_ms: u64 = 2_000 => 10..=60_000;
    }
}

impl Rules for JournalSettings {}
