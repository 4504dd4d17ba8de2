//! The database: embedded by default, PostgreSQL by address.

use super::problem::Problems;
use super::secret::DatabaseUrl;
use super::section::{Rules, section};
use super::value::choice;

choice! {
    /// When SQLite waits for the disk.
    pub enum Synchronous {
        /// At every commit: nothing that was answered with success is lost, even when the power fails.
        Full = "full",
        /// At checkpoints: a power failure may lose the last commits, a crash of the process loses none.
        Normal = "normal",
    }
}

section! {
    /// The database: SQLite in the data folder unless an address is given.
    pub struct DatabaseSettings in "database" {
        /// sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME?sslmode=verify-full; empty is workbot.db in the data folder.
        pub url: DatabaseUrl = DatabaseUrl::default();
        /// Connections for reads (SQLite) or in all (PostgreSQL); more than the database has cores to serve only wait.
        pub pool_size: u32 = 8 => 1..=256;
        /// When SQLite waits for the disk: full (nothing answered is lost) or normal (faster, a power failure may lose the last commits).
        pub synchronous: Synchronous = Synchronous::Full;
    }
}

impl Rules for DatabaseSettings {
    fn rules(&self, problems: &mut Problems) {
        let url = self.url.expose();
        let is_known = url.is_empty()
            || url.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty())
            || ["postgres://", "postgresql://"]
                .iter()
                .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        if !is_known {
            problems.add(
                "database.url",
                "is not the address of a database WorkBot knows",
                "give sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME, or leave it empty",
            );
        }
    }
}
