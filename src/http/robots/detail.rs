//! `GET /api/robots/{robotId}`: one robot.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::ids::UserId;

use super::robot_view::RobotView;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// A robot with its bindings and members.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RobotDetail {
    /// The robot.
    #[serde(flatten)]
    pub robot: RobotView,
    /// Users it was assigned to.
    pub member_ids: Vec<String>,
    /// Bound callback types (0 group QR code, 1 result, 5 online, 6 offline).
    pub bound_types: Vec<i32>,
}

/// Shows a robot.
#[utoipa::path(
    get,
    path = "/api/robots/{robotId}",
    operation_id = "get_robot",
    tag = "机器人",
    summary = "机器人详情",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(("robotId" = String, Path, description = "机器人编号")),
    responses(
        (status = 200, description = "机器人", body = Envelope<RobotDetail>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"robotId": "robot_1703123456789_abc123",
                "robotUuid": "550e8400-e29b-41d4-a716-446655440000", "kind": "worktool", "name": "管家",
                "openCallback": 1, "replyAll": 0, "callbackUrl": "https://ai.example.com/callback",
                "enabled": true, "status": "online", "queued": 0, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z", "memberIds": [], "boundTypes": [1]}})),
        Failures
    )
)]
pub async fn detail(state: State, caller: Caller, robot_id: Path<String>) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::ReadRobot).await?;
    let profile = entry.profile();
    Reply::ok(&RobotDetail {
        robot: RobotView::of(&state, profile.robot.clone()),
        member_ids: profile.members.iter().map(UserId::to_string).collect(),
        bound_types: profile.bindings.iter().map(|(binding_type, _url)| *binding_type).collect(),
    })
}
