//! `POST /api/ai/debug/advice`: what could be better about answers.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_actors::debugger::{AnswerSample, PersonaSample, advise};
use workbot_schema::wire::debugger::AdviceReport;

use super::question::MESSAGE_CHARS;
use crate::http::ai_personas::detail::find;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Fields};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Most answers that are looked at.
const ANSWERS_MAX: usize = 200;

/// An answer that was given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Given {
    /// What the user wrote, at most 4,000 characters.
    pub message: String,
    /// What was answered, at most 4,000 characters; empty when nothing was.
    pub text: String,
    /// How sure the intent was, 0 to 1.
    pub confidence: Option<f64>,
    /// How long the answer took.
    pub duration_ms: Option<u64>,
    /// Whether rules had to answer because the models could not.
    pub is_degraded: bool,
}

/// What is looked at.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AdviceRequest {
    /// 1..200 answers.
    pub answers: Vec<Given>,
    /// The persona that gave them.
    pub persona_id: Option<String>,
}

/// Looks at answers.
#[utoipa::path(
    post,
    path = "/api/ai/debug/advice",
    operation_id = "debug_advice",
    tag = "AI 调试",
    summary = "回复优化建议",
    description = "按固定规则检查回复（空回复、泄露、索要敏感信息、承诺、过长、过慢、重复等），最严重的在前；给出 personaId 时附带建议的提示词。不调用模型。",
    security(("user" = [])),
    request_body(content = AdviceRequest, example = json!({"personaId": "persona_002",
        "answers": [{"message": "怎么退款？", "text": "", "durationMs": 4200}]})),
    responses(
        (status = 200, description = "建议", body = Envelope<AdviceReport>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"answers": 1,
                "advice": [{"code": "empty", "level": "critical", "finding": "1 条回复中有 1 条没有内容",
                "suggestion": "检查模型是否正常返回，并确认兜底话术已启用", "count": 1, "examples": [0]}]}})),
        Failures
    )
)]
pub async fn advice(state: State, user: UserToken, body: Body<AdviceRequest>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let AdviceRequest { answers, persona_id } = body.value;
    let mut wrong = Fields::new();
    wrong.expect((1..=ANSWERS_MAX).contains(&answers.len()), "answers", "应为 1 至 200 条");
    for (place, given) in answers.iter().take(ANSWERS_MAX).enumerate() {
        wrong.expect_length(&format!("answers[{place}].message"), &given.message, MESSAGE_CHARS);
        wrong.expect_length(&format!("answers[{place}].text"), &given.text, MESSAGE_CHARS);
        let is_share = given.confidence.is_none_or(|sure| (0.0..=1.0).contains(&sure));
        wrong.expect(is_share, &format!("answers[{place}].confidence"), "应为 0 至 1 的数");
    }
    wrong.into_invalid()?;
    let persona = match persona_id {
        None => None,
        Some(id) => match find(&state, &user, id).await {
            Ok(persona) => Some(PersonaSample {
                system_prompt: persona.system_prompt,
                role_type: persona.role_type,
                temperature: persona.temperature,
            }),
            Err(ApiError::NotFound(_)) => return Err(ApiError::field("personaId", "角色不存在")),
            Err(error) => return Err(error),
        },
    };
    let answers: Vec<AnswerSample> = answers
        .into_iter()
        .map(|given| AnswerSample {
            message: given.message,
            text: given.text,
            confidence: given.confidence,
            duration_ms: given.duration_ms,
            is_degraded: given.is_degraded,
        })
        .collect();
    Reply::ok(&advise(&answers, persona.as_ref()))
}
