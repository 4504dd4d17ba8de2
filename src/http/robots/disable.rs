//! `POST /api/robots/{robotId}/disable`.
use actix_web::web::Path;

use super::robot_view::RobotView;
use super::switch::switch;
use crate::http::audit::Origin;
use crate::http::auth::Caller;
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
    switch(&state, &caller, &origin, &robot_id, false).await
}
