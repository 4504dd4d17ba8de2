//! `GET /api/ai/models`: shared models and one's own.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::ai_models::{self, Provider};
use workbot_schema::configuration::ConfigurationFilter;

use super::model_view::ModelView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct ModelsQuery {
    /// One provider.
    pub provider: Option<Provider>,
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// A part of the name.
    pub q: Option<String>,
}

/// Lists models in the order they were made.
#[utoipa::path(
    get,
    path = "/api/ai/models",
    operation_id = "list_models",
    tag = "AI 模型",
    summary = "模型列表",
    description = "包含共享模型（ownerId 为空）和自己的模型；管理员可见全部。密钥只写不读，只显示是否已设置。",
    security(("user" = [])),
    params(ModelsQuery, PagingQuery),
    responses(
        (status = 200, description = "模型", body = Envelope<Page<ModelView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "豆包 32k",
                "provider": "doubao", "modelId": "doubao-pro-32k", "modelType": "chat",
                "capabilities": ["intent_recognition", "service_reply", "chat"], "isActive": true, "apiEndpoint": null,
                "apiKeySet": true, "priority": 100, "inDefaultChain": true, "config": {"priceInMicros": 800,
                "priceOutMicros": 2000}, "isPreset": false, "version": 1, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z", "live": {"isUsable": true, "status": "healthy",
                "breaker": "closed", "responseMs": 820, "error": null, "checkedAt": "2026-01-30T12:00:00.000Z",
                "calls": 12, "failures": 0, "inFlight": 0}}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<ModelsQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let filter = ConfigurationFilter {
        audience: user.audience(),
        is_active: query.is_active,
        group: query.provider.map(|provider| provider.as_str().to_owned()),
        name: query.q,
    };
    let (total, rows) = ai_models::list(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(|row| ModelView::new(&state, row)).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
