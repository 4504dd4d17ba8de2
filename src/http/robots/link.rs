//! `GET /api/robots/{robotId}/link`: the secret a WorkTool phone connects with.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The link id; none for native robots.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RobotLink {
    /// Robot.
    pub robot_id: String,
    /// Secret path segment.
    #[schema(example = "wt22phhjpt2xboerspxsote472xdnyq2")]
    pub link_id: Option<String>,
}

/// Shows the link id; every look is audited.
#[utoipa::path(
    get,
    path = "/api/robots/{robotId}/link",
    operation_id = "get_robot_link",
    tag = "机器人",
    summary = "查看链接号",
    description = "链接号等同于密码，仅所有者与管理员可查看，每次查看都会记录审计日志。",
    security(("user" = [])),
    params(("robotId" = String, Path, description = "机器人编号")),
    responses(
        (status = 200, description = "链接号", body = Envelope<RobotLink>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"robotId": "robot_1703123456789_abc123", "linkId": "wt22phhjpt2xboerspxsote472xdnyq2"}})),
        Failures
    )
)]
pub async fn link(state: State, caller: Caller, origin: Origin, robot_id: Path<String>) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::ManageRobot).await?;
    let robot = entry.profile().robot.clone();
    let object = format!("robot/{}", robot.robot_id);
    let audit = origin.audit(&caller, "robot.link.read", object, serde_json::json!({}), state.now());
    state.journal.write(vec![audit]).await?;
    Reply::ok(&RobotLink { robot_id: robot.robot_id.to_string(), link_id: robot.link_id })
}
