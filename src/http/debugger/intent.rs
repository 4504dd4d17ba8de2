//! `POST /api/ai/debug/intent`: what a message is about.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::question::{Asker, MadeBy, check_message};
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IntentRequest {
    /// 1..4,000 characters.
    pub message: String,
    /// Only this model; the default chain when absent.
    pub model_id: Option<String>,
}

/// What a message is about, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntentAnswer {
    /// Name of the intent.
    pub intent: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Names and values found in the message.
    #[schema(value_type = Object)]
    pub entities: Map<String, Value>,
    /// How it came about.
    #[serde(flatten)]
    pub by: MadeBy,
}

/// Recognises an intent.
#[utoipa::path(
    post,
    path = "/api/ai/debug/intent",
    operation_id = "debug_intent",
    tag = "AI 调试",
    summary = "调试意图识别",
    description = "不指定 modelId 时按默认顺序询问；没有可用模型时由内置规则识别（byRules 为 true）。",
    security(("user" = [])),
    request_body(content = IntentRequest, example = json!({"message": "我要退款"})),
    responses(
        (status = 200, description = "识别结果", body = Envelope<IntentAnswer>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"intent": "service",
                "confidence": 0.95, "entities": {}, "modelId": "model_doubao", "modelName": "doubao-pro-32k",
                "provider": "doubao", "byRules": false, "tokensIn": 180, "tokensOut": 20, "costMicros": 184,
                "durationMs": 640, "tried": []}})),
        Failures
    )
)]
pub async fn intent(state: State, user: UserToken, body: Body<IntentRequest>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let IntentRequest { message, model_id } = body.value;
    let mut wrong = Fields::new();
    check_message("message", &message, &mut wrong);
    wrong.into_invalid()?;
    let asker = Asker::read(&state, &user, model_id, None).await?;
    let answer = state.providers.intent(asker.ask(&state, &message)).await;
    let by = MadeBy::of(&answer);
    let told = answer.value;
    Reply::ok(&IntentAnswer { intent: told.intent, confidence: told.confidence, entities: told.entities, by })
}
