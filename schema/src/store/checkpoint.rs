//! Moving SQLite's write-ahead log into the database file, on a connection of its own so that no commit pays for it.
use diesel::connection::SimpleConnection;
use diesel::sql_types::Integer;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl};

use super::{StoreError, StoreResult};

/// How far a checkpoint goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointMode {
    /// As far as it can without waiting for anybody.
    Passive,
    /// To the end, waiting for readers and holding writers up; the log starts again from its beginning.
    Restart,
    /// The same, and the log file is emptied.
    Truncate,
}

/// What a checkpoint found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct CheckpointOutcome {
    /// 1 when readers or writers kept it from reaching the end.
    #[diesel(sql_type = Integer)]
    pub busy: i32,
    /// Pages in the log.
    #[diesel(sql_type = Integer)]
    pub log: i32,
    /// Pages of it that are in the database file now.
    #[diesel(sql_type = Integer)]
    pub checkpointed: i32,
}

impl CheckpointOutcome {
    /// Pages that are in the log only.
    pub fn left(&self) -> i32 {
        self.log.saturating_sub(self.checkpointed).max(0)
    }
}

/// The janitor's own connection. Its calls block.
pub struct Checkpointer {
    connection: SqliteConnection,
}

impl Checkpointer {
    /// Opens the file at `path`, which exists already.
    pub fn open(path: &str) -> StoreResult<Self> {
        let mut connection = SqliteConnection::establish(path).map_err(StoreError::pool)?;
        connection.batch_execute("PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint=0;")?;
        Ok(Self { connection })
    }

    /// Bytes of a page.
    pub fn page_bytes(&mut self) -> StoreResult<u64> {
        #[derive(QueryableByName)]
        struct Page {
            #[diesel(sql_type = Integer)]
            page_size: i32,
        }
        let page: Page = diesel::sql_query("PRAGMA page_size").get_result(&mut self.connection)?;
        Ok(u64::try_from(page.page_size).unwrap_or(4_096))
    }

    /// Runs one checkpoint.
    pub fn run(&mut self, mode: CheckpointMode) -> StoreResult<CheckpointOutcome> {
        let statement = match mode {
            CheckpointMode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            CheckpointMode::Restart => "PRAGMA wal_checkpoint(RESTART)",
            CheckpointMode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        Ok(diesel::sql_query(statement).get_result(&mut self.connection)?)
    }
}
