//! What is deleted after its time, in slices: ids are read on a reader, rows go in a short write of their own.
mod conversations;
mod logins;
mod robots;
mod rows;

use std::collections::HashSet;

pub use robots::{list_deleted_robots, purge_robot};

use crate::fields::Ts;
use crate::ids::MessageId;
use crate::logs::UPLOADED;
use crate::store::prelude::*;
use crate::tables::{callback_deliveries, robot_commands, robot_logs, session_messages};
use crate::worktool::{chats, cloud_sends};

/// Rows of one slice: a write of so many holds nobody up.
pub const SLICE: i64 = 200;

/// What is kept for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// Chat messages.
    Messages,
    /// Commands that nothing moves any more, with their `offline_commands` rows.
    Commands,
    /// Callbacks that ended.
    Deliveries,
    /// Attempts of callbacks.
    Attempts,
    /// Log lines of phones.
    RobotLogs,
    /// Connections that ended.
    Connections,
    /// The audit log.
    Audit,
    /// Remembered answers of creations.
    Idempotency,
    /// Refresh tokens past their end; `before` is that end.
    RefreshTokens,
    /// What is remembered of rooms that WorkTool phones showed.
    Rooms,
    /// Runs of flows.
    Runs,
    /// Conversations that nobody has.
    Sessions,
    /// Calls to models, with what was said.
    AiCalls,
    /// What came of looking after models.
    HealthChecks,
    /// What robots spent, by day.
    TokenUsage,
    /// Alerts, with what was told of them.
    Alerts,
    /// Calls to hosted platforms.
    CloudSends,
    /// Codes by SMS that count for no limit any more.
    LoginCodes,
    /// Login links past their end; `before` is that end.
    LoginTickets,
    /// Sessions of the console past their end; `before` is that end.
    UserSessions,
}

impl Kept {
    /// Everything, in the order it is purged.
    pub const ALL: [Self; 20] = [
        Self::Idempotency,
        Self::RefreshTokens,
        Self::LoginCodes,
        Self::LoginTickets,
        Self::UserSessions,
        Self::Attempts,
        Self::Deliveries,
        Self::RobotLogs,
        Self::Connections,
        Self::Rooms,
        Self::CloudSends,
        Self::Commands,
        Self::Runs,
        Self::Messages,
        Self::Sessions,
        Self::AiCalls,
        Self::HealthChecks,
        Self::TokenUsage,
        Self::Alerts,
        Self::Audit,
    ];
}

/// Deletes the oldest [`SLICE`] rows at most that are older than `before`; how many. Fewer than a slice = done.
pub async fn purge(db: &Db, kept: Kept, before: Ts) -> StoreResult<usize> {
    match kept {
        Kept::Messages => rows::purge_messages(db, before).await,
        Kept::Commands => rows::purge_commands(db, before).await,
        Kept::Deliveries => rows::purge_deliveries(db, before).await,
        Kept::Attempts => rows::purge_attempts(db, before).await,
        Kept::RobotLogs => rows::purge_robot_logs(db, before).await,
        Kept::Connections => rows::purge_connections(db, before).await,
        Kept::Audit => rows::purge_audit(db, before).await,
        Kept::Idempotency => rows::purge_idempotency(db, before).await,
        Kept::RefreshTokens => rows::purge_refresh_tokens(db, before).await,
        Kept::Rooms => chats::purge(db, before, SLICE).await,
        Kept::Runs => conversations::purge_runs(db, before).await,
        Kept::Sessions => conversations::purge_sessions(db, before).await,
        Kept::AiCalls => conversations::purge_ai_calls(db, before).await,
        Kept::HealthChecks => conversations::purge_health_checks(db, before).await,
        Kept::TokenUsage => conversations::purge_token_usage(db, before).await,
        Kept::Alerts => conversations::purge_alerts(db, before).await,
        Kept::CloudSends => cloud_sends::purge(db, before, SLICE).await,
        Kept::LoginCodes => logins::purge_codes(db, before).await,
        Kept::LoginTickets => logins::purge_tickets(db, before).await,
        Kept::UserSessions => logins::purge_sessions(db, before).await,
    }
}

/// Forgets the repeat keys of at most [`SLICE`] messages that came in `from..before`; where the next slice begins, or
/// `None` when there is nothing left to forget.
pub async fn forget_repeat_keys(db: &Db, from: Option<Ts>, before: Ts) -> StoreResult<Option<Ts>> {
    let found: Vec<(MessageId, Ts)> = db!(db, read, |connection| {
        let mut query = session_messages::table
            .filter(session_messages::created_at.lt(before))
            .filter(session_messages::dedup_id.is_not_null())
            .into_boxed::<DB>();
        if let Some(from) = from {
            query = query.filter(session_messages::created_at.ge(from));
        }
        Ok::<_, StoreError>(
            query
                .order(session_messages::created_at.asc())
                .limit(SLICE)
                .select((session_messages::id, session_messages::created_at))
                .load(connection)
                .await?,
        )
    })?;
    let Some(reached) = found.last().map(|(_id, created_at)| *created_at) else {
        return Ok(None);
    };
    let ids: Vec<MessageId> = found.into_iter().map(|(id, _created_at)| id).collect();
    db!(db, write, |connection| {
        diesel::update(session_messages::table.filter(session_messages::id.eq_any(ids)))
            .set(session_messages::dedup_id.eq(None::<String>))
            .execute(connection)
            .await?;
        Ok(Some(reached))
    })
}

/// Which of these file names some row still names.
pub async fn list_named_files(db: &Db, names: Vec<String>) -> StoreResult<HashSet<String>> {
    db!(db, read, |connection| {
        let mut named: Vec<Option<String>> = session_messages::table
            .filter(session_messages::file_name.eq_any(names.clone()))
            .select(session_messages::file_name)
            .load(connection)
            .await?;
        let in_commands: Vec<Option<String>> = robot_commands::table
            .filter(robot_commands::file_name.eq_any(names.clone()))
            .select(robot_commands::file_name)
            .load(connection)
            .await?;
        let in_deliveries: Vec<Option<String>> = callback_deliveries::table
            .filter(callback_deliveries::file_name.eq_any(names.clone()))
            .select(callback_deliveries::file_name)
            .load(connection)
            .await?;
        let uploaded: Vec<String> = robot_logs::table
            .filter(robot_logs::kind.eq(UPLOADED))
            .filter(robot_logs::text.eq_any(names.clone()))
            .select(robot_logs::text)
            .load(connection)
            .await?;
        named.extend(in_commands);
        named.extend(in_deliveries);
        named.extend(uploaded.into_iter().map(Some));
        Ok(named.into_iter().flatten().collect())
    })
}
