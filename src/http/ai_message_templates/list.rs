//! `GET /api/ai/templates`: shared templates and one's own.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::ai_message_templates;
use workbot_schema::configuration::ConfigurationFilter;

use super::template_view::TemplateView;
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
pub struct TemplatesQuery {
    /// One category.
    pub category: Option<String>,
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// A part of the name.
    pub q: Option<String>,
}

/// Lists templates in the order they were made.
#[utoipa::path(
    get,
    path = "/api/ai/templates",
    operation_id = "list_templates",
    tag = "话术模板",
    summary = "话术模板列表",
    description = "包含共享话术模板（ownerId 为空）和自己的话术模板；管理员可见全部。",
    security(("user" = [])),
    params(TemplatesQuery, PagingQuery),
    responses(
        (status = 200, description = "话术模板", body = Envelope<Page<TemplateView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "category": "欢迎语",
                "name": "新用户欢迎", "description": "新用户加入时的欢迎语", "template": "欢迎 {{userName}} 加入！",
                "variables": ["userName"], "personaType": "community", "useCount": 12, "isActive": true,
                "isPreset": false, "version": 1, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<TemplatesQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let filter = ConfigurationFilter {
        audience: user.audience(),
        is_active: query.is_active,
        group: query.category,
        name: query.q,
    };
    let (total, rows) = ai_message_templates::list(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(TemplateView::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
