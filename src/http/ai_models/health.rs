//! `GET /api/ai/models/{id}/health`: how a model is, and how it was.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::ai_models::health::{HealthCheck, HealthStatus, list};

use super::detail::find;
use super::model_view::LiveModel;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Looks that are shown.
const CHECKS: i64 = 50;

/// One look at a model.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// healthy, degraded or down.
    pub status: HealthStatus,
    /// Milliseconds it took to answer.
    pub response_ms: Option<i32>,
    /// What went wrong.
    pub error: Option<String>,
    /// When.
    pub checked_at: String,
}

/// How a model is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthView {
    /// Now; null = something is missing to call it.
    pub live: Option<LiveModel>,
    /// The last 50 looks, newest first.
    pub checks: Vec<CheckView>,
}

impl From<HealthCheck> for CheckView {
    fn from(row: HealthCheck) -> Self {
        Self {
            status: row.status,
            response_ms: row.response_time,
            error: row.error_message,
            checked_at: row.checked_at.iso(),
        }
    }
}

/// Tells how a model is.
#[utoipa::path(
    get,
    path = "/api/ai/models/{id}/health",
    operation_id = "model_health",
    tag = "AI 模型",
    summary = "模型健康状况",
    description = "live 为当前状态与熔断器，checks 为最近 50 次健康记录。",
    security(("user" = [])),
    params(("id" = String, Path, description = "模型编号")),
    responses(
        (status = 200, description = "健康状况", body = Envelope<HealthView>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"live": {"isUsable": true,
                "status": "healthy", "breaker": "closed", "responseMs": 820, "error": null,
                "checkedAt": "2026-01-30T12:00:00.000Z", "calls": 12, "failures": 0, "inFlight": 0},
                "checks": [{"status": "healthy", "responseMs": 820, "error": null,
                "checkedAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn health(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let model = find(&state, &user, id.into_inner()).await?;
    let live = state.providers.find(&model.id).map(LiveModel::from);
    let checks = list(&state.db, model.id, CHECKS).await?;
    Reply::ok(&HealthView { live, checks: checks.into_iter().map(CheckView::from).collect() })
}
