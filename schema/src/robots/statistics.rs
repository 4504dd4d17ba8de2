//! What a robot did between two moments.
use crate::commands::CommandState;
use crate::deliveries::DeliveryState;
use crate::fields::Ts;
use crate::ids::{RobotUuid, UserId};
use crate::messages::{Direction, MessageReason};
use crate::store::prelude::*;
use crate::tables::{callback_deliveries, robot_commands, robots, session_messages};

/// Counts by kind; what is not named did not happen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RobotStatistics {
    /// Messages by direction and reason.
    pub messages: Vec<(Direction, Option<MessageReason>, i64)>,
    /// Commands by type and state.
    pub commands: Vec<(i32, CommandState, i64)>,
    /// Callbacks by state.
    pub deliveries: Vec<(DeliveryState, i64)>,
}

/// Counts what was made at or after `from` and before `to`.
pub async fn count(db: &Db, robot: RobotUuid, from: Ts, to: Ts) -> StoreResult<RobotStatistics> {
    use diesel::dsl::count_star;
    db!(db, read, |connection| {
        let messages = session_messages::table
            .filter(session_messages::robot_uuid.eq(robot))
            .filter(session_messages::created_at.ge(from))
            .filter(session_messages::created_at.lt(to))
            .group_by((session_messages::direction, session_messages::reason))
            .select((session_messages::direction, session_messages::reason, count_star()))
            .load::<(Direction, Option<MessageReason>, i64)>(connection)
            .await?;
        let commands = robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(robot_commands::created_at.ge(from))
            .filter(robot_commands::created_at.lt(to))
            .group_by((robot_commands::command_type, robot_commands::state))
            .select((robot_commands::command_type, robot_commands::state, count_star()))
            .load::<(i32, CommandState, i64)>(connection)
            .await?;
        let deliveries = callback_deliveries::table
            .filter(callback_deliveries::robot_uuid.eq(robot))
            .filter(callback_deliveries::created_at.ge(from))
            .filter(callback_deliveries::created_at.lt(to))
            .group_by(callback_deliveries::state)
            .select((callback_deliveries::state, count_star()))
            .load::<(DeliveryState, i64)>(connection)
            .await?;
        Ok(RobotStatistics { messages, commands, deliveries })
    })
}

/// How many robots a user owns.
pub async fn count_owned(db: &Db, owner: UserId) -> StoreResult<i64> {
    db!(db, read, |connection| {
        Ok(robots::table
            .filter(robots::owner_id.eq(&owner))
            .filter(robots::deleted_at.is_null())
            .count()
            .get_result(connection)
            .await?)
    })
}
