//! `GET /api/admin/users`: all accounts.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::accounts::queries::{UserFilter, list_users};
use workbot_schema::users::Role;

use super::user_view::UserView;
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
pub struct UsersQuery {
    /// One role.
    pub role: Option<Role>,
    /// Switched on or off.
    pub enabled: Option<bool>,
    /// A part of the phone or the name.
    pub q: Option<String>,
}

/// Lists accounts, latest first.
#[utoipa::path(
    get,
    path = "/api/admin/users",
    operation_id = "list_users",
    tag = "用户",
    summary = "用户列表",
    description = "手机号中间四位隐藏；完整手机号见用户详情（查看会记录审计日志）。",
    security(("user" = [])),
    params(UsersQuery, PagingQuery),
    responses(
        (status = 200, description = "用户", body = Envelope<Page<UserView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "list": [{
                "userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "138****1234", "name": "张三",
                "role": "operator", "enabled": true, "lastLoginAt": "2026-01-30T12:00:00.000Z",
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<UsersQuery>,
) -> ApiResult<Reply> {
    user.may(Action::Users)?;
    let text = query.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let filter = UserFilter { role: query.role, is_active: query.enabled, text };
    let (total, rows) = list_users(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.iter().map(UserView::masked).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
