//! Why the store could not do what it was asked.
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::class::Class;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, full, locked or did not answer in time.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The row that was asked for does not exist.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A unique key, foreign key or check refused the row.
    #[error("the database refused the row: {0}")]
    Conflict(String),
    /// The address of the database cannot be used.
    #[error("{0}")]
    Url(String),
    /// A migration failed or the schema is newer than this program.
    #[error("migration: {0}")]
    Migration(String),
    /// A sealed column could not be sealed or opened.
    #[error(transparent)]
    Sealed(#[from] crate::fields::sealed::SealError),
    /// A query that our own code got wrong.
    #[error("query: {0}")]
    Query(String),
}

impl StoreError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Unavailable(_) => Class::Transient,
            Self::NotFound(_) => Class::Caller,
            Self::Conflict(_) | Self::Url(_) | Self::Migration(_) | Self::Sealed(_) => Class::Permanent,
            Self::Query(_) => Class::Bug,
        }
    }

    /// A pool or a blocking thread that gave no connection.
    pub fn pool(error: impl std::fmt::Display) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Texts of SQLite and PostgreSQL that mean "not now" although diesel files them under "unknown".
const PASSING: [&str; 20] = [
    // SQLite has ended the transaction by itself: the disk is full or failed.
    "no transaction is active",
    "database or disk is full",
    "disk I/O error",
    "database is locked",
    "database table is locked",
    "unable to open database",
    "readonly database",
    "attempt to write a readonly",
    "connection closed",
    "connection reset",
    "broken pipe",
    "terminating connection",
    "the database system is",
    "could not extend file",
    "no space left",
    "could not write",
    "communicating with the server",
    "statement timeout",
    "out of memory",
    "too many clients",
];

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound("row"),
            DieselError::DatabaseError(kind, info) => {
                let text = info.message().to_owned();
                let lower = text.to_lowercase();
                match kind {
                    DatabaseErrorKind::UniqueViolation
                    | DatabaseErrorKind::ForeignKeyViolation
                    | DatabaseErrorKind::NotNullViolation
                    | DatabaseErrorKind::CheckViolation => Self::Conflict(text),
                    DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::SerializationFailure
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable(text),
                    _ if PASSING.iter().any(|passing| lower.contains(&passing.to_lowercase())) => {
                        Self::Unavailable(text)
                    }
                    _ => Self::Query(text),
                }
            }
            DieselError::BrokenTransactionManager | DieselError::AlreadyInTransaction => {
                Self::Unavailable(error.to_string())
            }
            other => Self::Query(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(kind: DatabaseErrorKind, text: &str) -> StoreError {
        StoreError::from(DieselError::DatabaseError(kind, Box::new(text.to_owned())))
    }

    #[test]
    fn classes_follow_the_cause() {
        for (error, class) in [
            (database(DatabaseErrorKind::Unknown, "database or disk is full"), Class::Transient),
            (database(DatabaseErrorKind::Unknown, "disk I/O error"), Class::Transient),
            (
                database(DatabaseErrorKind::Unknown, "cannot rollback - no transaction is active"),
                Class::Transient,
            ),
            (database(DatabaseErrorKind::ClosedConnection, "gone"), Class::Transient),
            (database(DatabaseErrorKind::UniqueViolation, "dup"), Class::Permanent),
            (database(DatabaseErrorKind::Unknown, "no such column: x"), Class::Bug),
            (StoreError::from(DieselError::NotFound), Class::Caller),
        ] {
            assert_eq!(error.class(), class, "{error}");
        }
    }
}
