//! `POST /api/user/login`: a phone and the code that was sent to it become a session.
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_schema::accounts::AccountAct;
use workbot_schema::users::{self, Role, User};

use super::cookies::WithCookies;
use super::entrance::Entrance;
use super::info::UserInfo;
use super::send_sms::checked_phone;
use crate::http::envelope::Envelope;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Phone and code.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct LoginRequest {
    /// Phone, 11 digits.
    #[schema(example = "13800138000")]
    pub phone: String,
    /// The code of the message.
    #[schema(example = "123456")]
    pub code: String,
}

/// Logs in.
#[utoipa::path(
    post,
    path = "/api/user/login",
    operation_id = "login",
    tag = "用户",
    summary = "验证码登录",
    description = "成功后设置 workbot_session（HttpOnly）与 workbot_csrf 两个 Cookie；之后的修改类请求需携带请求头 X-CSRF-Token。验证码输错 5 次即作废；同一地址 10 分钟内失败 10 次后返回 429。",
    request_body(content = LoginRequest, example = json!({"phone": "13800138000", "code": "123456"})),
    responses(
        (status = 200, description = "已登录", body = Envelope<UserInfo>,
            example = json!({"success": true, "code": 0, "message": "登录成功",
                "data": {"userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "138****8000", "name": null,
                "role": "operator", "permissions": {"read_robot": "assigned", "command": "assigned"},
                "sessionId": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "csrfToken": "…",
                "createdAt": "2026-01-30T12:00:00.000Z", "lastLoginAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn login(state: State, entrance: Entrance, body: Body<LoginRequest>) -> ApiResult<WithCookies> {
    let phone = checked_phone(&body.value.phone)?;
    let code = body.value.code.trim().to_owned();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::field("code", "请输入 6 位数字验证码"));
    }
    entrance.check(&state)?;
    let known = users::find_by_phone(&state.db, phone.clone()).await?;
    let is_open = state.settings.users.open_registration;
    let newcomer = (known.is_none() && is_open).then(|| User::new(phone.clone(), Role::User, state.now()));
    let user = known.as_ref().or(newcomer.as_ref()).map(|user| user.id.clone());
    let code_hash = state.logins.keys.code_hash(&phone, &code);
    let act = |session| AccountAct::EnterCode { phone, code_hash, newcomer, session };
    entrance.enter(&state, user.as_ref(), "code", act).await
}
