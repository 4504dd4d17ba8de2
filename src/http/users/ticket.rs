//! `POST /api/user/ticket`: a login link becomes a session, once.
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_schema::accounts::AccountAct;
use workbot_schema::accounts::queries::ticket_user;
use workbot_schema::users::{Role, User};

use super::cookies::WithCookies;
use super::entrance::Entrance;
use super::info::UserInfo;
use super::send_sms::checked_phone;
use crate::http::auth::hash_of;
use crate::http::envelope::Envelope;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What stands in the link, and who sets a new installation up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TicketRequest {
    /// The part of the link behind `ticket=`.
    #[schema(example = "Zm9v…")]
    pub ticket: String,
    /// Phone of the first administrator; only for the setup link.
    #[schema(example = "13800138000")]
    pub phone: Option<String>,
    /// Name of the first administrator; only for the setup link.
    pub name: Option<String>,
}

/// Longest name of a person, in characters.
pub const NAME_MAX: usize = 50;

/// Logs in by a link.
#[utoipa::path(
    post,
    path = "/api/user/ticket",
    operation_id = "login_by_ticket",
    tag = "用户",
    summary = "登录链接换取会话",
    description = "登录链接 /login?ticket=… 只能使用一次。首次启动且没有任何用户时，服务日志会给出初始化链接：此时还需提交 phone（管理员手机号），否则返回 400 并在 data.fields.phone 说明，链接仍然有效；提交后创建管理员并登录。",
    request_body(content = TicketRequest, example = json!({"ticket": "Zm9v…", "phone": "13800138000"})),
    responses(
        (status = 200, description = "已登录", body = Envelope<UserInfo>,
            example = json!({"success": true, "code": 0, "message": "登录成功",
                "data": {"userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "138****8000", "name": null,
                "role": "admin", "permissions": {"read_robot": "all", "users": "all"},
                "sessionId": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "csrfToken": "…",
                "createdAt": "2026-01-30T12:00:00.000Z", "lastLoginAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn ticket(state: State, entrance: Entrance, body: Body<TicketRequest>) -> ApiResult<WithCookies> {
    let TicketRequest { ticket, phone, name } = body.value;
    if ticket.is_empty() || ticket.len() > 100 {
        return Err(ApiError::field("ticket", "登录链接不完整，请重新复制"));
    }
    entrance.check(&state)?;
    let first_admin = match phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty()) {
        Some(phone) => Some(first_admin(&state, phone, name)?),
        None => None,
    };
    let ticket_hash = hash_of(ticket.as_bytes());
    let named = ticket_user(&state.db, ticket_hash.clone()).await?;
    let user = named.or_else(|| first_admin.as_ref().map(|user| user.id.clone()));
    let act = |session| AccountAct::EnterTicket { ticket_hash, first_admin, session };
    entrance.enter(&state, user.as_ref(), "link", act).await
}

fn first_admin(state: &State, phone: &str, name: Option<String>) -> ApiResult<User> {
    let phone = checked_phone(phone)?;
    let name = checked_name(name)?;
    Ok(User { name, ..User::new(phone, Role::Admin, state.now()) })
}

/// A name without blanks around it; an empty one is none, a long one 400.
pub fn checked_name(name: Option<String>) -> ApiResult<Option<String>> {
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    match name {
        Some(name) if name.chars().count() > NAME_MAX => {
            Err(ApiError::field("name", format!("最多 {NAME_MAX} 个字符")))
        }
        name => Ok(name),
    }
}
