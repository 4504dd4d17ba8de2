//! Switching a robot on and off.
use workbot_schema::robots::RobotChanges;

use super::change::write;
use super::robot_view::RobotView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::Reply;
use crate::http::error::ApiResult;
use crate::http::state::AppState;

/// Writes whether a robot serves; its socket is closed when it no longer does.
pub async fn switch(
    state: &AppState,
    caller: &Caller,
    origin: &Origin,
    robot_id: &str,
    is_enabled: bool,
) -> ApiResult<Reply> {
    let entry = caller.robot(state, Some(robot_id), Action::ManageRobot).await?;
    let changes = RobotChanges { is_enabled: Some(is_enabled), ..RobotChanges::default() };
    let robot = entry.profile().robot.clone();
    let action = if is_enabled { "robot.enable" } else { "robot.disable" };
    let detail = serde_json::json!({"enabled": is_enabled});
    let robot = write(state, caller, origin, &robot, changes, None, action, detail).await?;
    Reply::ok(&RobotView::of(state, robot))
}
