//! The store: one set of queries on SQLite or PostgreSQL, chosen by URL at run time.
pub mod advisory;
pub mod both;
pub mod cached;
pub mod checkpoint;
pub mod db;
pub mod error;
pub mod files;
pub mod migrate;
pub mod postgres;
pub mod prelude;
pub mod sqlite;
mod tls;

pub use error::StoreError;

/// The outcome of every store function.
pub type StoreResult<T> = Result<T, StoreError>;

/// An open database; clone freely.
#[derive(Clone)]
pub enum Db {
    /// The embedded database: one writer, four readers.
    Sqlite(sqlite::SqliteDb),
    /// The production database.
    Postgres(postgres::PostgresDb),
}

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `sqlite:<path>` or `postgres://…`.
    pub url: String,
    /// Connections for reads (SQLite) or in all (PostgreSQL).
    pub pool_size: u32,
    /// `synchronous=FULL` (an acknowledged write survives a power cut); false = `NORMAL`.
    pub is_synchronous_full: bool,
}

impl StoreOptions {
    /// The options for a URL with the defaults of production.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), pool_size: 8, is_synchronous_full: true }
    }
}

impl Db {
    /// Opens the database that the URL names. Runs no migration.
    pub async fn open(options: &StoreOptions) -> StoreResult<Self> {
        if let Some(path) = options.url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return sqlite::SqliteDb::open(path, options).await.map(Self::Sqlite);
        }
        if options.url.starts_with("postgres://") || options.url.starts_with("postgresql://") {
            return postgres::PostgresDb::open(options).await.map(Self::Postgres);
        }
        Err(StoreError::Url(
            "database.url must start with sqlite: or postgres:// (for example sqlite:data/workbot.db)"
                .to_owned(),
        ))
    }

    /// Whether this is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}
