//! What WorkTool phones had confirmed and not reported when the program ended: they still have it, and it takes places there.
use diesel::prelude::Queryable;

use crate::commands::CommandState;
use crate::ids::{CommandId, RobotUuid};
use crate::robots::RobotKind;
use crate::store::prelude::*;
use crate::tables::{robot_commands, robots};

/// A confirmed command without a result.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct UnfinishedCommand {
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// Which.
    pub id: CommandId,
    /// Which attempt.
    pub attempt: i32,
    /// WorkTool type number.
    pub command_type: i32,
    /// The item, JSON.
    pub item: String,
}

/// All of them in the order of their pushes, at most `limit`. Rows that nothing moves any more are not looked at.
pub async fn list(db: &Db, limit: i64) -> StoreResult<Vec<UnfinishedCommand>> {
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .inner_join(robots::table)
            .filter(robot_commands::due_at.is_not_null())
            .filter(robot_commands::state.eq(CommandState::Confirmed))
            .filter(robots::kind.eq(RobotKind::Worktool))
            .order((robot_commands::sent_at.asc(), robot_commands::seq.asc()))
            .limit(limit)
            .select((
                robot_commands::robot_uuid,
                robot_commands::id,
                robot_commands::attempt,
                robot_commands::command_type,
                robot_commands::item,
            ))
            .load(connection)
            .await?)
    })
}
