//! `GET /api/messages/{id}/why`: why a message was or was not answered, in one sentence.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::ids::MessageId;
use workbot_schema::messages::{self, Direction, MessageReason, SessionMessage};

use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Why a message was or was not answered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyView {
    /// The message.
    pub message_id: String,
    /// A stable word.
    pub reason: &'static str,
    /// The same in a sentence.
    pub message: String,
    /// The message it was answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// The command that carries the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
}

/// Tells why a message was or was not answered.
#[utoipa::path(
    get,
    path = "/api/messages/{id}/why",
    operation_id = "why",
    tag = "监控",
    summary = "消息为何（未）回复",
    security(("user" = []), ("platform" = [])),
    params(("id" = String, Path, description = "messageId")),
    responses(
        (status = 200, description = "原因", body = Envelope<WhyView>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {
                "messageId": "msg_1703123456789_abc123def", "reason": "not_mentioned",
                "message": "群消息没有 @机器人，且 replyAll 不是 1，所以不回复。"}})),
        Failures
    )
)]
pub async fn why(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    caller.may(Action::ReadMessages)?;
    let missing = || ApiError::NotFound(Missing::Message);
    let message = messages::find(&state.db, MessageId::from(id.into_inner())).await?.ok_or_else(missing)?;
    let robot = message.robot_uuid.to_string();
    match caller.robot(&state, Some(&robot), Action::ReadMessages).await {
        Ok(_entry) => Reply::ok(&view(&message)),
        Err(ApiError::NotFound(_)) => Err(missing()),
        Err(error) => Err(error),
    }
}

fn view(message: &SessionMessage) -> WhyView {
    let detail = message.reason_detail.as_deref();
    let (reason, sentence) = match message.reason {
        None if message.direction == Direction::Out => {
            ("answered", "这条消息是在机器人的手机上发出的，不需要回复。".to_owned())
        }
        None => ("running", "正在处理，稍后再看。".to_owned()),
        Some(reason) => (reason.as_str(), sentence(reason, detail)),
    };
    let into = (message.reason == Some(MessageReason::Merged)).then(|| detail.map(str::to_owned)).flatten();
    WhyView {
        message_id: message.id.to_string(),
        reason,
        message: sentence,
        into,
        execution_id: message.run_id.clone(),
        command_id: message.command_id.as_ref().map(ToString::to_string),
    }
}

fn sentence(reason: MessageReason, detail: Option<&str>) -> String {
    let known = match reason {
        MessageReason::Answered if detail == Some("no_reply") => "流程已完成，按流程无需回复。",
        MessageReason::Answered => "已回复。",
        MessageReason::NotMentioned => "群消息没有 @机器人，且 replyAll 不是 1，所以不回复。",
        MessageReason::ReadOnly => "机器人设置为只读（replyAll = -1），所以不回复。",
        MessageReason::TakenOver => "会话由人工接管，机器人不回复。",
        MessageReason::Merged => "与同一会话的另一条消息合并回复，见 into。",
        MessageReason::Duplicate => "与之前的消息重复，已忽略。",
        MessageReason::CallbackPending => "已交给第三方平台，等待其回复。",
        MessageReason::CallbackFailed => "通知第三方平台失败，可在回调记录中查看原因并重放。",
        MessageReason::CallbackBacklog => {
            "第三方平台的待发回调过多，这条消息的回调被丢弃，可在回调记录中重放。"
        }
        MessageReason::RuleReply => "模型不可用，已由内置规则回复。",
        MessageReason::QueuedOffline => "回复已生成，机器人离线，上线后发送。",
        MessageReason::BudgetSpent => "机器人当日的 Token 预算已用完，已由内置规则回复。",
        MessageReason::Expired => "回复未能在有效时间内发出，已作废。",
        MessageReason::Failed => "处理失败",
    };
    match (reason, detail) {
        (MessageReason::Failed, Some(detail)) => format!("{known}：{detail}。可在流程执行中查看并重试。"),
        (MessageReason::Failed, None) => format!("{known}。可在流程执行中查看并重试。"),
        _ => known.to_owned(),
    }
}
