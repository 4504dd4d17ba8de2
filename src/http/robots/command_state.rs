//! `GET /api/robot/commands/{messageId}`: state and history of a command, or of all commands of a batch.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::command_lookup::{find_batch, find_command};
use super::command_view::CommandView;
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The commands of one WorkTool-style call.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchView {
    /// The id the call was answered with.
    pub batch_id: String,
    /// Its commands, in order.
    pub list: Vec<CommandView>,
}

/// Shows a command.
#[utoipa::path(
    get,
    path = "/api/robot/commands/{messageId}",
    operation_id = "get_command_state",
    tag = "消息与指令",
    summary = "查询指令状态",
    description = "messageId 为指令编号；传入批次编号时返回 {batchId, list}。",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    params(("messageId" = String, Path, description = "指令编号或批次编号")),
    responses(
        (status = 200, description = "指令", body = Envelope<CommandView>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"commandId": "msg_1703123456789_abc123def", "messageId": "msg_1703123456789_abc123def",
                "robotId": "robot_1703123456789_abc123", "type": 203, "commandName": "send_message",
                "label": "发送文本", "state": "succeeded", "attempt": 1, "priority": 0, "errorCode": 0,
                "errorReason": "", "successList": ["张三"], "failList": [], "item": {"type": 203,
                "titleList": ["张三"], "receivedContent": "你好"}, "createdAt": "2026-01-30T12:00:00.000Z",
                "history": [{"state": "queued", "at": "2026-01-30T12:00:00.000Z", "attempt": 1}]}})),
        Failures
    )
)]
pub async fn command_state(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    match find_command(&state, &caller, &id, Action::ReadCommands).await {
        Ok((command, entry)) => {
            take_request(&entry)?;
            Reply::ok(&CommandView::new(command, entry.profile().robot.robot_id.to_string()))
        }
        Err(ApiError::NotFound(_)) => {
            let (commands, entry) = find_batch(&state, &caller, &id, Action::ReadCommands).await?;
            take_request(&entry)?;
            let robot_id = entry.profile().robot.robot_id.to_string();
            let list =
                commands.into_iter().map(|command| CommandView::new(command, robot_id.clone())).collect();
            Reply::ok(&BatchView { batch_id: id.into_inner(), list })
        }
        Err(error) => Err(error),
    }
}
