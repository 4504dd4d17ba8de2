//! Commands as those who gave them look back on them: call by call, and result by result.
use diesel::AggregateExpressionMethods;
use diesel::dsl::{count, min};

use super::RobotCommand;
use crate::fields::Ts;
use crate::ids::{BatchId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::robot_commands;

/// Which results are wanted.
#[derive(Debug, Clone)]
pub struct ResultFilter {
    /// Of which robot.
    pub robot: RobotUuid,
    /// Of one command, or of all commands of one call.
    pub id: Option<String>,
    /// Of one WorkTool type.
    pub command_type: Option<i32>,
    /// Ended at or after.
    pub from: Option<Ts>,
    /// Ended before.
    pub to: Option<Ts>,
    /// The oldest command first.
    pub is_oldest_first: bool,
}

/// A page of commands that have a result, newest command first unless asked otherwise.
pub async fn list_results(
    db: &Db,
    filter: ResultFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<Vec<RobotCommand>> {
    db!(db, read, |connection| {
        let mut query = robot_commands::table
            .filter(robot_commands::robot_uuid.eq(filter.robot))
            .filter(robot_commands::error_code.is_not_null())
            .into_boxed::<DB>();
        if let Some(id) = &filter.id {
            query = query.filter(
                robot_commands::id
                    .eq(id.clone())
                    .or(robot_commands::batch_id.eq(id.clone()).assume_not_null()),
            );
        }
        if let Some(command_type) = filter.command_type {
            query = query.filter(robot_commands::command_type.eq(command_type));
        }
        if let Some(from) = filter.from {
            query = query.filter(robot_commands::finished_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(robot_commands::finished_at.lt(to));
        }
        query = if filter.is_oldest_first {
            query.order(robot_commands::seq.asc())
        } else {
            query.order(robot_commands::seq.desc())
        };
        Ok(query.offset(offset).limit(limit).select(RobotCommand::as_select()).load(connection).await?)
    })
}

/// A page of calls that gave commands to a robot, newest first unless asked otherwise, and how many there are.
pub async fn list_batches(
    db: &Db,
    robot: RobotUuid,
    is_oldest_first: bool,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<Vec<RobotCommand>>)> {
    db!(db, read, |connection| {
        let of_robot = || {
            robot_commands::table
                .filter(robot_commands::robot_uuid.eq(robot))
                .filter(robot_commands::batch_id.is_not_null())
        };
        let total: i64 = of_robot()
            .select(count(robot_commands::batch_id).aggregate_distinct())
            .get_result(connection)
            .await?;
        let begins = of_robot()
            .group_by(robot_commands::batch_id)
            .select((robot_commands::batch_id, min(robot_commands::seq)));
        let page: Vec<(Option<BatchId>, Option<i64>)> = if is_oldest_first {
            begins.order(min(robot_commands::seq).asc()).offset(offset).limit(limit).load(connection).await?
        } else {
            begins.order(min(robot_commands::seq).desc()).offset(offset).limit(limit).load(connection).await?
        };
        let batches: Vec<BatchId> = page.into_iter().filter_map(|(batch, _begin)| batch).collect();
        let commands: Vec<RobotCommand> = robot_commands::table
            .filter(robot_commands::batch_id.eq_any(batches.clone()))
            .order(robot_commands::seq.asc())
            .select(RobotCommand::as_select())
            .load(connection)
            .await?;
        let of_batch = |batch: BatchId| -> Vec<RobotCommand> {
            commands.iter().filter(|command| command.batch_id.as_ref() == Some(&batch)).cloned().collect()
        };
        Ok((total, batches.into_iter().map(of_batch).collect()))
    })
}
