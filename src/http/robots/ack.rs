//! `POST /api/robot/commands/{messageId}/ack`: a polling app has a command.
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_schema::commands::CommandState;
use workbot_schema::ids::CommandId;

use crate::http::auth::RobotToken;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::PhoneBody;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Which attempt; the latest one when absent.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AckRequest {
    /// As it stood in the command.
    pub attempt: Option<i32>,
}

/// Where a command is now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandStanding {
    /// The command.
    pub command_id: String,
    /// Its state.
    pub state: CommandState,
    /// False when the report came too late or was known already; nothing changed then.
    pub accepted: bool,
}

/// Confirms a command.
#[utoipa::path(
    post,
    path = "/api/robot/commands/{messageId}/ack",
    operation_id = "ack_command",
    tag = "消息与指令",
    summary = "确认收到指令（轮询应用）",
    security(("robot" = [])),
    params(("messageId" = String, Path, description = "指令编号")),
    request_body(content = Option<AckRequest>, description = "可省略", example = json!({"attempt": 1})),
    responses(
        (status = 200, description = "已记录", body = Envelope<CommandStanding>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"commandId": "msg_1703123456789_abc123def", "state": "confirmed", "accepted": true}})),
        Failures
    )
)]
pub async fn ack(
    state: State,
    robot: RobotToken,
    id: Path<String>,
    body: Option<PhoneBody<AckRequest>>,
) -> ApiResult<Reply> {
    robot.take_inbound()?;
    robot.entry.touch(state.clock.monotonic_ms(), state.now());
    let attempt = body.and_then(|body| body.value.attempt);
    let moved = state.commands.confirm(&robot.entry, &CommandId(id.into_inner()), attempt).await?;
    Reply::ok(&CommandStanding {
        command_id: moved.command.id.to_string(),
        state: moved.command.state,
        accepted: moved.is_won,
    })
}
