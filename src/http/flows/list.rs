//! `GET /api/flows`: shared flows and one's own.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::configuration::ConfigurationFilter;
use workbot_schema::flow_configs;

use super::flow_view::FlowRow;
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
pub struct FlowsQuery {
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// A part of the name.
    pub q: Option<String>,
}

/// Lists flows in the order they were made.
#[utoipa::path(
    get,
    path = "/api/flows",
    operation_id = "list_flows",
    tag = "流程",
    summary = "流程列表",
    description = "包含共享流程（ownerId 为空）和自己的流程；管理员可见全部。",
    security(("user" = [])),
    params(FlowsQuery, PagingQuery),
    responses(
        (status = 200, description = "流程", body = Envelope<Page<FlowRow>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后流程", "description": "",
                "isActive": true, "publishedVersion": null, "latestVersion": 0, "isPreset": false, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<FlowsQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let filter = ConfigurationFilter {
        audience: user.audience(),
        is_active: query.is_active,
        group: None,
        name: query.q,
    };
    let (total, rows) = flow_configs::list(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(FlowRow::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
