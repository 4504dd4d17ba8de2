//! Console users: who may come in.

use super::section::{Rules, section};

section! {
    /// Console users: who may come in. Read by the login of the console; not used by this version.
    pub struct UsersSettings in "users" {
        /// True lets any phone register itself as user; false lets in only those an administrator made. Not used by this version.
        pub open_registration: bool = false;
    }
}

impl Rules for UsersSettings {}
