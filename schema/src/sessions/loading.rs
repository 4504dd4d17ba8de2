//! What a conversation's actor begins with, in one look.
use super::Session;
use crate::fields::Ts;
use crate::flow_executions::FlowExecution;
use crate::flow_executions::operations::is_open;
use crate::flow_executions::queries::Turn;
use crate::ids::{MessageId, RobotUuid, RunId, SessionId};
use crate::messages::SessionMessage;
use crate::store::prelude::*;
use crate::tables::{flow_executions, session_messages, sessions};

crate::statement_names! {
    OpenRuns,
    Undecided,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// Messages that wait.
    pub messages: i64,
    /// Unfinished runs.
    pub runs: i64,
    /// Earlier turns; 0 = they are not wanted.
    pub turns: i64,
    /// Earlier turns begun at or after.
    pub turns_since: Ts,
}

/// What the store knows of a conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionLoad {
    /// Its row, when there is one.
    pub session: Option<Session>,
    /// Its unfinished runs, oldest first.
    pub runs: Vec<FlowExecution>,
    /// The messages that have no run and no reason, oldest first.
    pub messages: Vec<SessionMessage>,
    /// There are no more of them.
    pub is_all: bool,
    /// The first message of each unfinished run.
    pub answered: Vec<SessionMessage>,
    /// Earlier turns since it was reset last, newest first.
    pub turns: Vec<Turn>,
}

/// Messages that nobody has decided about, as a literal: behind a parameter neither database can tell that their index applies.
fn is_undecided() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    diesel::dsl::sql("session_messages.reason IS NULL AND session_messages.direction = 'in'")
}

/// Everything a conversation has to do, and what was said in it.
pub async fn load(db: &Db, id: SessionId, limits: LoadLimits) -> StoreResult<SessionLoad> {
    db!(db, read, |connection| {
        let session: Option<Session> =
            sessions::table.find(&id).select(Session::as_select()).first(connection).await.optional()?;
        let mut runs: Vec<FlowExecution> = flow_executions::table
            .filter(flow_executions::session_id.eq(&id))
            .filter(is_open())
            // In the order of the index of open runs.
            .order((flow_executions::status.asc(), flow_executions::seq.asc()))
            .limit(limits.runs)
            .select(FlowExecution::as_select())
            .cached::<name::OpenRuns>()
            .load(connection)
            .await?;
        runs.sort_by_key(|run| run.seq);
        let mut messages: Vec<SessionMessage> = session_messages::table
            .filter(session_messages::session_id.eq(&id))
            .filter(is_undecided())
            .filter(session_messages::run_id.is_null())
            .order(session_messages::seq.asc())
            .limit(limits.messages.saturating_add(1))
            .select(SessionMessage::as_select())
            .cached::<name::Undecided>()
            .load(connection)
            .await?;
        let most = usize::try_from(limits.messages).unwrap_or(usize::MAX);
        let is_all = messages.len() <= most;
        messages.truncate(most);
        let firsts: Vec<MessageId> = runs.iter().map(|run| run.message_id.clone()).collect();
        let answered: Vec<SessionMessage> = if firsts.is_empty() {
            Vec::new()
        } else {
            session_messages::table
                .filter(session_messages::id.eq_any(firsts))
                .select(SessionMessage::as_select())
                .load(connection)
                .await?
        };
        let turns: Vec<Turn> = if limits.turns == 0 {
            Vec::new()
        } else {
            flow_executions::table
                .filter(flow_executions::session_id.eq(&id))
                .filter(flow_executions::seq.gt(session.as_ref().map_or(0, |session| session.reset_seq)))
                .filter(flow_executions::started_at.ge(limits.turns_since))
                .filter(flow_executions::retry_of.is_null())
                .order(flow_executions::seq.desc())
                .limit(limits.turns)
                .select(Turn::as_select())
                .load(connection)
                .await?
        };
        Ok(SessionLoad { session, runs, messages, is_all, answered, turns })
    })
}

/// A run and its messages, the first one first; `None` when there is no such run.
pub async fn load_run(db: &Db, id: RunId) -> StoreResult<Option<(FlowExecution, Vec<SessionMessage>)>> {
    db!(db, read, |connection| {
        let run: Option<FlowExecution> = flow_executions::table
            .filter(flow_executions::id.eq(&id))
            .select(FlowExecution::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(run) = run else {
            return Ok(None);
        };
        let wanted = run.message_list();
        let mut messages: Vec<SessionMessage> = session_messages::table
            .filter(session_messages::id.eq_any(wanted.clone()))
            .select(SessionMessage::as_select())
            .load(connection)
            .await?;
        messages.sort_by_key(|message| wanted.iter().position(|id| *id == message.id));
        Ok(Some((run, messages)))
    })
}

/// The conversations of a room: of a group those heard of since `since`, of a private chat the one with `user`; last active first.
pub async fn list_room(
    db: &Db,
    robot: RobotUuid,
    (group, user): (String, Option<String>),
    since: Option<Ts>,
    limit: i64,
) -> StoreResult<Vec<Session>> {
    db!(db, read, |connection| {
        let mut query = sessions::table
            .filter(sessions::robot_uuid.eq(robot))
            .filter(sessions::group_name.eq(&group))
            .into_boxed::<DB>();
        if let Some(user) = &user {
            query = query.filter(sessions::user_name.eq(user.clone()));
        }
        if let Some(since) = since {
            query = query.filter(sessions::last_message_at.ge(since));
        }
        Ok(query
            .order(sessions::last_message_at.desc())
            .limit(limit)
            .select(Session::as_select())
            .load(connection)
            .await?)
    })
}

/// Conversations with a run whose time has come, the longest waiting first.
pub async fn list_due(db: &Db, now: Ts, limit: i64) -> StoreResult<Vec<(RobotUuid, SessionId)>> {
    db!(db, read, |connection| {
        Ok(flow_executions::table
            .filter(flow_executions::due_at.le(now).assume_not_null())
            .order(flow_executions::due_at.asc())
            .limit(limit)
            .select((flow_executions::robot_uuid, flow_executions::session_id))
            .load(connection)
            .await?)
    })
}
