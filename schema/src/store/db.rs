//! One query body, two databases: the `db!` macro and what it needs on SQLite.
//!
//! A body takes owned arguments and awaits only its connection. On SQLite it runs from start to end on one blocking thread,
//! on PostgreSQL it is an ordinary future.

/// diesel-async's terminal operations on a blocking connection: each works at once and returns a ready future.
pub mod lite {
    use std::future::{Future, Ready, ready};

    use diesel::connection::TransactionManager;
    use diesel::query_dsl::methods::{ExecuteDsl, LimitDsl, LoadQuery};
    use diesel::result::Error;
    use diesel::sqlite::SqliteConnection;
    use diesel::{Connection, QueryResult};
    use futures_util::FutureExt;

    /// `execute`, `load`, `get_result`, `get_results` and `first`, spelled as diesel-async spells them.
    pub trait RunQueryDsl: Sized {
        /// Runs the statement; the number of rows it touched.
        fn execute(self, connection: &mut SqliteConnection) -> Ready<QueryResult<usize>>
        where
            Self: ExecuteDsl<SqliteConnection>,
        {
            ready(ExecuteDsl::execute(self, connection))
        }

        /// Every row.
        fn load<'q, U>(self, connection: &mut SqliteConnection) -> Ready<QueryResult<Vec<U>>>
        where
            Self: LoadQuery<'q, SqliteConnection, U>,
        {
            ready(self.internal_load(connection).and_then(|rows| rows.collect()))
        }

        /// The first row, or `NotFound`.
        fn get_result<'q, U>(self, connection: &mut SqliteConnection) -> Ready<QueryResult<U>>
        where
            Self: LoadQuery<'q, SqliteConnection, U>,
        {
            ready(
                self.internal_load(connection)
                    .and_then(|mut rows| rows.next().unwrap_or(Err(Error::NotFound))),
            )
        }

        /// Every row (of a statement with `RETURNING`).
        fn get_results<'q, U>(self, connection: &mut SqliteConnection) -> Ready<QueryResult<Vec<U>>>
        where
            Self: LoadQuery<'q, SqliteConnection, U>,
        {
            RunQueryDsl::load(self, connection)
        }

        /// The first row, asking the database for no more.
        fn first<'q, U>(self, connection: &mut SqliteConnection) -> Ready<QueryResult<U>>
        where
            Self: LimitDsl,
            diesel::helper_types::Limit<Self>: LoadQuery<'q, SqliteConnection, U> + RunQueryDsl,
        {
            RunQueryDsl::get_result(self.limit(1), connection)
        }
    }

    impl<T> RunQueryDsl for T {}

    /// Transactions with the signature of diesel-async; the outer one takes the write lock at once, inner ones are savepoints.
    pub trait Transactional {
        /// Runs `body` in a transaction; an error rolls it back.
        fn transaction<R, E, F>(&mut self, body: F) -> Ready<Result<R, E>>
        where
            F: AsyncFnOnce(&mut Self) -> Result<R, E>,
            E: From<Error>;
    }

    impl Transactional for SqliteConnection {
        fn transaction<R, E, F>(&mut self, body: F) -> Ready<Result<R, E>>
        where
            F: AsyncFnOnce(&mut Self) -> Result<R, E>,
            E: From<Error>,
        {
            let depth = diesel::connection::AnsiTransactionManager::transaction_manager_status_mut(self)
                .transaction_depth()
                .ok()
                .flatten();
            ready(match depth {
                None => self.immediate_transaction(|connection| now(body(connection))),
                Some(_depth) => Connection::transaction(self, |connection| now(body(connection))),
            })
        }
    }

    /// The result of a future that is ready.
    #[expect(
        clippy::expect_used,
        reason = "a query body that awaits anything but its connection is a bug the first test run finds"
    )]
    pub fn now<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().expect("a query body awaited something other than its connection")
    }
}

/// Runs one query body on whichever database is open: `db!(db, read|write, |connection| { … })`. `DB` names the backend.
#[macro_export]
macro_rules! db {
    ($db:expr, $role:ident, |$connection:ident| $body:block) => {
        match $db {
            $crate::store::Db::Sqlite(sqlite) => {
                let role = sqlite.$role.clone();
                $crate::store::sqlite::on_thread(role, move |pooled| {
                    #[allow(unused_imports, clippy::allow_attributes)]
                    use $crate::store::db::lite::{RunQueryDsl as _, Transactional as _};
                    #[allow(dead_code, clippy::allow_attributes, clippy::upper_case_acronyms)]
                    type DB = diesel::sqlite::Sqlite;
                    let $connection: &mut diesel::sqlite::SqliteConnection = pooled;
                    $crate::store::db::lite::now(async move { $body })
                })
                .await
            }
            $crate::store::Db::Postgres(postgres) => {
                #[allow(unused_imports, clippy::allow_attributes)]
                use diesel_async::{AsyncConnection as _, RunQueryDsl as _};
                #[allow(dead_code, clippy::allow_attributes, clippy::upper_case_acronyms)]
                type DB = diesel::pg::Pg;
                let mut pooled = postgres.$role().await?;
                let $connection: &mut diesel_async::AsyncPgConnection = &mut pooled;
                $crate::store::postgres::$role(async move { $body }).await
            }
        }
    };
}
