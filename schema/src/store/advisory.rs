//! One process per PostgreSQL database: a session advisory lock on a connection of its own.
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::postgres::PostgresDb;
use super::{StoreError, StoreResult};

/// Longest wait for an answer on the lock's connection.
const ANSWER: Duration = Duration::from_secs(5);

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    held: bool,
}

/// The lock; it is given up when this is dropped or its connection ends.
pub struct AdvisoryLock {
    connection: AsyncPgConnection,
}

impl AdvisoryLock {
    /// Takes the lock of the database, or `None` when another session has it.
    pub async fn try_acquire(db: &PostgresDb) -> StoreResult<Option<Self>> {
        let mut connection = db.dedicated().await?;
        // "workbot" in ASCII; advisory locks belong to one database.
        let answer = ask(&mut connection, "SELECT pg_try_advisory_lock(33618059447136116) AS held").await?;
        Ok(answer.then_some(Self { connection }))
    }

    /// Proves that the session still lives, and with it the lock.
    pub async fn prove(&mut self) -> StoreResult<()> {
        ask(&mut self.connection, "SELECT true AS held").await.map(|_alive| ())
    }
}

async fn ask(connection: &mut AsyncPgConnection, statement: &'static str) -> StoreResult<bool> {
    let query = diesel::sql_query(statement).get_result::<Answer>(connection);
    match tokio::time::timeout(ANSWER, query).await {
        Ok(Ok(answer)) => Ok(answer.held),
        Ok(Err(error)) => Err(error.into()),
        Err(_elapsed) => Err(StoreError::Unavailable("no answer on the lock's connection".to_owned())),
    }
}
