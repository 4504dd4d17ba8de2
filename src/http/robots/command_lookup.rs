//! A command by its id, with its robot, within reach of whoever asks.
use std::sync::Arc;

use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::commands::{RobotCommand, queries};
use workbot_schema::ids::{BatchId, CommandId, RobotUuid};

use crate::http::auth::{Action, Caller};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::state::AppState;

/// Longest id that can exist.
const ID_BYTES: usize = 64;

/// A command and its robot: 404 when it is not there or not theirs.
pub async fn find_command(
    state: &AppState,
    caller: &Caller,
    id: &str,
    action: Action,
) -> ApiResult<(RobotCommand, Arc<RobotEntry>)> {
    caller.may(action)?;
    let command = match id.len() {
        0..=ID_BYTES => queries::find(&state.db, CommandId::from(id)).await?,
        _ => None,
    };
    let command = command.ok_or(ApiError::NotFound(Missing::Command))?;
    let entry = find_robot(state, caller, command.robot_uuid, action).await?;
    Ok((command, entry))
}

/// The commands of a batch and their robot: 404 when there is none or it is not theirs.
pub async fn find_batch(
    state: &AppState,
    caller: &Caller,
    id: &str,
    action: Action,
) -> ApiResult<(Vec<RobotCommand>, Arc<RobotEntry>)> {
    let commands = match id.len() {
        0..=ID_BYTES => queries::list_batch(&state.db, BatchId::from(id)).await?,
        _ => Vec::new(),
    };
    let robot = commands.first().map(|command| command.robot_uuid);
    let robot = robot.ok_or(ApiError::NotFound(Missing::Command))?;
    let entry = find_robot(state, caller, robot, action).await?;
    Ok((commands, entry))
}

/// A robot that is not theirs hides its commands.
async fn find_robot(
    state: &AppState,
    caller: &Caller,
    robot: RobotUuid,
    action: Action,
) -> ApiResult<Arc<RobotEntry>> {
    caller.robot(state, Some(&robot.to_string()), action).await.map_err(|error| match error {
        ApiError::NotFound(_) => ApiError::NotFound(Missing::Command),
        error => error,
    })
}
