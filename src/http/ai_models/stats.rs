//! `GET /api/ai/models/{id}/stats`: what calls to a model came to.
use actix_web::web::Path;
use workbot_schema::ai_calls::tally::CallsOf;

use super::detail::find;
use crate::http::auth::{Action, UserToken};
use crate::http::call_stats::{CallStats, CallStatsQuery};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Tells the figures of a model.
#[utoipa::path(
    get,
    path = "/api/ai/models/{id}/stats",
    operation_id = "model_stats",
    tag = "AI 模型",
    summary = "模型用量统计",
    description = "时间窗内的调用次数、成功率、分位耗时、Token 与费用（¥ × 10⁻⁶），不含健康检查。",
    security(("user" = [])),
    params(("id" = String, Path, description = "模型编号"), CallStatsQuery),
    responses(
        (status = 200, description = "统计", body = Envelope<CallStats>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"window": "24h", "total": 120,
                "succeeded": 119, "failed": 1, "successRate": 0.9917, "p50Ms": 1535, "p95Ms": 3071, "p99Ms": 5119,
                "tokensIn": 21600, "tokensOut": 9120, "costMicros": 144000, "isCut": false,
                "byPurpose": [{"purpose": "reply", "total": 60, "failed": 1}]}})),
        Failures
    )
)]
pub async fn stats(
    state: State,
    user: UserToken,
    id: Path<String>,
    Query(query): Query<CallStatsQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let model = find(&state, &user, id.into_inner()).await?;
    Reply::ok(&CallStats::read(&state, CallsOf::Model(model.id), &query).await?)
}
