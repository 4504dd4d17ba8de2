//! The server's one counter: numbers are reserved in blocks, so that it never goes back over restarts.
use crate::store::prelude::*;
use crate::tables::sequences;

/// The counter of rows and events.
pub const SEQ: &str = "seq";

/// Reserves `count` numbers; the first of them.
pub async fn reserve(db: &Db, name: &'static str, count: i64) -> StoreResult<i64> {
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let present: Option<i64> = sequences::table
                    .find(name)
                    .select(sequences::reserved)
                    .first(connection)
                    .await
                    .optional()?;
                let first = present.unwrap_or(1);
                diesel::insert_into(sequences::table)
                    .values((sequences::name.eq(name), sequences::reserved.eq(first + count)))
                    .on_conflict(sequences::name)
                    .do_update()
                    .set(sequences::reserved.eq(first + count))
                    .execute(connection)
                    .await?;
                Ok(first)
            })
            .await
    })
}
