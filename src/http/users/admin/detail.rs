//! `GET /api/admin/users/{id}`: one account with its sessions.
use actix_web::web::Path;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use workbot_schema::ids::UserId;
use workbot_schema::users;

use super::user_view::UserView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::users::sessions::{SessionView, views};

/// An account and where its person is logged in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserDetail {
    /// The account, with the whole phone.
    #[serde(flatten)]
    pub user: UserView,
    /// Its sessions, latest first.
    pub sessions: Vec<SessionView>,
}

/// Shows an account; every look is audited.
#[utoipa::path(
    get,
    path = "/api/admin/users/{id}",
    operation_id = "get_user",
    tag = "用户",
    summary = "用户详情",
    description = "包含完整手机号与登录会话；每次查看都会记录审计日志。",
    security(("user" = [])),
    params(("id" = String, Path, description = "用户编号")),
    responses(
        (status = 200, description = "用户", body = Envelope<UserDetail>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {
                "userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "13800138000", "name": "张三",
                "role": "operator", "enabled": true, "lastLoginAt": "2026-01-30T12:00:00.000Z",
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z",
                "sessions": []}})),
        Failures
    )
)]
pub async fn detail(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::Users)?;
    let found = users::find(&state.db, UserId(id.into_inner())).await?;
    let found = found.ok_or(ApiError::NotFound(Missing::User))?;
    let object = format!("user/{}", found.id);
    let audit = origin.audit(&Caller::User(user), "user.read", object, json!({}), state.now());
    state.journal.write(vec![audit]).await?;
    let sessions = views(&state, &found.id, None).await?;
    Reply::ok(&UserDetail { user: UserView::whole(&found), sessions })
}
