//! `DELETE /api/robot/commands/{messageId}`: takes back what has not been pushed.
use actix_web::web::Path;
use workbot_actors::robot::submission::is_too_late;
use workbot_schema::ids::CommandId;

use super::command_lookup::find_command;
use super::command_view::CommandView;
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// Cancels a command.
#[utoipa::path(
    delete,
    path = "/api/robot/commands/{messageId}",
    operation_id = "delete_command",
    tag = "消息与指令",
    summary = "取消指令",
    description = "仅能取消尚未下发的指令；已取消或已过期的指令原样返回 200，已下发的返回 409 command_already_pushed。",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    params(("messageId" = String, Path, description = "指令编号")),
    responses(
        (status = 200, description = "指令", body = Envelope<CommandView>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"commandId": "msg_1703123456789_abc123def", "messageId": "msg_1703123456789_abc123def",
                "robotId": "robot_1703123456789_abc123", "type": 203, "commandName": "send_message",
                "label": "发送文本", "state": "cancelled", "attempt": 1, "priority": 0, "errorCode": 0,
                "errorReason": "", "successList": ["张三"], "failList": [], "item": {"type": 203,
                "titleList": ["张三"], "receivedContent": "你好"}, "createdAt": "2026-01-30T12:00:00.000Z",
                "history": [{"state": "queued", "at": "2026-01-30T12:00:00.000Z", "attempt": 1}]}})),
        Failures
    )
)]
pub async fn cancel(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    let view = take_back(&state, &caller, &id, true).await?;
    Reply::ok(&view)
}

/// Cancels a command for a caller; `is_counted` when it takes one of the robot's requests.
pub async fn take_back(
    state: &AppState,
    caller: &Caller,
    id: &str,
    is_counted: bool,
) -> ApiResult<CommandView> {
    let (command, entry) = find_command(state, caller, id, Action::CancelCommand).await?;
    if is_counted {
        take_request(&entry)?;
    }
    let id: CommandId = command.id;
    let moved = state.commands.cancel(&entry, &id, &format!("by {}", caller.name())).await?;
    if is_too_late(&moved) {
        return Err(ApiError::Conflict(Conflict::CommandPushed { state: moved.command.state }));
    }
    Ok(CommandView::new(moved.command, entry.profile().robot.robot_id.to_string()))
}
