//! Prepared once: diesel writes and prepares every `UPDATE` anew, because a changeset may leave columns out, and every
//! statement with a literal. The hot ones always have the same text, so each is given a name under which its prepared form is
//! kept; its text is not even built again. That is half the cost of a hot statement.
use std::future::{Future, ready};
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::connection::LoadConnection;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Integer;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{QueryResult, RunQueryDsl};
use diesel_async::AsyncPgConnection;

/// A statement whose prepared form is kept under the name `N`.
#[derive(Debug, Clone, Copy)]
pub struct Cached<Q, N> {
    statement: Q,
    name: PhantomData<N>,
}

/// Adds [`Cached`] to any statement.
pub trait Cacheable: Sized {
    /// Keeps the prepared form under `N`. One name has one statement, whose text does not depend on its values.
    fn cached<N: 'static>(self) -> Cached<Self, N> {
        Cached { statement: self, name: PhantomData }
    }
}

impl<Q> Cacheable for Q {}

impl<Q, N, DB: Backend> QueryFragment<DB> for Cached<Q, N>
where
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.statement.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q, N: 'static> QueryId for Cached<Q, N> {
    type QueryId = N;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: Query, N> Query for Cached<Q, N> {
    type SqlType = Q::SqlType;
}

impl<Q, N, Conn> diesel::RunQueryDsl<Conn> for Cached<Q, N> {}

impl<Q, N> Cached<Q, N> {
    /// Runs the statement; the number of rows it touched.
    pub fn execute<C>(self, connection: &mut C) -> impl Future<Output = QueryResult<usize>>
    where
        C: Execute<Self>,
    {
        C::execute(self, connection)
    }
}

/// A connection that runs a named statement for its effect.
pub trait Execute<S>: Sized {
    /// The number of rows it touched.
    fn execute(statement: S, connection: &mut Self) -> impl Future<Output = QueryResult<usize>> + Send;
}

impl<Q, N> Execute<Cached<Q, N>> for AsyncPgConnection
where
    Q: QueryFragment<Pg> + Send,
    N: Send + 'static,
{
    fn execute(
        statement: Cached<Q, N>,
        connection: &mut Self,
    ) -> impl Future<Output = QueryResult<usize>> + Send {
        diesel_async::RunQueryDsl::execute(statement, connection)
    }
}

impl<Q, N> Execute<Cached<Q, N>> for SqliteConnection
where
    Q: QueryFragment<Sqlite>,
    N: 'static,
{
    fn execute(
        statement: Cached<Q, N>,
        connection: &mut Self,
    ) -> impl Future<Output = QueryResult<usize>> + Send {
        ready(touched(statement, connection))
    }
}

/// Executed by diesel itself, a statement is borrowed, and a borrowed one does not say any more that it can be kept: it would be
/// prepared anew each time. So it is loaded, as if it had rows.
fn touched<Q, N>(statement: Cached<Q, N>, connection: &mut SqliteConnection) -> QueryResult<usize>
where
    Q: QueryFragment<Sqlite>,
    N: 'static,
{
    for row in connection.load(Loaded(statement))? {
        drop(row?);
    }
    let count: i32 = diesel::select(changes()).get_result(connection)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

diesel::define_sql_function! {
    /// Rows that the statement before touched.
    fn changes() -> Integer;
}

struct Loaded<S>(S);

impl<S: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Loaded<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, backend: &Sqlite) -> QueryResult<bool> {
        self.0.is_safe_to_cache_prepared(backend)
    }
}

impl<S: QueryId> QueryId for Loaded<S> {
    type QueryId = S::QueryId;

    const HAS_STATIC_QUERY_ID: bool = S::HAS_STATIC_QUERY_ID;
}

impl<S> Query for Loaded<S> {
    type SqlType = Integer;
}

/// Names for statements: `statement_names! { TakeWaiting, … }`.
#[macro_export]
macro_rules! statement_names {
    ($($name:ident),+ $(,)?) => {
        /// The names under which prepared statements are kept; one use each.
        mod name {
            $(#[derive(Debug, Clone, Copy)] pub(super) struct $name;)+
        }
    };
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use diesel::Connection;
    use diesel::connection::{InstrumentationEvent, SimpleConnection};
    use diesel::prelude::*;

    use super::*;

    diesel::table! {
        rows (id) {
            id -> Integer,
            value -> Text,
        }
    }

    struct Change;

    #[test]
    fn an_update_is_prepared_once_and_counts_its_rows() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection
            .batch_execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, value TEXT); INSERT INTO rows VALUES (1, 'a'), (2, 'a')")
            .unwrap();
        let kept = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&kept);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { sql, .. } = event
                && sql.starts_with("UPDATE")
            {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        for (least, text, expected) in [(1, "b", 2), (2, "c", 1), (3, "d", 0)] {
            let update = diesel::update(rows::table.filter(rows::id.ge(least))).set(rows::value.eq(text));
            let touched = touched(update.cached::<Change>(), &mut connection).unwrap();
            assert_eq!(touched, expected, "{text}");
        }
        assert_eq!(kept.load(Ordering::Relaxed), 1);
        let values: Vec<String> =
            rows::table.select(rows::value).order(rows::id).load(&mut connection).unwrap();
        assert_eq!(values, ["b", "c"]);
    }
}
