//! For kinds whose older contents are not kept: the same functions, which do nothing.
use diesel::result::Error as DieselError;

use super::Author;
use crate::fields::Ts;
use crate::for_both;

for_both! {
    /// Keeps nothing.
    pub async fn insert<Id>(
        _connection: &mut Conn,
        _id: &Id,
        _version: i64,
        _content: serde_json::Value,
        _by: Author<'_>,
        _now: Ts,
    ) -> Result<(), DieselError> {
        Ok(())
    }

    /// Finds nothing.
    pub async fn find_in<Id>(
        _connection: &mut Conn,
        _id: &Id,
        _version: i64,
    ) -> Result<Option<serde_json::Value>, DieselError> {
        Ok(None)
    }
}
