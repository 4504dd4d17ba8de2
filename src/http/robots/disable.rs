//! `POST /api/robots/{robotId}/disable`.
use actix_web::web::Path;
use workbot_schema::robots::RobotChanges;

use super::change::write;
use super::robot_view::RobotView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Switches a robot off; its socket is closed.
#[utoipa::path(
    post,
    path = "/api/robots/{robotId}/disable",
    operation_id = "disable_robot",
    tag = "机器人",
    summary = "停用机器人",
    security(("user" = [])),
    params(("robotId" = String, Path, description = "机器人编号")),
    responses(
        (status = 200, description = "已停用", body = Envelope<RobotView>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"robotId": "robot_1703123456789_abc123",
                "robotUuid": "550e8400-e29b-41d4-a716-446655440000", "kind": "worktool", "name": "管家",
                "openCallback": 1, "replyAll": 0, "callbackUrl": "https://ai.example.com/callback",
                "enabled": false, "status": "offline", "queued": 0, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn disable(
    state: State,
    caller: Caller,
    origin: Origin,
    robot_id: Path<String>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::ManageRobot).await?;
    let changes = RobotChanges { is_enabled: Some(false), ..RobotChanges::default() };
    let robot = entry.profile().robot.clone();
    let detail = serde_json::json!({"enabled": false});
    let robot = write(&state, &caller, &origin, &robot, changes, None, "robot.disable", detail).await?;
    Reply::ok(&RobotView::of(&state, robot))
}
