//! Migrations: the same names on both databases, run under a lock at every start.
use diesel::migration::{Migration, MigrationSource};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Db, StoreError, StoreResult, sqlite};

/// The migrations for SQLite.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
/// The migrations for PostgreSQL.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// Two processes that migrate one database take turns by this advisory lock.
const MIGRATION_LOCK: i64 = 7_236_441_001;

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Migration(error.to_string())
}

/// Applies what is missing; the names of what was applied.
pub async fn up(db: &Db) -> StoreResult<Vec<String>> {
    match db {
        Db::Sqlite(sqlite) => {
            sqlite::on_thread(sqlite.write.clone(), |connection| {
                let applied = connection.run_pending_migrations(SQLITE).map_err(failed)?;
                Ok(applied.iter().map(ToString::to_string).collect())
            })
            .await
        }
        Db::Postgres(_) => {
            on_postgres(db, |connection| {
                let applied = connection.run_pending_migrations(POSTGRES).map_err(failed)?;
                Ok(applied.iter().map(ToString::to_string).collect())
            })
            .await
        }
    }
}

/// Takes back the last `count` migrations; their names.
pub async fn down(db: &Db, count: usize) -> StoreResult<Vec<String>> {
    match db {
        Db::Sqlite(sqlite) => {
            sqlite::on_thread(sqlite.write.clone(), move |connection| {
                let mut reverted = Vec::new();
                for _step in 0..count {
                    reverted.push(connection.revert_last_migration(SQLITE).map_err(failed)?.to_string());
                }
                Ok(reverted)
            })
            .await
        }
        Db::Postgres(_) => {
            on_postgres(db, move |connection| {
                let mut reverted = Vec::new();
                for _step in 0..count {
                    reverted.push(connection.revert_last_migration(POSTGRES).map_err(failed)?.to_string());
                }
                Ok(reverted)
            })
            .await
        }
    }
}

/// The names in one set, oldest first.
pub fn names(is_sqlite: bool) -> StoreResult<Vec<String>> {
    let mut names: Vec<String> = if is_sqlite {
        let set: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = SQLITE.migrations().map_err(failed)?;
        set.iter().map(|migration| migration.name().to_string()).collect()
    } else {
        let set: Vec<Box<dyn Migration<diesel::pg::Pg>>> = POSTGRES.migrations().map_err(failed)?;
        set.iter().map(|migration| migration.name().to_string()).collect()
    };
    names.sort();
    Ok(names)
}

/// The blocking harness over an async connection must leave the actor runtime's thread.
async fn on_postgres<T, F>(db: &Db, work: F) -> StoreResult<T>
where
    T: Send + 'static,
    F: FnOnce(&mut AsyncConnectionWrapper<AsyncPgConnection>) -> StoreResult<T> + Send + 'static,
{
    let Db::Postgres(postgres) = db else {
        return Err(StoreError::Migration("not a PostgreSQL database".to_owned()));
    };
    let connection = postgres.dedicated().await?;
    tokio::task::spawn_blocking(move || {
        use diesel::RunQueryDsl;
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::from(connection);
        diesel::sql_query(format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))
            .execute(&mut connection)
            .map_err(StoreError::from)?;
        let outcome = work(&mut connection);
        diesel::sql_query(format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))
            .execute(&mut connection)
            .map_err(StoreError::from)?;
        outcome
    })
    .await
    .map_err(StoreError::pool)?
}
