//! `POST /api/ai/models/{id}/probe`: a sign of life, asked for at once.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::detail::find;
use super::model_view::LiveModel;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// How a probe went.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probed {
    /// Whether the model answered.
    pub ok: bool,
    /// What went wrong otherwise.
    pub error: Option<String>,
    /// Milliseconds it took.
    pub duration_ms: u64,
    /// What is known of it now; null = something is missing to call it.
    pub live: Option<LiveModel>,
}

/// Asks a model for a sign of life, whatever its breaker says; switched on or not.
#[utoipa::path(
    post,
    path = "/api/ai/models/{id}/probe",
    operation_id = "probe_model",
    tag = "AI 模型",
    summary = "测试模型连接",
    description = "立即调用一次模型（少量 Token），不受熔断影响；失败时 ok 为 false，error 说明原因。",
    security(("user" = [])),
    params(("id" = String, Path, description = "模型编号")),
    responses(
        (status = 200, description = "测试结果", body = Envelope<Probed>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"ok": true, "error": null,
                "durationMs": 640, "live": {"isUsable": true, "status": "healthy", "breaker": "closed",
                "responseMs": 640, "error": null, "checkedAt": "2026-01-30T12:00:00.000Z", "calls": 1,
                "failures": 0, "inFlight": 0}}})),
        Failures
    )
)]
pub async fn probe(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let model = find(&state, &user, id.into_inner()).await?;
    let probed = match state.providers.health(&model.id).await {
        Some(report) => Probed {
            ok: report.is_healthy,
            error: report.error,
            duration_ms: report.duration_ms,
            live: Some(report.model.into()),
        },
        None => Probed {
            ok: false,
            error: Some("模型还不能调用，请检查接口地址和密钥".to_owned()),
            duration_ms: 0,
            live: None,
        },
    };
    let detail = serde_json::json!({"ok": probed.ok});
    let object = format!("model/{}", model.id);
    let audit = origin.audit(&Caller::User(user), "model.probe", object, detail, state.now());
    state.journal.write(vec![audit]).await?;
    Reply::ok(&probed)
}
