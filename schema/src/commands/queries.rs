//! Reading commands.
use diesel::prelude::Queryable;

use super::operations::{is_queued, is_sent};
use super::{CommandState, RobotCommand};
use crate::fields::Ts;
use crate::ids::{BatchId, CommandId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::robot_commands;

/// What a list of commands is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct CommandFilter {
    /// One robot, or several (somebody's own); `None` = every robot.
    pub robots: Option<Vec<RobotUuid>>,
    /// One state.
    pub state: Option<CommandState>,
    /// One WorkTool type.
    pub command_type: Option<i32>,
    /// Accepted at or after.
    pub from: Option<Ts>,
    /// Accepted before.
    pub to: Option<Ts>,
    /// A part of the item.
    pub text: Option<String>,
}

/// A command, or `None`.
pub async fn find(db: &Db, id: CommandId) -> StoreResult<Option<RobotCommand>> {
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .find(&id)
            .select(RobotCommand::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// The commands of one call, in order.
pub async fn list_batch(db: &Db, batch: BatchId) -> StoreResult<Vec<RobotCommand>> {
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .filter(robot_commands::batch_id.eq(&batch))
            .order(robot_commands::seq.asc())
            .select(RobotCommand::as_select())
            .load(connection)
            .await?)
    })
}

/// What a robot was given, has not confirmed and may still carry out: highest priority first, then oldest.
pub async fn list_sent(db: &Db, robot: RobotUuid, now: Ts, limit: i64) -> StoreResult<Vec<RobotCommand>> {
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_sent())
            .filter(robot_commands::expires_at.gt(now))
            .order((robot_commands::priority.desc(), robot_commands::seq.asc()))
            .limit(limit)
            .select(RobotCommand::as_select())
            .load(connection)
            .await?)
    })
}

/// Whether anything waits for a robot.
pub async fn has_queued(db: &Db, robot: RobotUuid) -> StoreResult<bool> {
    db!(db, read, |connection| {
        let first: Option<CommandId> = robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_queued())
            .order((robot_commands::priority.desc(), robot_commands::seq.asc()))
            .select(robot_commands::id)
            .first(connection)
            .await
            .optional()?;
        Ok(first.is_some())
    })
}

/// What waits for a robot or was given to it and not confirmed: highest priority first, then oldest.
pub async fn list_open(db: &Db, robot: RobotUuid, limit: i64) -> StoreResult<Vec<RobotCommand>> {
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_queued().or(is_sent()))
            .order((robot_commands::priority.desc(), robot_commands::seq.asc()))
            .limit(limit)
            .select(RobotCommand::as_select())
            .load(connection)
            .await?)
    })
}

/// A page of commands, newest first, and how many there are.
pub async fn list(
    db: &Db,
    filter: CommandFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<RobotCommand>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = robot_commands::table.into_boxed::<DB>();
            if let Some(robots) = &filter.robots {
                query = query.filter(robot_commands::robot_uuid.eq_any(robots.clone()));
            }
            if let Some(state) = filter.state {
                query = query.filter(robot_commands::state.eq(state));
            }
            if let Some(command_type) = filter.command_type {
                query = query.filter(robot_commands::command_type.eq(command_type));
            }
            if let Some(from) = filter.from {
                query = query.filter(robot_commands::created_at.ge(from));
            }
            if let Some(to) = filter.to {
                query = query.filter(robot_commands::created_at.lt(to));
            }
            if let Some(text) = &filter.text {
                query =
                    query.filter(robot_commands::item.like(format!("%{}%", text.replace(['%', '_'], ""))));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order(robot_commands::seq.desc())
            .offset(offset)
            .limit(limit)
            .select(RobotCommand::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// Commands whose time has come, oldest first.
pub async fn list_due(db: &Db, now: Ts, limit: i64) -> StoreResult<Vec<RobotCommand>> {
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .filter(robot_commands::due_at.le(now))
            .order(robot_commands::due_at.asc())
            .limit(limit)
            .select(RobotCommand::as_select())
            .load(connection)
            .await?)
    })
}

/// How many commands wait for one robot, and since when.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct QueueDepth {
    /// The robot.
    pub robot_uuid: RobotUuid,
    /// How many.
    pub depth: i64,
    /// The oldest one was accepted then.
    pub oldest: Option<Ts>,
}

/// The depth of every queue that is not empty.
pub async fn list_depths(db: &Db) -> StoreResult<Vec<QueueDepth>> {
    use diesel::dsl::{count_star, min};
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .filter(is_queued())
            .group_by(robot_commands::robot_uuid)
            .select((robot_commands::robot_uuid, count_star(), min(robot_commands::created_at)))
            .load::<QueueDepth>(connection)
            .await?)
    })
}
