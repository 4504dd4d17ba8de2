//! Idempotency keys: the answer of a creation, stored in the same write.
use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::Ts;
use crate::for_both;
use crate::store::prelude::*;
use crate::tables::idempotency_keys;

/// A remembered answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub struct IdempotencyRecord {
    /// Whose key: the credential it came with.
    pub token: String,
    /// The key, ≤ 128 characters.
    pub idempotency_key: String,
    /// SHA-256 of the request, hex.
    pub body_hash: String,
    /// HTTP status of the answer.
    pub status: i32,
    /// Body of the answer.
    pub response: String,
    /// When.
    pub created_at: Ts,
}

for_both! {
    /// Remembers an answer; what was remembered before when the key is known and younger than `since`.
    pub async fn remember(
        connection: &mut Conn,
        record: &IdempotencyRecord,
        since: Ts,
    ) -> Result<Option<IdempotencyRecord>, DieselError> {
        let key = (&record.token, &record.idempotency_key);
        let known: Option<IdempotencyRecord> = idempotency_keys::table
            .find(key)
            .select(IdempotencyRecord::as_select())
            .first(connection)
            .await
            .optional()?;
        if let Some(known) = known {
            if known.created_at > since {
                return Ok(Some(known));
            }
            diesel::delete(idempotency_keys::table.find(key)).execute(connection).await?;
        }
        diesel::insert_into(idempotency_keys::table).values(record).execute(connection).await?;
        Ok(None)
    }
}

/// The remembered answer of a key, when it is younger than `since`.
pub async fn find(db: &Db, token: String, key: String, since: Ts) -> StoreResult<Option<IdempotencyRecord>> {
    db!(db, read, |connection| {
        Ok(idempotency_keys::table
            .find((&token, &key))
            .filter(idempotency_keys::created_at.gt(since))
            .select(IdempotencyRecord::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}
