//! `POST /api/robots/{robotId}/kick`: the present connection is closed; the phone may come back.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::kernel::post;
use workbot_actors::robot::orders::{CloseCause, RobotOrder};

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What a kick did.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kicked {
    /// False when the robot was not connected.
    pub kicked: bool,
}

/// Disconnects a robot.
#[utoipa::path(
    post,
    path = "/api/robots/{robotId}/kick",
    operation_id = "kick_robot",
    tag = "机器人",
    summary = "踢下线",
    security(("user" = [])),
    params(("robotId" = String, Path, description = "机器人编号")),
    responses(
        (status = 200, description = "已断开", body = Envelope<Kicked>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"kicked": true}})),
        Failures
    )
)]
pub async fn kick(state: State, caller: Caller, origin: Origin, robot_id: Path<String>) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::KickRobot).await?;
    let object = format!("robot/{}", entry.profile().robot.robot_id);
    let audit = origin.audit(&caller, "robot.kick", object, serde_json::json!({}), state.now());
    state.journal.write(vec![audit]).await?;
    let kicked = entry
        .socket()
        .is_some_and(|socket| post(&socket.orders, RobotOrder::Close(CloseCause::Kicked)).is_ok());
    Reply::ok(&Kicked { kicked })
}
