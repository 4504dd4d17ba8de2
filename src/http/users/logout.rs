//! `POST /api/user/logout`: the session of this browser ends.
use actix_web::HttpRequest;
use serde_json::json;

use super::cookies::{WithCookies, is_secure};
use super::end_session::end;
use crate::http::audit::Origin;
use crate::http::auth::UserToken;
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Forbidden};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Logs out.
#[utoipa::path(
    post,
    path = "/api/user/logout",
    operation_id = "logout",
    tag = "用户",
    summary = "退出登录",
    description = "结束当前浏览器的会话并清除 Cookie；该会话的实时连接随即收到 bye 并关闭。用户令牌（Bearer）没有会话，返回 403。",
    security(("user" = [])),
    responses(
        (status = 200, description = "已退出", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "已退出登录", "data": {}})),
        Failures
    )
)]
pub async fn logout(
    state: State,
    user: UserToken,
    origin: Origin,
    request: HttpRequest,
) -> ApiResult<WithCookies> {
    let session = user.session.clone().ok_or(ApiError::Forbidden(Forbidden::Credential))?;
    end(&state, user, &origin, session.row.id.clone(), ("user.logout", json!({}))).await?;
    Ok(WithCookies::close(Reply::message("已退出登录", &Empty {})?, is_secure(&state, &request)))
}
