//! `POST /api/commands/{id}/priority`: moves a waiting command up or down.
use actix_web::web::Path;
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_schema::commands::priority::change;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::robots::command_lookup::find_command;
use crate::http::robots::command_view::CommandView;
use crate::http::state::State;

/// The new priority.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriorityRequest {
    /// −100..100, higher first.
    #[schema(minimum = -100, maximum = 100)]
    pub priority: i32,
}

/// Moves a command.
#[utoipa::path(
    post,
    path = "/api/commands/{id}/priority",
    operation_id = "set_command_priority",
    tag = "指令管理",
    summary = "调整指令优先级",
    description = "仅对排队中的指令有效，已下发的返回 409。",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(("id" = String, Path, description = "指令编号")),
    request_body(content = PriorityRequest, example = json!({"priority": 100})),
    responses(
        (status = 200, description = "指令", body = Envelope<CommandView>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"commandId": "msg_1703123456789_abc123def", "messageId": "msg_1703123456789_abc123def",
                "robotId": "robot_1703123456789_abc123", "type": 203, "commandName": "send_message",
                "label": "发送文本", "state": "queued", "attempt": 1, "priority": 100, "errorCode": 0,
                "errorReason": "", "successList": ["张三"], "failList": [], "item": {"type": 203,
                "titleList": ["张三"], "receivedContent": "你好"}, "createdAt": "2026-01-30T12:00:00.000Z",
                "history": [{"state": "queued", "at": "2026-01-30T12:00:00.000Z", "attempt": 1}]}})),
        Failures
    )
)]
pub async fn priority(
    state: State,
    caller: Caller,
    origin: Origin,
    id: Path<String>,
    body: Body<PriorityRequest>,
) -> ApiResult<Reply> {
    let (command, entry) = find_command(&state, &caller, &id, Action::CancelCommand).await?;
    let priority = body.value.priority;
    if !(-100..=100).contains(&priority) {
        return Err(ApiError::field("priority", "必须是 -100 到 100 之间的整数"));
    }
    let before = command.priority;
    let (command, is_changed) = change(&state.db, command.id, priority).await?;
    if !is_changed {
        return Err(ApiError::Conflict(Conflict::CommandPushed { state: command.state }));
    }
    let detail = serde_json::json!({"from": before, "to": priority});
    let audit =
        origin.audit(&caller, "command.priority", format!("command/{}", command.id), detail, state.now());
    state.journal.write(vec![audit]).await?;
    Reply::ok(&CommandView::new(command, entry.profile().robot.robot_id.to_string()))
}
