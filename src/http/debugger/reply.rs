//! `POST /api/ai/debug/reply`: what would be said to a message.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_actors::provider::ChatMessage;

use super::question::{Asker, MESSAGE_CHARS, MadeBy, check_message};
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Most earlier messages.
const HISTORY_MAX: usize = 20;

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The person in the chat.
    User,
    /// The robot.
    Assistant,
}

/// An earlier message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// user or assistant.
    pub role: Speaker,
    /// What was said, at most 4,000 characters.
    pub content: String,
}

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplyRequest {
    /// 1..4,000 characters.
    pub message: String,
    /// Only this model; that of the persona and the default chain when absent.
    pub model_id: Option<String>,
    /// Who speaks; a plain assistant when absent.
    pub persona_id: Option<String>,
    /// What was said before, oldest first, at most 20.
    pub history: Vec<Said>,
}

/// What would be said, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplyAnswer {
    /// The words.
    pub text: String,
    /// The template they were made of, when rules answered.
    pub template_id: Option<String>,
    /// How they came about.
    #[serde(flatten)]
    pub by: MadeBy,
}

/// Writes a reply.
#[utoipa::path(
    post,
    path = "/api/ai/debug/reply",
    operation_id = "debug_reply",
    tag = "AI 调试",
    summary = "调试回复生成",
    description = "以指定角色与模型生成回复，不会发送到任何会话；没有可用模型时由内置规则以话术模板回复（byRules 为 true）。",
    security(("user" = [])),
    request_body(content = ReplyRequest, example = json!({"message": "怎么退款？", "personaId": "persona_002",
        "history": [{"role": "user", "content": "在吗"}, {"role": "assistant", "content": "在的"}]})),
    responses(
        (status = 200, description = "回复", body = Envelope<ReplyAnswer>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"text": "您好，请提供订单号。",
                "templateId": null, "modelId": "model_doubao", "modelName": "doubao-pro-32k", "provider": "doubao",
                "byRules": false, "tokensIn": 380, "tokensOut": 42, "costMicros": 388, "durationMs": 1280,
                "tried": []}})),
        Failures
    )
)]
pub async fn reply(state: State, user: UserToken, body: Body<ReplyRequest>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let ReplyRequest { message, model_id, persona_id, history } = body.value;
    let mut wrong = Fields::new();
    check_message("message", &message, &mut wrong);
    wrong.expect(history.len() <= HISTORY_MAX, "history", "最多 20 条");
    for (place, said) in history.iter().take(HISTORY_MAX).enumerate() {
        wrong.expect_length(&format!("history[{place}].content"), &said.content, MESSAGE_CHARS);
    }
    wrong.into_invalid()?;
    let asker = Asker::read(&state, &user, model_id, persona_id).await?;
    let mut request = asker.ask(&state, &message);
    let before = history.into_iter().map(|said| match said.role {
        Speaker::User => ChatMessage::user(said.content),
        Speaker::Assistant => ChatMessage::assistant(said.content),
    });
    request.messages = before.chain([ChatMessage::user(message)]).collect();
    let answer = state.providers.reply(request).await;
    let by = MadeBy::of(&answer);
    Reply::ok(&ReplyAnswer { text: answer.value.text, template_id: answer.value.template_id, by })
}
