//! Robots that were deleted long ago, with everything that hangs on them.
use super::SLICE;
use super::conversations::purge_of_robot;
use super::rows::delete_commands;
use crate::fields::Ts;
use crate::ids::{CommandId, DeliveryId, MessageId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::{
    activation_codes, callback_bindings, callback_deliveries, device_activations, refresh_tokens,
    robot_commands, robot_connections, robot_logs, robot_members, robots, session_messages,
};

/// Robots deleted before `before`, the longest gone first.
pub async fn list_deleted_robots(db: &Db, before: Ts, limit: i64) -> StoreResult<Vec<RobotUuid>> {
    db!(db, read, |connection| {
        Ok(robots::table
            .filter(robots::deleted_at.lt(before))
            .order(robots::deleted_at.asc())
            .limit(limit)
            .select(robots::id)
            .load(connection)
            .await?)
    })
}

/// Deletes one slice of what hangs on a robot, the robot itself last; whether it is gone.
pub async fn purge_robot(db: &Db, robot: RobotUuid) -> StoreResult<bool> {
    let commands: Vec<CommandId> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            robot_commands::table
                .filter(robot_commands::robot_uuid.eq(robot))
                .limit(SLICE)
                .select(robot_commands::id)
                .load(connection)
                .await?,
        )
    })?;
    if !commands.is_empty() {
        delete_commands(db, commands).await?;
        return Ok(false);
    }
    if purge_texts_of(db, robot).await? + purge_of_robot(db, robot).await? > 0 {
        return Ok(false);
    }
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                diesel::delete(device_activations::table.filter(device_activations::robot_uuid.eq(robot)))
                    .execute(connection)
                    .await?;
                // The code was used up; without its robot it must not activate another one.
                diesel::update(activation_codes::table.filter(activation_codes::robot_uuid.eq(robot)))
                    .set((
                        activation_codes::robot_uuid.eq(None::<RobotUuid>),
                        activation_codes::is_disabled.eq(true),
                    ))
                    .execute(connection)
                    .await?;
                diesel::delete(refresh_tokens::table.filter(refresh_tokens::robot_uuid.eq(robot)))
                    .execute(connection)
                    .await?;
                diesel::delete(robot_members::table.filter(robot_members::robot_uuid.eq(robot)))
                    .execute(connection)
                    .await?;
                diesel::delete(callback_bindings::table.filter(callback_bindings::robot_uuid.eq(robot)))
                    .execute(connection)
                    .await?;
                diesel::delete(robots::table.find(robot)).execute(connection).await?;
                Ok(true)
            })
            .await
    })
}

/// One slice of messages, callbacks, logs and connections of a robot; how many rows.
async fn purge_texts_of(db: &Db, robot: RobotUuid) -> StoreResult<usize> {
    let (messages, deliveries, logs, connections) = db!(db, read, |connection| {
        let messages: Vec<MessageId> = session_messages::table
            .filter(session_messages::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(session_messages::id)
            .load(connection)
            .await?;
        let deliveries: Vec<DeliveryId> = callback_deliveries::table
            .filter(callback_deliveries::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(callback_deliveries::id)
            .load(connection)
            .await?;
        let logs: Vec<i64> = robot_logs::table
            .filter(robot_logs::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(robot_logs::seq)
            .load(connection)
            .await?;
        let connections: Vec<String> = robot_connections::table
            .filter(robot_connections::robot_uuid.eq(robot))
            .limit(SLICE)
            .select(robot_connections::id)
            .load(connection)
            .await?;
        Ok::<_, StoreError>((messages, deliveries, logs, connections))
    })?;
    if messages.is_empty() && deliveries.is_empty() && logs.is_empty() && connections.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        let mut deleted =
            diesel::delete(session_messages::table.filter(session_messages::id.eq_any(messages)))
                .execute(connection)
                .await?;
        deleted +=
            diesel::delete(callback_deliveries::table.filter(callback_deliveries::id.eq_any(deliveries)))
                .execute(connection)
                .await?;
        deleted += diesel::delete(robot_logs::table.filter(robot_logs::seq.eq_any(logs)))
            .execute(connection)
            .await?;
        deleted += diesel::delete(robot_connections::table.filter(robot_connections::id.eq_any(connections)))
            .execute(connection)
            .await?;
        Ok(deleted)
    })
}
