//! `GET /api/ai/models/{id}`: one model.
use actix_web::web::Path;
use workbot_schema::ai_models::{self, AiModel};
use workbot_schema::ids::ModelId;

use super::model_view::ModelView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A model that somebody may see, else 404.
pub async fn find(state: &AppState, user: &UserToken, id: String) -> ApiResult<AiModel> {
    let found = ai_models::find(&state.db, ModelId(id)).await?;
    let seen = found.filter(|model| user.sees(model.owner_id.as_ref()));
    seen.ok_or(ApiError::NotFound(Missing::Model))
}

/// Shows a model.
#[utoipa::path(
    get,
    path = "/api/ai/models/{id}",
    operation_id = "get_model",
    tag = "AI 模型",
    summary = "模型详情",
    security(("user" = [])),
    params(("id" = String, Path, description = "模型编号")),
    responses(
        (status = 200, description = "模型", body = Envelope<ModelView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "豆包 32k",
                "provider": "doubao", "modelId": "doubao-pro-32k", "modelType": "chat",
                "capabilities": ["intent_recognition", "service_reply", "chat"], "isActive": true, "apiEndpoint": null,
                "apiKeySet": true, "priority": 100, "inDefaultChain": true, "config": {"priceInMicros": 800,
                "priceOutMicros": 2000}, "isPreset": false, "version": 1, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z", "live": {"isUsable": true, "status": "healthy",
                "breaker": "closed", "responseMs": 820, "error": null, "checkedAt": "2026-01-30T12:00:00.000Z",
                "calls": 12, "failures": 0, "inFlight": 0}}})),
        Failures
    )
)]
pub async fn detail(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let model = find(&state, &user, id.into_inner()).await?;
    Reply::ok(&ModelView::new(&state, model))
}
