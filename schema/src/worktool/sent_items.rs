//! What was pushed to a phone lately: tells its own bubbles from those somebody typed on it, also after a restart.
use crate::fields::Ts;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::robot_commands;

/// Commands looked at, the latest ones: a reading of the last minutes must not walk through a long history.
const LATEST: i64 = 300;

/// A pushed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentItem {
    /// WorkTool type number.
    pub command_type: i32,
    /// The item, JSON.
    pub item: String,
    /// Last push.
    pub sent_at: Ts,
}

/// The commands among the robot's latest that were pushed at `since` or later, oldest first.
pub async fn list(db: &Db, robot: RobotUuid, since: Ts) -> StoreResult<Vec<SentItem>> {
    let rows: Vec<(i32, String, Option<Ts>)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            robot_commands::table
                .filter(robot_commands::robot_uuid.eq(robot))
                .order(robot_commands::seq.desc())
                .limit(LATEST)
                .select((robot_commands::command_type, robot_commands::item, robot_commands::sent_at))
                .load(connection)
                .await?,
        )
    })?;
    let pushed = |(command_type, item, sent_at): (i32, String, Option<Ts>)| {
        sent_at.filter(|at| *at >= since).map(|sent_at| SentItem { command_type, item, sent_at })
    };
    Ok(rows.into_iter().rev().filter_map(pushed).collect())
}
