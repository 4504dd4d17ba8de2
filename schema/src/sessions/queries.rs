//! Queries of conversations.
use std::collections::BTreeMap;

use super::Session;
use crate::fields::Ts;
use crate::flow_executions::operations::is_open;
use crate::ids::{RobotUuid, SessionId};
use crate::store::prelude::*;
use crate::tables::{flow_executions, session_messages, sessions};

/// What a list of conversations is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// Some robots; `None` = every robot.
    pub robots: Option<Vec<RobotUuid>>,
    /// Only those that a person has, or has not.
    pub is_taken_over: Option<bool>,
    /// A part of the name of the sender or the group.
    pub name: Option<String>,
}

/// A page of conversations, the last active first, and how many there are.
pub async fn list(
    db: &Db,
    filter: SessionFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<Session>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = sessions::table.into_boxed::<DB>();
            if let Some(robots) = &filter.robots {
                query = query.filter(sessions::robot_uuid.eq_any(robots.clone()));
            }
            match filter.is_taken_over {
                Some(true) => query = query.filter(sessions::taken_over_by.is_not_null()),
                Some(false) => query = query.filter(sessions::taken_over_by.is_null()),
                None => {}
            }
            if let Some(name) = &filter.name {
                let pattern = format!("%{}%", name.replace(['%', '_', '\\'], ""));
                query = query
                    .filter(sessions::user_name.like(pattern.clone()).or(sessions::group_name.like(pattern)));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order((sessions::last_message_at.desc(), sessions::id.asc()))
            .offset(offset)
            .limit(limit)
            .select(Session::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// A conversation, or `None`.
pub async fn find(db: &Db, id: SessionId) -> StoreResult<Option<Session>> {
    db!(db, read, |connection| {
        Ok(sessions::table.find(&id).select(Session::as_select()).first(connection).await.optional()?)
    })
}

/// Conversations whose person did nothing since `idle_before`, the longest first.
pub async fn list_idle_takeovers(db: &Db, idle_before: Ts, limit: i64) -> StoreResult<Vec<Session>> {
    db!(db, read, |connection| {
        Ok(sessions::table
            .filter(sessions::taken_over_by.is_not_null())
            .filter(sessions::last_human_at.le(idle_before).assume_not_null())
            .order(sessions::last_human_at.asc())
            .limit(limit)
            .select(Session::as_select())
            .load(connection)
            .await?)
    })
}

/// A conversation with something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// Which.
    pub session_id: SessionId,
    /// Whose chat.
    pub robot_uuid: RobotUuid,
    /// The place of its oldest undecided message or unfinished run.
    pub seq: i64,
}

/// Conversations with undecided messages or unfinished runs, the oldest first: what a restart begins with, and what a sweep
/// looks for. At most `limit` of each are looked at; what was settled makes room for the next.
pub async fn list_unsettled(db: &Db, robot: Option<RobotUuid>, limit: i64) -> StoreResult<Vec<Unsettled>> {
    let (messages, runs) = db!(db, read, |connection| {
        let mut messages = session_messages::table
            .filter(session_messages::reason.is_null())
            // A literal: behind a parameter neither database can tell that the index of undecided messages applies.
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("session_messages.direction = 'in'"))
            .into_boxed::<DB>();
        let mut runs = flow_executions::table.filter(is_open()).into_boxed::<DB>();
        if let Some(robot) = robot {
            messages = messages.filter(session_messages::robot_uuid.eq(robot));
            runs = runs.filter(flow_executions::robot_uuid.eq(robot));
        }
        let messages: Vec<(SessionId, RobotUuid, i64)> = messages
            .order(session_messages::seq.asc())
            .limit(limit)
            .select((session_messages::session_id, session_messages::robot_uuid, session_messages::seq))
            .load(connection)
            .await?;
        let runs: Vec<(SessionId, RobotUuid, i64)> = runs
            .order(flow_executions::session_id.asc())
            .limit(limit)
            .select((flow_executions::session_id, flow_executions::robot_uuid, flow_executions::seq))
            .load(connection)
            .await?;
        Ok::<_, StoreError>((messages, runs))
    })?;
    let mut oldest: BTreeMap<String, (RobotUuid, i64)> = BTreeMap::new();
    for (session, robot, seq) in messages.into_iter().chain(runs) {
        let entry = oldest.entry(session.0).or_insert((robot, seq));
        entry.1 = entry.1.min(seq);
    }
    let mut list: Vec<Unsettled> = oldest
        .into_iter()
        .map(|(session, (robot_uuid, seq))| Unsettled { session_id: SessionId(session), robot_uuid, seq })
        .collect();
    list.sort_by_key(|unsettled| unsettled.seq);
    Ok(list)
}
