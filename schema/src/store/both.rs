//! Operations on an open connection, written once and compiled for both databases.

/// Compiles the items twice: `lite` for SQLite, `pg` for PostgreSQL. `Conn` names the connection, `DB` the backend;
/// `use { path => name }` brings in another such pair under one name.
#[macro_export]
macro_rules! for_both {
    (use { $($($segment:ident)::+ => $alias:ident),* $(,)? } $($item:item)*) => {
        /// On SQLite: every future is ready at once.
        pub mod lite {
            #[allow(unused_imports, clippy::allow_attributes)]
            use super::*;
            #[allow(unused_imports, clippy::allow_attributes)]
            use $crate::store::db::lite::{RunQueryDsl as _, Transactional as _};
            $(#[allow(unused_imports, clippy::allow_attributes)] use $($segment)::+::lite as $alias;)*
            /// The connection.
            pub type Conn = diesel::sqlite::SqliteConnection;
            /// The backend.
            #[allow(dead_code, clippy::allow_attributes, clippy::upper_case_acronyms)]
            pub type DB = diesel::sqlite::Sqlite;
            $($item)*
        }
        /// On PostgreSQL.
        pub mod pg {
            #[allow(unused_imports, clippy::allow_attributes)]
            use super::*;
            #[allow(unused_imports, clippy::allow_attributes)]
            use diesel_async::{AsyncConnection as _, RunQueryDsl as _};
            $(#[allow(unused_imports, clippy::allow_attributes)] use $($segment)::+::pg as $alias;)*
            /// The connection.
            pub type Conn = diesel_async::AsyncPgConnection;
            /// The backend.
            #[allow(dead_code, clippy::allow_attributes, clippy::upper_case_acronyms)]
            pub type DB = diesel::pg::Pg;
            $($item)*
        }
    };
    ($($item:item)*) => { $crate::for_both! { use {} $($item)* } };
}
