//! `POST /api/admin/users`: an account for somebody.
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use workbot_schema::accounts::{AccountAct, AccountDone};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::users::{self, Role, User};

use super::user_view::UserView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict};
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::users::send_sms::checked_phone;
use crate::http::users::ticket::checked_name;

/// A new account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateUserRequest {
    /// Phone, 11 digits.
    #[schema(example = "13800138000")]
    pub phone: String,
    /// Shown name.
    pub name: Option<String>,
    /// What the person may do.
    pub role: Role,
}

/// Makes an account.
#[utoipa::path(
    post,
    path = "/api/admin/users",
    operation_id = "create_user",
    tag = "用户",
    summary = "创建用户",
    description = "手机号已被使用时返回 409 phone_taken。用户以短信验证码登录。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = CreateUserRequest,
        example = json!({"phone": "13800138000", "name": "张三", "role": "operator"})),
    responses(
        (status = 200, description = "已创建", body = Envelope<UserView>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {
                "userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "13800138000", "name": "张三",
                "role": "operator", "enabled": true, "lastLoginAt": null,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<CreateUserRequest>,
) -> ApiResult<Reply> {
    user.may(Action::Users)?;
    let caller = Caller::User(user);
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let CreateUserRequest { phone, name, role } = body.value;
    let phone = checked_phone(&phone)?;
    // A refusal must not be remembered as the answer of the key; the write below decides for good.
    if users::find_by_phone(&state.db, phone.clone()).await?.is_some() {
        return Err(ApiError::Conflict(Conflict::PhoneTaken));
    }
    let made = User { name: checked_name(name)?, ..User::new(phone, role, state.now()) };
    let detail = json!({"role": made.role, "name": made.name});
    let audit = origin.audit(&caller, "user.create", format!("user/{}", made.id), detail, state.now());
    let reply = Reply::ok(&UserView::whole(&made))?;
    let account = Record::Account(Box::new(AccountAct::CreateUser(made)));
    match ticket.commit(&state, &reply, vec![account, audit]).await? {
        Committed::Replay(reply) => Ok(reply),
        Committed::Done(outcomes) => match outcomes.first() {
            Some(Outcome::Account(done)) if matches!(**done, AccountDone::Changed { .. }) => Ok(reply),
            _ => Err(ApiError::Conflict(Conflict::PhoneTaken)),
        },
    }
}
