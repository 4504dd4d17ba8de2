//! `POST /api/commands/{id}/cancel`: takes back what has not been pushed.
use actix_web::web::Path;

use crate::http::audit::Origin;
use crate::http::auth::Caller;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::robots::cancel::take_back;
use crate::http::robots::command_view::CommandView;
use crate::http::state::State;

/// Cancels a command.
#[utoipa::path(
    post,
    path = "/api/commands/{id}/cancel",
    operation_id = "cancel_command",
    tag = "指令管理",
    summary = "取消指令",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(("id" = String, Path, description = "指令编号")),
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
pub async fn cancel(state: State, caller: Caller, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    let view = take_back(&state, &caller, &id, false).await?;
    let object = format!("command/{}", view.command_id);
    let audit = origin.audit(&caller, "command.cancel", object, serde_json::json!({}), state.now());
    state.journal.write(vec![audit]).await?;
    Reply::ok(&view)
}
