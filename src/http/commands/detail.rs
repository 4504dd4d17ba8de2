//! `GET /api/commands/{id}`: one command.
use actix_web::web::Path;

use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::robots::command_lookup::find_command;
use crate::http::robots::command_view::CommandView;
use crate::http::state::State;

/// Shows a command.
#[utoipa::path(
    get,
    path = "/api/commands/{id}",
    operation_id = "get_command",
    tag = "指令管理",
    summary = "指令详情",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(("id" = String, Path, description = "指令编号")),
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
pub async fn detail(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    let (command, entry) = find_command(&state, &caller, &id, Action::ReadCommands).await?;
    Reply::ok(&CommandView::new(command, entry.profile().robot.robot_id.to_string()))
}
