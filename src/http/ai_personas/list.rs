//! `GET /api/ai/personas`: shared personas and one's own.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::ai_personas;
use workbot_schema::configuration::ConfigurationFilter;

use super::persona_view::PersonaView;
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
pub struct PersonasQuery {
    /// One role.
    pub role_type: Option<String>,
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// A part of the name.
    pub q: Option<String>,
}

/// Lists personas in the order they were made.
#[utoipa::path(
    get,
    path = "/api/ai/personas",
    operation_id = "list_personas",
    tag = "AI 角色",
    summary = "角色列表",
    description = "包含共享角色（ownerId 为空）和自己的角色；管理员可见全部。",
    security(("user" = [])),
    params(PersonasQuery, PagingQuery),
    responses(
        (status = 200, description = "角色", body = Envelope<Page<PersonaView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后小助手",
                "roleType": "service", "description": "售后咨询", "systemPrompt": "你是一个专业的售后客服。",
                "temperature": 0.7, "maxTokens": 2000, "modelId": null, "preferredModel": "doubao-pro-32k",
                "capabilities": ["service_reply"], "isActive": true, "isPreset": false, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<PersonasQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let filter = ConfigurationFilter {
        audience: user.audience(),
        is_active: query.is_active,
        group: query.role_type,
        name: query.q,
    };
    let (total, rows) = ai_personas::list(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(PersonaView::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
