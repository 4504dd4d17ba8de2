//! Codes, links and sessions of people past their time.
use super::SLICE;
use crate::fields::Ts;
use crate::store::prelude::*;
use crate::tables::{login_codes, login_tickets, user_sessions};

/// Codes that were made before.
pub(super) async fn purge_codes(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<String> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            login_codes::table
                .filter(login_codes::created_at.lt(before))
                .order(login_codes::created_at.asc())
                .limit(SLICE)
                .select(login_codes::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(login_codes::table.filter(login_codes::id.eq_any(ids))).execute(connection).await?)
    })
}

/// Links that ended before.
pub(super) async fn purge_tickets(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<String> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            login_tickets::table
                .filter(login_tickets::expires_at.lt(before))
                .order(login_tickets::expires_at.asc())
                .limit(SLICE)
                .select(login_tickets::ticket_hash)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(login_tickets::table.filter(login_tickets::ticket_hash.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}

/// Sessions that ended before.
pub(super) async fn purge_sessions(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<String> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            user_sessions::table
                .filter(user_sessions::expires_at.lt(before))
                .order(user_sessions::expires_at.asc())
                .limit(SLICE)
                .select(user_sessions::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(user_sessions::table.filter(user_sessions::id.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}
