//! Queries of runs.
use super::operations::is_open;
use super::{FlowExecution, RunStatus};
use crate::fields::{Document, Ts};
use crate::ids::{FlowId, MessageId, RobotUuid, RunId, SessionId};
use crate::store::prelude::*;
use crate::tables::{flow_executions, session_messages};

/// What a list of runs is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Some robots; `None` = every robot.
    pub robots: Option<Vec<RobotUuid>>,
    /// One conversation.
    pub session: Option<SessionId>,
    /// One flow.
    pub flow: Option<FlowId>,
    /// Where it is.
    pub status: Option<RunStatus>,
    /// The runs that answer a message, also as a later one of a burst.
    pub message: Option<MessageId>,
    /// Begun at or after.
    pub from: Option<Ts>,
    /// Begun before.
    pub to: Option<Ts>,
}

/// A page of runs, newest first, and how many there are.
pub async fn list(
    db: &Db,
    filter: RunFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<FlowExecution>)> {
    db!(db, read, |connection| {
        let merged: Option<String> = match &filter.message {
            None => None,
            Some(message) => session_messages::table
                .find(message)
                .select(session_messages::run_id)
                .first::<Option<String>>(connection)
                .await
                .optional()?
                .flatten(),
        };
        let matching = || {
            let mut query = flow_executions::table.into_boxed::<DB>();
            if let Some(robots) = &filter.robots {
                query = query.filter(flow_executions::robot_uuid.eq_any(robots.clone()));
            }
            if let Some(session) = &filter.session {
                query = query.filter(flow_executions::session_id.eq(session.clone()));
            }
            if let Some(flow) = &filter.flow {
                query = query.filter(flow_executions::flow_id.eq(flow.clone()));
            }
            if let Some(status) = filter.status {
                query = query.filter(flow_executions::status.eq(status));
            }
            if let Some(message) = &filter.message {
                let run = RunId(merged.clone().unwrap_or_default());
                query = query
                    .filter(flow_executions::message_id.eq(message.clone()).or(flow_executions::id.eq(run)));
            }
            if let Some(from) = filter.from {
                query = query.filter(flow_executions::started_at.ge(from));
            }
            if let Some(to) = filter.to {
                query = query.filter(flow_executions::started_at.lt(to));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order(flow_executions::seq.desc())
            .offset(offset)
            .limit(limit)
            .select(FlowExecution::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// A run, or `None`.
pub async fn find(db: &Db, id: RunId) -> StoreResult<Option<FlowExecution>> {
    db!(db, read, |connection| {
        Ok(flow_executions::table
            .filter(flow_executions::id.eq(&id))
            .select(FlowExecution::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// Runs whose time has come, the longest waiting first.
pub async fn list_due(db: &Db, now: Ts, limit: i64) -> StoreResult<Vec<FlowExecution>> {
    db!(db, read, |connection| {
        Ok(flow_executions::table
            .filter(flow_executions::due_at.le(now).assume_not_null())
            .order(flow_executions::due_at.asc())
            .limit(limit)
            .select(FlowExecution::as_select())
            .load(connection)
            .await?)
    })
}

/// The unfinished runs of a conversation, oldest first.
pub async fn list_open(db: &Db, session: SessionId, limit: i64) -> StoreResult<Vec<FlowExecution>> {
    let mut list: Vec<FlowExecution> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            flow_executions::table
                .filter(flow_executions::session_id.eq(&session))
                .filter(is_open())
                // In the order of the index of open runs: in that of `seq`, SQLite would rather read all the runs there ever were.
                .order((flow_executions::status.asc(), flow_executions::seq.asc()))
                .limit(limit)
                .select(FlowExecution::as_select())
                .load(connection)
                .await?,
        )
    })?;
    list.sort_by_key(|run| run.seq);
    Ok(list)
}

/// One earlier turn of a conversation: what was asked and answered stands in its context.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = flow_executions)]
pub struct Turn {
    /// Place in the order of the server.
    pub seq: i64,
    /// The run.
    pub id: RunId,
    /// The first message it answered.
    pub message_id: MessageId,
    /// Where it is.
    pub status: RunStatus,
    /// Its context, JSON.
    pub context: Document,
    /// When it began.
    pub started_at: Ts,
}

/// The last turns of a conversation that began at or after `since` and after the place `after_seq`, newest first.
pub async fn list_recent(
    db: &Db,
    session: SessionId,
    (since, after_seq): (Ts, i64),
    limit: i64,
) -> StoreResult<Vec<Turn>> {
    db!(db, read, |connection| {
        Ok(flow_executions::table
            .filter(flow_executions::session_id.eq(&session))
            .filter(flow_executions::seq.gt(after_seq))
            .filter(flow_executions::started_at.ge(since))
            .filter(flow_executions::retry_of.is_null())
            .order(flow_executions::seq.desc())
            .limit(limit)
            .select(Turn::as_select())
            .load(connection)
            .await?)
    })
}
