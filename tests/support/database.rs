//! A database per test: a temporary file, or a fresh database of the PostgreSQL server the test run was given.
use std::path::PathBuf;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl};
use tokio_postgres::SimpleQueryMessage;
use workbot_schema::store::{Db, StoreOptions, migrate};

/// Where the test run's PostgreSQL is; `cargo verify` starts one and sets it.
const POSTGRES_URL: &str = "WORKBOT_TEST_POSTGRES_URL";

/// Which database a scenario runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// An empty database that is gone when this is dropped.
pub struct TestDatabase {
    pub backend: Backend,
    pub url: String,
    folder: PathBuf,
    name: String,
}

fn server_url() -> String {
    std::env::var(POSTGRES_URL).unwrap_or_else(|_missing| {
        panic!("{POSTGRES_URL} is not set: run `cargo verify` (it starts a PostgreSQL), or set it to a server of your own")
    })
}

/// Runs statements on a PostgreSQL from a thread of its own, so that it works inside any runtime; the first field of each row.
fn on_postgres(url: String, statement: String) -> Vec<String> {
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            let driver = tokio::spawn(connection);
            let messages = client.simple_query(&statement).await.unwrap();
            drop(client);
            driver.await.unwrap().unwrap();
            let first_field = |message| match message {
                SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
                _ => None,
            };
            messages.into_iter().filter_map(first_field).collect()
        })
    })
    .join()
    .unwrap()
}

fn on_server(statement: String) {
    on_postgres(server_url(), statement);
}

#[derive(diesel::QueryableByName)]
struct FirstField {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

impl TestDatabase {
    /// A database without tables.
    pub fn empty(backend: Backend) -> Self {
        let name = format!("workbot_{}", uuid::Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let url = match backend {
            Backend::Sqlite => format!("sqlite:{}", folder.join("workbot.db").display()),
            Backend::Postgres => {
                on_server(format!("CREATE DATABASE {name}"));
                let mut url = url::Url::parse(&server_url()).unwrap();
                url.set_path(&name);
                url.to_string()
            }
        };
        Self { backend, url, folder, name }
    }

    /// Opens it with every migration applied.
    pub async fn open(&self) -> Db {
        let db = Db::open(&StoreOptions::new(&self.url)).await.unwrap();
        migrate::up(&db).await.unwrap();
        db
    }

    /// Runs one statement behind the program's back; the rows are one field called `value`, a text.
    pub fn sql(&self, statement: &str) -> Vec<String> {
        match self.backend {
            Backend::Postgres => on_postgres(self.url.clone(), statement.to_owned()),
            Backend::Sqlite => {
                let path = self.url.trim_start_matches("sqlite:");
                let mut connection = diesel::SqliteConnection::establish(path).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                let rows: Vec<FirstField> = diesel::sql_query(statement).load(&mut connection).unwrap();
                rows.into_iter().map(|row| row.value).collect()
            }
        }
    }

    /// Runs a statement in a transaction that stays open, with its locks, until it is released (PostgreSQL).
    pub async fn hold(&self, statement: &str) -> Held {
        let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.unwrap();
        let driver = actix_web::rt::spawn(async move { drop(connection.await) });
        client.batch_execute(&format!("BEGIN; {statement}")).await.unwrap();
        Held { _client: client, driver }
    }

    /// A folder that goes with the database.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }
}

/// A transaction that is held open.
pub struct Held {
    _client: tokio_postgres::Client,
    driver: actix_web::rt::task::JoinHandle<()>,
}

impl Held {
    /// Ends it and gives its locks free.
    pub fn release(self) {
        self.driver.abort();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.backend == Backend::Postgres {
            on_server(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The longest any scenario may take; one that waits for what never comes fails instead of holding up the rest.
const SCENARIO_DEADLINE: Duration = Duration::from_secs(240);

/// Runs a scenario up to its deadline.
pub async fn in_time(scenario: impl Future<Output = ()>) {
    tokio::time::timeout(SCENARIO_DEADLINE, scenario)
        .await
        .unwrap_or_else(|_elapsed| panic!("not done within {SCENARIO_DEADLINE:?}"));
}

/// Makes a test on each database of `async fn name(backend: Backend)`.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[actix_web::test] async fn $name() {
                $crate::support::database::in_time(super::$name($crate::support::database::Backend::Sqlite)).await;
            })+
        }
        mod on_postgres {
            $(#[actix_web::test] async fn $name() {
                $crate::support::database::in_time(super::$name($crate::support::database::Backend::Postgres)).await;
            })+
        }
    };
}
