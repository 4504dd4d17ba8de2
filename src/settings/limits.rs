//! Rate limits, sizes and counts that keep one party from harming another.

use super::section::{Rules, section};

section! {
    /// Rate limits, sizes and counts that keep one party from harming another.
    pub struct LimitsSettings in "limits" {
        /// False switches the rate limits off; only for load runs, which say so.
        pub enabled: bool = true;
        /// Sending and looking up per robot and minute, whatever token or key is used; also the pace of pushes down its socket.
        pub robot_per_minute: u32 = 60 => 1..=100_000;
        /// Messages, results, acks, heartbeats and refreshes per robot and minute.
        pub robot_inbound_per_minute: u32 = 600 => 1..=100_000;
        /// Requests per console user and minute.
        pub console_per_minute: u32 = 600 => 1..=100_000;
        /// Failed activations and verifications per address in 10 minutes.
        pub activation_per_ip: u32 = 10 => 1..=100_000;
        /// Failed activations and verifications per code and address in 10 minutes.
        pub activation_per_code: u32 = 5 => 1..=100_000;
        /// Failed logins per address in 10 minutes.
        pub login_per_ip: u32 = 10 => 1..=100_000;
        /// SMS codes per phone and hour.
        pub sms_per_phone: u32 = 5 => 1..=1_000;
        /// SMS codes per address and hour.
        pub sms_per_ip: u32 = 20 => 1..=100_000;
        /// Seconds between two SMS codes for one phone.
        pub sms_pause_secs: u64 = 60 => 1..=3_600;
        /// Connects of one robot in a minute before the next is refused with Retry-After.
        pub connects_per_minute: u32 = 15 => 1..=10_000;
        /// Frames of one socket in a minute that make no sense before it is closed.
        pub bad_frames_per_minute: u32 = 20 => 1..=10_000;
        /// Unknown WorkTool link ids an address may present in a minute; beyond that it is refused for 5 minutes.
        pub unknown_links_per_minute: u32 = 20 => 1..=100_000;
        /// Open sockets per address; 0 is no limit (many phones may share one address).
        pub connections_per_ip: u32 = 0;
        /// Open sockets per address that have not registered a robot yet; 0 is no limit.
        pub unregistered_connections_per_ip: u32 = 200;
        /// Unfinished messages of all sockets together, in bytes (256 MiB); beyond that sockets close with 1013.
        pub inbound_bytes: usize = 268_435_456 => 16_777_216..=68_719_476_736;
        /// One socket message, in bytes (16 MiB); a larger one closes the socket with 1009.
        pub frame_bytes: usize = 16_777_216 => 65_536..=67_108_864;
        /// One request body on message routes, in bytes (16 MiB).
        pub message_body_bytes: usize = 16_777_216 => 65_536..=67_108_864;
        /// One request body elsewhere, in bytes (1 MiB).
        pub body_bytes: usize = 1_048_576 => 65_536..=67_108_864;
        /// Robots one user may own.
        pub robots_per_user: u32 = 30 => 1..=100_000;
        /// Time the answer to an Idempotency-Key is kept, in seconds (24 h).
        pub idempotency_secs: u64 = 86_400 => 60..=2_592_000;
    }
}

impl Rules for LimitsSettings {}
