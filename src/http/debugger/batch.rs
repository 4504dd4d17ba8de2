//! `POST /api/ai/debug/batch`: many messages with the intents they should be.
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_actors::debugger::{BatchItem, batch_report};
use workbot_schema::wire::debugger::BatchReport;

use super::question::{Asker, check_message};
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Most messages of a batch.
const ITEMS_MAX: usize = 200;
/// Messages that are asked about at a time.
const AT_A_TIME: usize = 8;

/// One message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Expectation {
    /// 1..4,000 characters.
    pub message: String,
    /// The intent it should be.
    pub expected: String,
}

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BatchRequest {
    /// 1..200 messages.
    pub items: Vec<Expectation>,
    /// Only this model; the default chain when absent.
    pub model_id: Option<String>,
}

/// Recognises many intents.
#[utoipa::path(
    post,
    path = "/api/ai/debug/batch",
    operation_id = "debug_batch",
    tag = "AI 调试",
    summary = "批量测试意图",
    description = "逐条识别并与期望比较，给出准确率、混淆矩阵与每个意图的精确率、召回率。",
    security(("user" = [])),
    request_body(content = BatchRequest, example = json!({"items": [{"message": "我要退款", "expected": "service"}]})),
    responses(
        (status = 200, description = "报告", body = Envelope<BatchReport>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "correct": 1,
                "failed": 0, "accuracy": 1.0, "results": [{"message": "我要退款", "expected": "service",
                "got": "service", "confidence": 0.95, "isCorrect": true, "durationMs": 640}],
                "confusion": [{"expected": "service", "got": "service", "count": 1}],
                "intents": [{"intent": "service", "expected": 1, "got": 1, "correct": 1, "precision": 1.0,
                "recall": 1.0}]}})),
        Failures
    )
)]
pub async fn batch(state: State, user: UserToken, body: Body<BatchRequest>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let BatchRequest { items, model_id } = body.value;
    let mut wrong = Fields::new();
    wrong.expect((1..=ITEMS_MAX).contains(&items.len()), "items", "应为 1 至 200 条");
    for (place, item) in items.iter().take(ITEMS_MAX).enumerate() {
        check_message(&format!("items[{place}].message"), &item.message, &mut wrong);
        wrong.expect_text(&format!("items[{place}].expected"), &item.expected, 100);
    }
    wrong.into_invalid()?;
    let asker = Asker::read(&state, &user, model_id, None).await?;
    let asked = items.into_iter().map(|item| {
        let request = asker.ask(&state, &item.message);
        let (providers, names_model) = (&state.providers, asker.names_model());
        async move {
            let answer = providers.intent(request).await;
            let failure = answer.tried.last().map(|tried| tried.kind.as_str());
            let outcome = match answer.by {
                None if names_model => Err(failure.unwrap_or("not_asked").to_owned()),
                _ => Ok((answer.value.intent, answer.value.confidence)),
            };
            let Expectation { message, expected } = item;
            BatchItem { message, expected, outcome, duration_ms: answer.duration_ms }
        }
    });
    let items: Vec<BatchItem> = stream::iter(asked).buffered(AT_A_TIME).collect().await;
    Reply::ok(&batch_report(items))
}
