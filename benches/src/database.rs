//! A fresh database for each run: a file in the data folder, or one of its own on a PostgreSQL server.
use tokio_postgres::NoTls;
use url::Url;

use crate::Outcome;

/// Where databases are made.
#[derive(Debug, Clone)]
pub enum Databases {
    /// A file in the data folder of each server.
    Sqlite,
    /// On the server with this address, which names a database to connect to and a user who may create others.
    Postgres(Url),
}

impl Databases {
    /// A new, empty database: its address, or none for the file in the data folder.
    pub async fn create(&self) -> Outcome<Option<Url>> {
        let Self::Postgres(server) = self else { return Ok(None) };
        let name = format!("workbot_load_{}", uuid::Uuid::new_v4().simple());
        execute(server, &format!("CREATE DATABASE {name}")).await?;
        let mut made = server.clone();
        made.set_path(&name);
        Ok(Some(made))
    }

    /// Removes a database that [`Databases::create`] made.
    pub async fn remove(&self, made: Option<&Url>) -> Outcome<()> {
        let (Self::Postgres(server), Some(made)) = (self, made) else { return Ok(()) };
        let name = made.path().trim_start_matches('/');
        execute(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// What the figures say they were measured on.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite WAL, synchronous=FULL",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

async fn execute(server: &Url, statement: &str) -> Outcome<()> {
    let (client, connection) = tokio_postgres::connect(server.as_str(), NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(statement).await?;
    drop(client);
    driver.await??;
    Ok(())
}
