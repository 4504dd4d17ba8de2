//! Queries of calls to models.
use super::{AiCallLog, AiCallStatus, AiIoLog, AiPurpose};
use crate::fields::Ts;
use crate::ids::{AiCallId, MessageId, ModelId, RobotUuid, RunId, SessionId};
use crate::store::prelude::*;
use crate::tables::{ai_call_logs, ai_io_logs};

/// What a list of calls is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct AiCallFilter {
    /// For some robots; `None` = every call.
    pub robots: Option<Vec<RobotUuid>>,
    /// In one conversation.
    pub session: Option<SessionId>,
    /// In one run.
    pub run: Option<RunId>,
    /// Because of one message.
    pub message: Option<MessageId>,
    /// One model.
    pub model: Option<ModelId>,
    /// For what.
    pub purpose: Option<AiPurpose>,
    /// How it went.
    pub status: Option<AiCallStatus>,
    /// Made at or after.
    pub from: Option<Ts>,
    /// Made before.
    pub to: Option<Ts>,
}

/// A page of calls, newest first, and how many there are.
pub async fn list(
    db: &Db,
    filter: AiCallFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<AiCallLog>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = ai_call_logs::table.into_boxed::<DB>();
            if let Some(robots) = &filter.robots {
                query = query.filter(ai_call_logs::robot_uuid.eq_any(robots.clone()));
            }
            if let Some(session) = &filter.session {
                query = query.filter(ai_call_logs::session_id.eq(session.clone()));
            }
            if let Some(run) = &filter.run {
                query = query.filter(ai_call_logs::run_id.eq(run.clone()));
            }
            if let Some(message) = &filter.message {
                query = query.filter(ai_call_logs::message_id.eq(message.clone()));
            }
            if let Some(model) = &filter.model {
                query = query.filter(ai_call_logs::model_id.eq(model.clone()));
            }
            if let Some(purpose) = filter.purpose {
                query = query.filter(ai_call_logs::purpose.eq(purpose));
            }
            if let Some(status) = filter.status {
                query = query.filter(ai_call_logs::status.eq(status));
            }
            if let Some(from) = filter.from {
                query = query.filter(ai_call_logs::created_at.ge(from));
            }
            if let Some(to) = filter.to {
                query = query.filter(ai_call_logs::created_at.lt(to));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order(ai_call_logs::seq.desc())
            .offset(offset)
            .limit(limit)
            .select(AiCallLog::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// A call, or `None`.
pub async fn find(db: &Db, id: AiCallId) -> StoreResult<Option<AiCallLog>> {
    db!(db, read, |connection| {
        Ok(ai_call_logs::table
            .filter(ai_call_logs::id.eq(&id))
            .select(AiCallLog::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// What was said in a call, or `None`.
pub async fn find_io(db: &Db, id: AiCallId) -> StoreResult<Option<AiIoLog>> {
    db!(db, read, |connection| {
        Ok(ai_io_logs::table
            .filter(ai_io_logs::call_id.eq(&id))
            .select(AiIoLog::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}
