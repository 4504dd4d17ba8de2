//! Runs, conversations, calls to models and alerts past their time.
use super::SLICE;
use crate::fields::Ts;
use crate::ids::{AlertId, NotificationId, RobotUuid, SessionId};
use crate::store::prelude::*;
use crate::tables::{
    ai_call_logs, ai_io_logs, ai_model_health_checks, alert_history, alert_notifications, flow_executions,
    sessions, token_usage,
};

/// The places of rows that are older; rows stand in the order they came, so the first ones tell.
fn older(oldest: Vec<(i64, Ts)>, before: Ts) -> Vec<i64> {
    oldest.into_iter().filter(|(_seq, at)| *at < before).map(|(seq, _at)| seq).collect()
}

pub(super) async fn purge_runs(db: &Db, before: Ts) -> StoreResult<usize> {
    let oldest: Vec<(i64, Ts)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            flow_executions::table
                .order(flow_executions::seq.asc())
                .limit(SLICE)
                .select((flow_executions::seq, flow_executions::started_at))
                .load(connection)
                .await?,
        )
    })?;
    delete_runs(db, older(oldest, before)).await
}

async fn delete_runs(db: &Db, ids: Vec<i64>) -> StoreResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(flow_executions::table.filter(flow_executions::seq.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}

/// Conversations that nobody has and that hold no choice of somebody's.
pub(super) async fn purge_sessions(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<SessionId> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            sessions::table
                .filter(sessions::last_message_at.lt(before))
                .filter(sessions::taken_over_by.is_null())
                .filter(sessions::persona_id.is_null())
                .order(sessions::last_message_at.asc())
                .limit(SLICE)
                .select(sessions::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        // Something may have come meanwhile.
        let stale =
            sessions::table.filter(sessions::id.eq_any(ids)).filter(sessions::last_message_at.lt(before));
        Ok(diesel::delete(stale).execute(connection).await?)
    })
}

pub(super) async fn purge_ai_calls(db: &Db, before: Ts) -> StoreResult<usize> {
    let oldest: Vec<(i64, Ts)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            ai_call_logs::table
                .order(ai_call_logs::seq.asc())
                .limit(SLICE)
                .select((ai_call_logs::seq, ai_call_logs::created_at))
                .load(connection)
                .await?,
        )
    })?;
    delete_ai_calls(db, older(oldest, before)).await
}

/// Calls with what was said in them, which stands under the same numbers.
async fn delete_ai_calls(db: &Db, ids: Vec<i64>) -> StoreResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                diesel::delete(ai_io_logs::table.filter(ai_io_logs::seq.eq_any(ids.clone())))
                    .execute(connection)
                    .await?;
                Ok(diesel::delete(ai_call_logs::table.filter(ai_call_logs::seq.eq_any(ids.clone())))
                    .execute(connection)
                    .await?)
            })
            .await
    })
}

pub(super) async fn purge_health_checks(db: &Db, before: Ts) -> StoreResult<usize> {
    let ids: Vec<i32> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            ai_model_health_checks::table
                .filter(ai_model_health_checks::checked_at.lt(before))
                .order(ai_model_health_checks::checked_at.asc())
                .limit(SLICE)
                .select(ai_model_health_checks::id)
                .load(connection)
                .await?,
        )
    })?;
    if ids.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        Ok(diesel::delete(ai_model_health_checks::table.filter(ai_model_health_checks::id.eq_any(ids)))
            .execute(connection)
            .await?)
    })
}

pub(super) async fn purge_token_usage(db: &Db, before: Ts) -> StoreResult<usize> {
    let day = crate::token_usage::day_of(before);
    let days: Vec<(RobotUuid, String)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            token_usage::table
                .filter(token_usage::day.lt(&day))
                .order(token_usage::day.asc())
                .limit(SLICE)
                .select((token_usage::robot_uuid, token_usage::day))
                .load(connection)
                .await?,
        )
    })?;
    if days.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let mut deleted = 0;
                for key in &days {
                    deleted +=
                        diesel::delete(token_usage::table.find((key.0, &key.1))).execute(connection).await?;
                }
                Ok(deleted)
            })
            .await
    })
}

/// Alerts whose last time is long ago, over or not, with what was told of them.
pub(super) async fn purge_alerts(db: &Db, before: Ts) -> StoreResult<usize> {
    let oldest: Vec<(i64, Ts)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            alert_history::table
                .order(alert_history::seq.asc())
                .limit(SLICE)
                .select((alert_history::seq, alert_history::last_at))
                .load(connection)
                .await?,
        )
    })?;
    delete_alerts(db, older(oldest, before)).await
}

async fn delete_alerts(db: &Db, seqs: Vec<i64>) -> StoreResult<usize> {
    if seqs.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let ids: Vec<AlertId> = alert_history::table
                    .filter(alert_history::seq.eq_any(seqs.clone()))
                    .select(alert_history::id)
                    .load(connection)
                    .await?;
                let told: Vec<NotificationId> = alert_notifications::table
                    .filter(alert_notifications::alert_id.eq_any(ids))
                    .select(alert_notifications::id)
                    .load(connection)
                    .await?;
                diesel::delete(alert_notifications::table.filter(alert_notifications::id.eq_any(told)))
                    .execute(connection)
                    .await?;
                Ok(diesel::delete(alert_history::table.filter(alert_history::seq.eq_any(seqs.clone())))
                    .execute(connection)
                    .await?)
            })
            .await
    })
}

/// One slice of the runs, conversations, calls and alerts of a robot; how many rows.
pub(super) async fn purge_of_robot(db: &Db, robot: RobotUuid) -> StoreResult<usize> {
    let (runs, chats, calls, alerts) = db!(db, read, |connection| {
        let runs: Vec<i64> = flow_executions::table
            .filter(flow_executions::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(flow_executions::seq)
            .load(connection)
            .await?;
        let chats: Vec<SessionId> = sessions::table
            .filter(sessions::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(sessions::id)
            .load(connection)
            .await?;
        let calls: Vec<i64> = ai_call_logs::table
            .filter(ai_call_logs::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(ai_call_logs::seq)
            .load(connection)
            .await?;
        let alerts: Vec<i64> = alert_history::table
            .filter(alert_history::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(alert_history::seq)
            .load(connection)
            .await?;
        Ok::<_, StoreError>((runs, chats, calls, alerts))
    })?;
    let mut deleted = delete_runs(db, runs).await?;
    deleted += delete_ai_calls(db, calls).await?;
    deleted += delete_alerts(db, alerts).await?;
    if chats.is_empty() {
        return Ok(deleted);
    }
    let chats: usize = db!(db, write, |connection| {
        Ok::<_, StoreError>(
            diesel::delete(sessions::table.filter(sessions::id.eq_any(chats))).execute(connection).await?,
        )
    })?;
    Ok(deleted + chats)
}
