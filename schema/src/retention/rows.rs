//! Rows past their time, one table after the other.
use super::SLICE;
use crate::commands::CommandState;
use crate::deliveries::DeliveryState;
use crate::fields::Ts;
use crate::ids::{CommandId, DeliveryId, MessageId};
use crate::store::prelude::*;
use crate::tables::{
    audit_logs, callback_attempts, callback_deliveries, idempotency_keys, offline_commands, refresh_tokens,
    robot_commands, robot_connections, robot_logs, session_messages,
};

pub(super) async fn purge_messages(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<MessageId> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            session_messages::table
                .filter(session_messages::created_at.lt(before))
                .order(session_messages::created_at.asc())
                .limit(SLICE)
                .select(session_messages::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(session_messages::table.filter(session_messages::id.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}

pub(super) async fn purge_commands(db: &Db, before: Ts) -> StoreResult<usize> {
    let open = [CommandState::Queued, CommandState::Sent, CommandState::Confirmed];
    let ids: Vec<CommandId> = db!(db, read, |connection| {
        // Rows stand in the order they came, so the first one tells whether there is anything to look for.
        let oldest: Option<Ts> = robot_commands::table
            .order(robot_commands::seq.asc())
            .select(robot_commands::created_at)
            .first(connection)
            .await
            .optional()?;
        if oldest.is_none_or(|oldest| oldest >= before) {
            return Ok(Vec::new());
        }
        Ok::<_, StoreError>(
            robot_commands::table
                .filter(robot_commands::created_at.lt(before))
                .filter(robot_commands::state.ne_all(open))
                .order(robot_commands::seq.asc())
                .limit(SLICE)
                .select(robot_commands::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    delete_commands(db, ids).await
}

pub(super) async fn delete_commands(db: &Db, ids: Vec<CommandId>) -> StoreResult<usize> {
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                diesel::delete(
                    offline_commands::table.filter(offline_commands::command_id.eq_any(ids.clone())),
                )
                .execute(connection)
                .await?;
                Ok(diesel::delete(robot_commands::table.filter(robot_commands::id.eq_any(ids.clone())))
                    .execute(connection)
                    .await?)
            })
            .await
    })
}

pub(super) async fn purge_deliveries(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<DeliveryId> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            callback_deliveries::table
                .filter(callback_deliveries::created_at.lt(before))
                .filter(callback_deliveries::state.ne(DeliveryState::Pending))
                .order(callback_deliveries::created_at.asc())
                .limit(SLICE)
                .select(callback_deliveries::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(callback_deliveries::table.filter(callback_deliveries::id.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}

pub(super) async fn purge_attempts(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<i64> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            callback_attempts::table
                .filter(callback_attempts::created_at.lt(before))
                .order(callback_attempts::created_at.asc())
                .limit(SLICE)
                .select(callback_attempts::seq)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(callback_attempts::table.filter(callback_attempts::seq.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}

pub(super) async fn purge_robot_logs(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<i64> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            robot_logs::table
                .filter(robot_logs::created_at.lt(before))
                .order(robot_logs::created_at.asc())
                .limit(SLICE)
                .select(robot_logs::seq)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(robot_logs::table.filter(robot_logs::seq.eq_any(ids))).execute(connection).await?)
    })
}

pub(super) async fn purge_connections(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<String> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            robot_connections::table
                .filter(robot_connections::opened_at.lt(before))
                .filter(robot_connections::closed_at.is_not_null())
                .order(robot_connections::opened_at.asc())
                .limit(SLICE)
                .select(robot_connections::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(robot_connections::table.filter(robot_connections::id.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}

pub(super) async fn purge_audit(db: &Db, before: Ts) -> StoreResult<usize> {
    // The table grows by `seq`; its oldest rows are the ones to go.
    let ids: Vec<(i64, Ts)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            audit_logs::table
                .order(audit_logs::seq.asc())
                .limit(SLICE)
                .select((audit_logs::seq, audit_logs::created_at))
                .load(connection)
                .await?,
        )
    })?;
    let ids: Vec<i64> =
        ids.into_iter().filter(|(_seq, created_at)| *created_at < before).map(|(seq, _)| seq).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(audit_logs::table.filter(audit_logs::seq.eq_any(ids))).execute(connection).await?)
    })
}

pub(super) async fn purge_idempotency(db: &Db, before: Ts) -> StoreResult<usize> {
    let keys: Vec<(String, String)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            idempotency_keys::table
                .filter(idempotency_keys::created_at.lt(before))
                .order(idempotency_keys::created_at.asc())
                .limit(SLICE)
                .select((idempotency_keys::token, idempotency_keys::idempotency_key))
                .load(connection)
                .await?,
        )
    })?;
    if keys.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let mut deleted = 0;
                for (token, key) in &keys {
                    // A key that was used again meanwhile has a new row.
                    let row = idempotency_keys::table
                        .filter(idempotency_keys::token.eq(token))
                        .filter(idempotency_keys::idempotency_key.eq(key))
                        .filter(idempotency_keys::created_at.lt(before));
                    deleted += diesel::delete(row).execute(connection).await?;
                }
                Ok(deleted)
            })
            .await
    })
}

pub(super) async fn purge_refresh_tokens(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<String> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            refresh_tokens::table
                .filter(refresh_tokens::expires_at.lt(before))
                .order(refresh_tokens::expires_at.asc())
                .limit(SLICE)
                .select(refresh_tokens::token_hash)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(refresh_tokens::table.filter(refresh_tokens::token_hash.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}
