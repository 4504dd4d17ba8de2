//! `GET /api/ai/personas/{id}/stats`: what calls in which a persona spoke came to.
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

/// Tells the figures of a persona.
#[utoipa::path(
    get,
    path = "/api/ai/personas/{id}/stats",
    operation_id = "persona_stats",
    tag = "AI 角色",
    summary = "角色用量统计",
    description = "时间窗内以该角色调用模型的次数、成功率、分位耗时、Token 与费用（¥ × 10⁻⁶）；内置规则的回复不计。",
    security(("user" = [])),
    params(("id" = String, Path, description = "角色编号"), CallStatsQuery),
    responses(
        (status = 200, description = "统计", body = Envelope<CallStats>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"window": "24h", "total": 60,
                "succeeded": 59, "failed": 1, "successRate": 0.9833, "p50Ms": 1535, "p95Ms": 3071, "p99Ms": 5119,
                "tokensIn": 12600, "tokensOut": 5120, "costMicros": 84000, "isCut": false,
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
    let persona = find(&state, &user, id.into_inner()).await?;
    Reply::ok(&CallStats::read(&state, CallsOf::Persona(persona.id), &query).await?)
}
