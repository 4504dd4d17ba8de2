//! Which command went to the hosted platform under which id of the platform's: its results name that id.
use chrono::TimeDelta;
use diesel::prelude::Insertable;
use diesel::result::Error as DieselError;

use crate::commands::{CommandState, RobotCommand};
use crate::fields::Ts;
use crate::for_both;
use crate::ids::{CommandId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::{robot_commands, worktool_cloud_sends};

/// Longest id of a platform's that is kept, bytes.
pub const PLATFORM_ID_BYTES: usize = 64;
/// Commands looked at when a result names an id that was never recorded.
const LATEST: i64 = 300;
/// … and how long ago they may have been claimed.
const RECENT: TimeDelta = TimeDelta::hours(2);
/// What is still without a result after this is not waited for any more.
const UNFINISHED: TimeDelta = TimeDelta::hours(1);

/// One command in one call.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = worktool_cloud_sends)]
pub struct CloudSend {
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// What the platform answered; all commands of a call share it.
    pub platform_id: String,
    /// Which command.
    pub command_id: CommandId,
    /// Which attempt.
    pub attempt: i32,
    /// When.
    pub created_at: Ts,
}

for_both! {
    /// Keeps the commands of a call.
    pub async fn save(connection: &mut Conn, sends: &[CloudSend]) -> Result<(), DieselError> {
        for send in sends {
            diesel::insert_into(worktool_cloud_sends::table)
                .values(send)
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}

/// The commands of a call with the attempts that were sent, in the order they were accepted here.
pub async fn list_call(
    db: &Db,
    robot: RobotUuid,
    platform_id: String,
) -> StoreResult<Vec<(RobotCommand, i32)>> {
    db!(db, read, |connection| {
        let sent: Vec<(CommandId, i32)> = worktool_cloud_sends::table
            .filter(worktool_cloud_sends::robot_uuid.eq(robot))
            .filter(worktool_cloud_sends::platform_id.eq(&platform_id))
            .select((worktool_cloud_sends::command_id, worktool_cloud_sends::attempt))
            .load(connection)
            .await?;
        let ids: Vec<CommandId> = sent.iter().map(|(id, _attempt)| id.clone()).collect();
        let commands: Vec<RobotCommand> = robot_commands::table
            .filter(robot_commands::id.eq_any(ids))
            .order(robot_commands::seq.asc())
            .select(RobotCommand::as_select())
            .load(connection)
            .await?;
        let attempt = |command: &RobotCommand| sent.iter().find(|(id, _attempt)| *id == command.id);
        Ok(commands
            .into_iter()
            .filter_map(|command| attempt(&command).map(|(_id, attempt)| *attempt).map(|of| (command, of)))
            .collect())
    })
}

/// How many commands the platform has taken and not reported on.
pub async fn count_unfinished(db: &Db, robot: RobotUuid, now: Ts) -> StoreResult<i64> {
    let since = now.plus(-UNFINISHED);
    db!(db, read, |connection| {
        let recent: Vec<CommandId> = worktool_cloud_sends::table
            .filter(worktool_cloud_sends::robot_uuid.eq(robot))
            .filter(worktool_cloud_sends::created_at.ge(since))
            .order(worktool_cloud_sends::created_at.desc())
            .limit(LATEST)
            .select(worktool_cloud_sends::command_id)
            .load(connection)
            .await?;
        Ok(robot_commands::table
            .filter(robot_commands::id.eq_any(recent))
            .filter(robot_commands::state.eq(CommandState::Confirmed))
            .count()
            .get_result(connection)
            .await?)
    })
}

/// Commands that may have reached the platform without anybody here knowing under which id, oldest first.
pub async fn list_uncertain(db: &Db, robot: RobotUuid, now: Ts) -> StoreResult<Vec<RobotCommand>> {
    let since = now.plus(-RECENT);
    db!(db, read, |connection| {
        let latest: Vec<RobotCommand> = robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .order(robot_commands::seq.desc())
            .limit(LATEST)
            .select(RobotCommand::as_select())
            .load(connection)
            .await?;
        let open = [CommandState::Sent, CommandState::Unknown];
        let mut uncertain: Vec<RobotCommand> = latest
            .into_iter()
            .filter(|command| open.contains(&command.state) && command.confirmed_at.is_none())
            .filter(|command| command.sent_at.is_some_and(|at| at >= since))
            .collect();
        uncertain.reverse();
        Ok(uncertain)
    })
}

/// Forgets calls made before `before`, at most `limit`; how many.
pub async fn purge(db: &Db, before: Ts, limit: i64) -> StoreResult<usize> {
    let old: Vec<(RobotUuid, String, CommandId)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            worktool_cloud_sends::table
                .filter(worktool_cloud_sends::created_at.lt(before))
                .order(worktool_cloud_sends::created_at.asc())
                .limit(limit)
                .select((
                    worktool_cloud_sends::robot_uuid,
                    worktool_cloud_sends::platform_id,
                    worktool_cloud_sends::command_id,
                ))
                .load(connection)
                .await?,
        )
    })?;
    if old.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let mut count = 0;
                for key in &old {
                    let row = worktool_cloud_sends::table.find((key.0, &key.1, &key.2));
                    count += diesel::delete(row).execute(connection).await?;
                }
                Ok(count)
            })
            .await
    })
}
