//! The embedded database: r2d2 pools, one writer and a few readers, each unit of work on one blocking thread.
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use diesel::sqlite::SqliteConnection;
use tokio::sync::Semaphore;

use super::{StoreError, StoreOptions, StoreResult};

const WAIT: Duration = Duration::from_secs(5);

/// A pool with a gate in front, so that waiting costs no thread.
#[derive(Clone)]
pub struct Role {
    pool: Pool<ConnectionManager<SqliteConnection>>,
    gate: Arc<Semaphore>,
}

/// The two pools of one database file.
#[derive(Clone)]
pub struct SqliteDb {
    /// One connection: SQLite has one writer.
    pub write: Role,
    /// Readers, never blocked by the writer (WAL).
    pub read: Role,
    path: Arc<str>,
}

#[derive(Debug)]
struct Pragmas {
    is_synchronous_full: bool,
}

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        let synchronous = if self.is_synchronous_full { "FULL" } else { "NORMAL" };
        // busy_timeout comes first: switching to WAL takes a lock, and two openers would race without it.
        connection
            .batch_execute(&format!(
                "PRAGMA busy_timeout=5000; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; \
                 PRAGMA synchronous={synchronous}; PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY; \
                 PRAGMA cache_size=-8192; PRAGMA wal_autocheckpoint=0;"
            ))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl SqliteDb {
    /// Opens (and creates) the file at `path`.
    pub async fn open(path: &str, options: &StoreOptions) -> StoreResult<Self> {
        let (path, readers, is_synchronous_full) =
            (path.to_owned(), options.pool_size.clamp(1, 4), options.is_synchronous_full);
        tokio::task::spawn_blocking(move || {
            if let Some(folder) = Path::new(&path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|error| {
                    StoreError::Url(format!("cannot create the folder of {path}: {error}"))
                })?;
            }
            let pool = |size: u32| {
                Pool::builder()
                    .max_size(size)
                    .min_idle(Some(1))
                    .connection_timeout(WAIT)
                    .test_on_check_out(false)
                    .connection_customizer(Box::new(Pragmas { is_synchronous_full }))
                    .build(ConnectionManager::<SqliteConnection>::new(&path))
                    .map_err(|error| StoreError::Url(format!("cannot open the database {path}: {error}")))
            };
            let role = |size: u32| {
                Ok::<Role, StoreError>(Role {
                    pool: pool(size)?,
                    gate: Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1))),
                })
            };
            Ok(Self { write: role(1)?, read: role(readers)?, path: path.as_str().into() })
        })
        .await
        .map_err(StoreError::pool)?
    }

    /// The database file.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Runs `work` with a connection of the role on a blocking thread; it ends even when the caller goes away.
pub async fn on_thread<T, E, F>(role: Role, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce(&mut PooledConnection<ConnectionManager<SqliteConnection>>) -> Result<T, E> + Send + 'static,
{
    let permit = tokio::time::timeout(WAIT, role.gate.acquire_owned())
        .await
        .map_err(|_elapsed| StoreError::Unavailable("no database connection within 5 s".to_owned()))?
        .map_err(StoreError::pool)?;
    tokio::task::spawn_blocking(move || {
        let mut pooled = role.pool.get().map_err(StoreError::pool)?;
        let outcome = work(&mut pooled);
        drop(pooled);
        drop(permit);
        outcome
    })
    .await
    .map_err(StoreError::pool)?
}
