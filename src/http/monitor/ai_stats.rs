//! `GET /api/monitor/ai/stats`: how models and nodes do.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workbot_actors::monitor::ai_stats::Tally;

use crate::http::auth::{Action, Reach, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Forbidden};
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// Which time.
pub struct AiStatsQuery {
    /// 5m, 1h or 24h (1h).
    pub window: Option<String>,
}

/// The figures of one model or node type.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TallyView {
    /// Which.
    pub name: String,
    /// How many.
    pub total: u64,
    /// Those that went well.
    pub succeeded: u64,
    /// Those that did not.
    pub failed: u64,
    /// Half of them took no longer, milliseconds, at most 12.5 % too high.
    pub p50_ms: u64,
    /// 95 % of them took no longer.
    pub p95_ms: u64,
    /// 99 % of them took no longer.
    pub p99_ms: u64,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
}

/// The figures of a time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AiStatsView {
    /// 5m, 1h or 24h.
    pub window: &'static str,
    /// Calls to models.
    pub total: u64,
    /// Those that went well.
    pub succeeded: u64,
    /// Those that did not.
    pub failed: u64,
    /// Half of them took no longer, milliseconds, at most 12.5 % too high.
    pub p50_ms: u64,
    /// 95 % of them took no longer.
    pub p95_ms: u64,
    /// 99 % of them took no longer.
    pub p99_ms: u64,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
    /// Runs of flows, from their start to their end.
    pub runs: TallyView,
    /// By model.
    pub by_model: Vec<TallyView>,
    /// By node type.
    pub by_node: Vec<TallyView>,
}

/// Tells the figures of models and nodes.
#[utoipa::path(
    get,
    path = "/api/monitor/ai/stats",
    operation_id = "ai_stats",
    tag = "监控",
    summary = "AI 调用统计",
    description = "模型调用与节点的次数、成功率、分位耗时、Token 与费用，取自服务器的直方图（误差不超过 12.5%）。只对能查看全部机器人的角色开放。",
    security(("user" = [])),
    params(AiStatsQuery),
    responses(
        (status = 200, description = "统计", body = Envelope<AiStatsView>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"window": "1h", "total": 120,
                "succeeded": 119, "failed": 1, "p50Ms": 1535, "p95Ms": 3071, "p99Ms": 5119, "tokensIn": 21600,
                "tokensOut": 9120, "costMicros": 144000,
                "runs": {"name": "runs", "total": 60, "succeeded": 60, "failed": 0, "p50Ms": 1791, "p95Ms": 3583,
                "p99Ms": 5119, "tokensIn": 0, "tokensOut": 0, "costMicros": 0}, "byModel": [], "byNode": []}})),
        Failures
    )
)]
pub async fn ai_stats(state: State, user: UserToken, Query(query): Query<AiStatsQuery>) -> ApiResult<Reply> {
    if user.may(Action::ReadRuns)? == Reach::Own {
        return Err(ApiError::Forbidden(Forbidden::Role));
    }
    let (window, secs) = match query.window.as_deref().unwrap_or("1h") {
        "5m" => ("5m", 300),
        "1h" => ("1h", 3_600),
        "24h" => ("24h", 86_400),
        _ => return Err(ApiError::field("window", "可选 5m、1h、24h")),
    };
    let figures = state.monitor.figures(Duration::from_secs(secs));
    let calls = view("calls", &figures.calls);
    Reply::ok(&AiStatsView {
        window,
        total: calls.total,
        succeeded: calls.succeeded,
        failed: calls.failed,
        p50_ms: calls.p50_ms,
        p95_ms: calls.p95_ms,
        p99_ms: calls.p99_ms,
        tokens_in: calls.tokens_in,
        tokens_out: calls.tokens_out,
        cost_micros: calls.cost_micros,
        runs: view("runs", &figures.runs),
        by_model: figures.models.iter().map(|(name, tally)| view(name, tally)).collect(),
        by_node: figures.nodes.iter().map(|(name, tally)| view(name, tally)).collect(),
    })
}

fn view(name: &str, tally: &Tally) -> TallyView {
    TallyView {
        name: name.to_owned(),
        total: tally.succeeded.saturating_add(tally.failed),
        succeeded: tally.succeeded,
        failed: tally.failed,
        p50_ms: tally.durations.percentile(50),
        p95_ms: tally.durations.percentile(95),
        p99_ms: tally.durations.percentile(99),
        tokens_in: tally.tokens_in,
        tokens_out: tally.tokens_out,
        cost_micros: tally.cost_micros,
    }
}
