//! `POST /api/ai/debug/benchmark`: how fast a model answers, and how often.
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use workbot_actors::debugger::{Call, benchmark_report};
use workbot_schema::wire::debugger::BenchmarkReport;

use super::question::{Asker, check_message};
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Most calls.
const REQUESTS_MAX: usize = 200;
/// Most calls under way at a time.
const CONCURRENCY_MAX: usize = 16;
/// No call begins later than this.
const LONGEST: Duration = Duration::from_secs(120);

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BenchmarkRequest {
    /// 1..4,000 characters.
    pub message: String,
    /// Calls, 1..200 (10).
    pub requests: Option<usize>,
    /// Calls under way at a time, 1..16 (4).
    pub concurrency: Option<usize>,
    /// Only this model; the default chain when absent.
    pub model_id: Option<String>,
}

/// Measures models.
#[utoipa::path(
    post,
    path = "/api/ai/debug/benchmark",
    operation_id = "debug_benchmark",
    tag = "AI 调试",
    summary = "模型性能测试",
    description = "以同一条消息真实调用模型（会产生 Token 费用），给出分位耗时、吞吐与失败原因；由内置规则回答的计为失败。超过 120 秒不再发起新的调用。",
    security(("user" = [])),
    request_body(content = BenchmarkRequest, example = json!({"message": "你好", "requests": 20, "concurrency": 4})),
    responses(
        (status = 200, description = "报告", body = Envelope<BenchmarkReport>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"requests": 20, "succeeded": 20,
                "failed": 0, "successRate": 1.0, "minMs": 410, "meanMs": 690, "p50Ms": 640, "p95Ms": 1180,
                "p99Ms": 1310, "maxMs": 1310, "wallMs": 3600, "requestsPerSecond": 5.5, "tokens": 1200,
                "histogram": [{"fromMs": 250, "toMs": 500, "count": 6}, {"fromMs": 500, "toMs": 1000, "count": 12},
                {"fromMs": 1000, "toMs": 2000, "count": 2}], "errors": []}})),
        Failures
    )
)]
pub async fn benchmark(state: State, user: UserToken, body: Body<BenchmarkRequest>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let BenchmarkRequest { message, requests, concurrency, model_id } = body.value;
    let (requests, concurrency) = (requests.unwrap_or(10), concurrency.unwrap_or(4));
    let mut wrong = Fields::new();
    check_message("message", &message, &mut wrong);
    wrong.expect((1..=REQUESTS_MAX).contains(&requests), "requests", "应为 1 至 200 的整数");
    wrong.expect((1..=CONCURRENCY_MAX).contains(&concurrency), "concurrency", "应为 1 至 16 的整数");
    wrong.into_invalid()?;
    let asker = Asker::read(&state, &user, model_id, None).await?;
    let begun = Instant::now();
    let calls = (0..requests).map(|_number| async {
        if begun.elapsed() >= LONGEST {
            return Call { duration: Duration::ZERO, tokens: 0, error: Some("not_asked".to_owned()) };
        }
        let answer = state.providers.reply(asker.ask(&state, &message)).await;
        let failure = answer.tried.last().map_or("no_model", |tried| tried.kind.as_str());
        Call {
            duration: Duration::from_millis(answer.duration_ms),
            tokens: u64::try_from(answer.tokens_in.saturating_add(answer.tokens_out)).unwrap_or(0),
            error: answer.by.is_none().then(|| failure.to_owned()),
        }
    });
    let calls: Vec<Call> = stream::iter(calls).buffer_unordered(concurrency).collect().await;
    Reply::ok(&benchmark_report(&calls, begun.elapsed()))
}
