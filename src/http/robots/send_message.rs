//! `POST /api/robot/send-message`: a chat message, as a command to the phone.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::commands::{CommandSource, CommandState};
use workbot_schema::wire::command_item::Warning;
use workbot_schema::wire::send_message::{SendMessageRequest, prepare};

use super::submission::{Call, submit};
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{IdempotencyKey, MessageBody, RequestId};
use crate::http::guard::idempotency::Started;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The command that will send the message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendMessageResponse {
    /// Names the message from now on.
    #[schema(example = "msg_1703123456789_abc123def")]
    pub message_id: String,
    /// The same.
    pub command_id: String,
    /// `pending`: it waits for the phone.
    #[schema(example = "pending")]
    pub status: &'static str,
    /// What may go wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Sends a message.
#[utoipa::path(
    post,
    path = "/api/robot/send-message",
    operation_id = "send_message",
    tag = "消息与指令",
    summary = "发送消息",
    description = "指令落盘后才返回；手机离线时排队，上线后下发。按 type 校验字段：text 需要 content；image、video、file 需要 fileUrl 或只填 objectName（微盘）；link 需要 objectName 与 linkUrl；mini_program 需要 objectName 与 content。",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = SendMessageRequest, examples(
        ("text" = (summary = "文本", value = json!({"robotId": "robot_1703123456789_abc123", "type": "text",
            "titleList": ["张三"], "content": "你好！我是AI助手，很高兴为您服务~", "atList": ["张三"]}))),
        ("image" = (summary = "图片", value = json!({"robotId": "robot_1703123456789_abc123", "type": "image",
            "titleList": ["测试群1"], "fileUrl": "https://cdn.example.com/reply.jpg", "fileType": "image", "extraText": "这是我的回复"}))),
        ("link" = (summary = "链接", value = json!({"robotId": "robot_1703123456789_abc123", "type": "link",
            "titleList": ["张三"], "objectName": "标题", "linkUrl": "https://www.example.com/", "content": "副标题"})))
    )),
    responses(
        (status = 200, description = "指令已下发", body = Envelope<SendMessageResponse>,
            example = json!({"success": true, "code": 0, "message": "指令已下发", "data": {
                "messageId": "msg_1703123456789_abc123def", "commandId": "msg_1703123456789_abc123def", "status": "pending"}})),
        Failures
    )
)]
pub async fn send_message(
    state: State,
    caller: Caller,
    request: RequestId,
    key: IdempotencyKey,
    body: MessageBody<SendMessageRequest>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, body.value.robot_id.as_deref(), Action::Send).await?;
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    take_request(&entry)?;
    let mut checked = prepare(&body.value)?;
    let warnings = std::mem::take(&mut checked.warnings);
    let call = Call {
        source: CommandSource::SendMessage,
        request: &request,
        priority: 0,
        expires_in_secs: None,
        now: state.now(),
    };
    let command = call.command(&state, &entry, checked).await?;
    let id = command.id.to_string();
    let reply = Reply::message(
        "指令已下发",
        &SendMessageResponse {
            message_id: id.clone(),
            command_id: id,
            status: CommandState::Queued.wire(),
            warnings,
        },
    )?;
    submit(&state, &entry, vec![command], ticket, reply).await
}
