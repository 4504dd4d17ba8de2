//! Moving a command up or down in its queue.
use super::{CommandState, RobotCommand};
use crate::ids::CommandId;
use crate::store::prelude::*;
use crate::tables::robot_commands;

/// Gives a command that still waits another priority; the row as it is now and whether it was changed.
pub async fn change(db: &Db, id: CommandId, priority: i32) -> StoreResult<(RobotCommand, bool)> {
    db!(db, write, |connection| {
        let changed = diesel::update(
            robot_commands::table.find(&id).filter(robot_commands::state.eq(CommandState::Queued)),
        )
        .set(robot_commands::priority.eq(priority))
        .execute(connection)
        .await?;
        let row: Option<RobotCommand> = robot_commands::table
            .find(&id)
            .select(RobotCommand::as_select())
            .first(connection)
            .await
            .optional()?;
        row.map(|row| (row, changed > 0)).ok_or(StoreError::NotFound("command"))
    })
}
