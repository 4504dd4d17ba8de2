//! Console users: who may come in, and for how long.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// Console users: who may come in, and for how long.
    pub struct UsersSettings in "users" {
        /// True lets any phone register itself as user; false lets in only those an administrator made.
        pub open_registration: bool = false;
        /// Life of a console session, however much it is used, in seconds (7 d).
        pub session_secs: u64 = 604_800 => 300..=31_536_000;
        /// A console session without a request for so long is over, in seconds (24 h).
        pub session_idle_secs: u64 = 86_400 => 300..=31_536_000;
    }
}

impl Rules for UsersSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.session_idle_secs > self.session_secs {
            problems.add(
                "users.session_idle_secs",
                format!("{} is more than users.session_secs ({})", self.session_idle_secs, self.session_secs),
                "lower it, or raise users.session_secs",
            );
        }
    }
}
