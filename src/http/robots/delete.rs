//! `DELETE /api/robots/{robotId}`: the robot is gone for everybody at once, its rows 30 days later.
use actix_web::web::Path;
use workbot_schema::robots::RobotChanges;

use super::change::write;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Deletes a robot.
#[utoipa::path(
    delete,
    path = "/api/robots/{robotId}",
    operation_id = "delete_robot",
    tag = "机器人",
    summary = "删除机器人",
    description = "立即断开并停止服务，数据保留 30 天后清除。",
    security(("user" = [])),
    params(("robotId" = String, Path, description = "机器人编号")),
    responses(
        (status = 200, description = "已删除", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn delete(
    state: State,
    caller: Caller,
    origin: Origin,
    robot_id: Path<String>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::WriteRobot).await?;
    let robot = entry.profile().robot.clone();
    let changes = RobotChanges {
        deleted_at: Some(Some(state.now())),
        token_family: Some(None),
        ..RobotChanges::default()
    };
    let detail = serde_json::json!({"name": robot.name});
    write(&state, &caller, &origin, &robot, changes, None, "robot.delete", detail).await?;
    Reply::ok(&Empty {})
}
