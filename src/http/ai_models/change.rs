//! `PUT /api/ai/models/{id}`: the fields given change, the rest stays.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Configured, Edit};

use super::detail::find;
use super::model_fields::ModelFields;
use super::model_view::ModelView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// Changes a model.
#[utoipa::path(
    put,
    path = "/api/ai/models/{id}",
    operation_id = "update_model",
    tag = "AI 模型",
    summary = "修改模型",
    description = "只修改给出的字段；version 不一致时返回 409 version_conflict。修改 provider 或 apiEndpoint 会清除密钥，需同时给出 apiKey。",
    security(("user" = [])),
    params(("id" = String, Path, description = "模型编号")),
    request_body(content = ModelFields, example = json!({"isActive": false, "version": 1})),
    responses(
        (status = 200, description = "修改后的模型", body = Envelope<ModelView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "豆包 32k",
                "provider": "doubao", "modelId": "doubao-pro-32k", "modelType": "chat",
                "capabilities": ["intent_recognition", "service_reply", "chat"], "isActive": true, "apiEndpoint": null,
                "apiKeySet": true, "priority": 100, "inDefaultChain": true, "config": {"priceInMicros": 800,
                "priceOutMicros": 2000}, "isPreset": false, "version": 2, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z", "live": {"isUsable": true, "status": "healthy",
                "breaker": "closed", "responseMs": 820, "error": null, "checkedAt": "2026-01-30T12:00:00.000Z",
                "calls": 12, "failures": 0, "inFlight": 0}}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<ModelFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let expected = body.value.version;
    let prepared = body.value.prepare(&state, &user, &present).await?;
    let edit = Edit::Update { id: present.id.clone(), expected, changes: Box::new(prepared.changes) };
    let change = Change {
        edit: ConfigurationEdit::Model(edit),
        action: "model.update",
        object: format!("model/{}", present.id),
        detail: serde_json::json!({"fields": prepared.names}),
        missing: Missing::Model,
    };
    let configured = configure_noted(&state, &user, &origin, change, prepared.note).await?;
    state.refresh_models().await;
    answer(&state, configured)
}

/// A model after a change.
pub fn answer(state: &AppState, configured: Configured) -> ApiResult<Reply> {
    match configured {
        Configured::Model(model) => Reply::ok(&ModelView::new(state, *model)),
        _ => Err(ApiError::Internal("the journal answered a model with something else".to_owned())),
    }
}
