//! `POST /api/admin/users/{id}/sign-out`: everything somebody is logged in with ends.
use actix_web::web::Path;
use serde_json::json;
use workbot_schema::accounts::UserChanges;

use super::change::apply;
use super::user_view::UserView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Ends every session and token of a person.
#[utoipa::path(
    post,
    path = "/api/admin/users/{id}/sign-out",
    operation_id = "sign_out_user",
    tag = "用户",
    summary = "强制下线",
    description = "结束该用户的全部会话与用户令牌，账号仍可重新登录；机器人与平台密钥不受影响。",
    security(("user" = [])),
    params(("id" = String, Path, description = "用户编号")),
    responses(
        (status = 200, description = "用户", body = Envelope<UserView>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {
                "userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "138****8000", "name": "张三",
                "role": "operator", "enabled": true, "lastLoginAt": "2026-01-30T12:00:00.000Z",
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T13:00:00.000Z"}})),
        Failures
    )
)]
pub async fn sign_out(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::Users)?;
    let changes = UserChanges { ends_logins: true, ..UserChanges::default() };
    let what = (id.into_inner(), changes);
    let changed = apply(&state, user, &origin, what, ("user.sign_out", json!({}))).await?;
    Reply::ok(&UserView::masked(&changed))
}
