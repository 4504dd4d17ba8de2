//! `POST /api/ai/models/{id}/rollback`: an older content becomes the newest version.
use actix_web::web::Path;
use workbot_schema::ai_models::versions;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::change::answer;
use super::detail::find;
use super::model_view::ModelView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::versions::RollbackFields;

/// Goes back to an older version.
#[utoipa::path(
    post,
    path = "/api/ai/models/{id}/rollback",
    operation_id = "rollback_model",
    tag = "AI 模型",
    summary = "回滚模型",
    description = "以旧版本的内容生成新版本；启停状态不变，地址改变时密钥被清除。",
    security(("user" = [])),
    params(("id" = String, Path, description = "模型编号")),
    request_body(content = RollbackFields, example = json!({"version": 1})),
    responses(
        (status = 200, description = "回滚后的模型", body = Envelope<ModelView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "豆包 32k",
                "provider": "doubao", "modelId": "doubao-pro-32k", "modelType": "chat",
                "capabilities": ["intent_recognition", "service_reply", "chat"], "isActive": true, "apiEndpoint": null,
                "apiKeySet": true, "priority": 100, "inDefaultChain": true, "config": {"priceInMicros": 800,
                "priceOutMicros": 2000}, "isPreset": false, "version": 3, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z", "live": {"isUsable": true, "status": "healthy",
                "breaker": "closed", "responseMs": 820, "error": null, "checkedAt": "2026-01-30T12:00:00.000Z",
                "calls": 12, "failures": 0, "inFlight": 0}}})),
        Failures
    )
)]
pub async fn rollback(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<RollbackFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let wish = body.value.check()?;
    if versions::find(&state.db, present.id.clone(), wish.to).await?.is_none() {
        return Err(ApiError::NotFound(Missing::Version));
    }
    let edit = Edit::Rollback { id: present.id.clone(), expected: wish.expected, to: wish.to };
    let change = Change {
        edit: ConfigurationEdit::Model(edit),
        action: "model.rollback",
        object: format!("model/{}", present.id),
        detail: serde_json::json!({"to": wish.to}),
        missing: Missing::Model,
    };
    let configured = configure_noted(&state, &user, &origin, change, wish.note).await?;
    state.refresh_models().await;
    answer(&state, configured)
}
