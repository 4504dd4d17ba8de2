//! `GET /api/user/info`: who is asking, and what they may do.
use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::users::{Role, User, masked};

use crate::http::auth::UserToken;
use crate::http::auth::permission::{Action, GRANTS, Reach, reach};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;

/// A person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// Id.
    pub user_id: String,
    /// Login, masked.
    #[schema(example = "138****1234")]
    pub phone: String,
    /// Shown name.
    pub name: Option<String>,
    /// What the person may do, in a word.
    pub role: Role,
    /// The same action by action: `own`, `assigned` or `all`; what is missing may not be done.
    #[schema(value_type = Object)]
    pub permissions: BTreeMap<Action, Reach>,
    /// The session of the browser; none with a bearer token.
    pub session_id: Option<String>,
    /// What goes into `X-CSRF-Token`, the same as in the cookie `workbot_csrf`; none with a bearer token.
    pub csrf_token: Option<String>,
    /// Made at.
    pub created_at: String,
    /// Came in last at.
    pub last_login_at: Option<String>,
}

impl UserInfo {
    /// A person, with the session's id and CSRF token when there is one.
    pub fn of(user: &User, session: Option<(String, String)>) -> Self {
        let (session_id, csrf_token) = session.unzip();
        let reaches = GRANTS.iter().map(|grant| (grant.action, reach(user.role, grant.action)));
        Self {
            user_id: user.id.to_string(),
            phone: masked(&user.phone),
            name: user.name.clone(),
            role: user.role,
            permissions: reaches.filter(|(_action, reach)| *reach != Reach::None).collect(),
            session_id,
            csrf_token,
            created_at: user.created_at.iso(),
            last_login_at: user.last_login_at.map(workbot_schema::fields::Ts::iso),
        }
    }
}

/// Shows the person behind the credential.
#[utoipa::path(
    get,
    path = "/api/user/info",
    operation_id = "get_user_info",
    tag = "用户",
    summary = "当前用户",
    description = "以会话访问时包含 csrfToken（与 Cookie workbot_csrf 相同），修改类请求以请求头 X-CSRF-Token 携带。",
    security(("user" = [])),
    responses(
        (status = 200, description = "当前用户", body = Envelope<UserInfo>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "138****1234", "name": null,
                "role": "operator", "permissions": {"read_robot": "assigned", "command": "assigned"},
                "sessionId": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "csrfToken": "…",
                "createdAt": "2026-01-30T12:00:00.000Z", "lastLoginAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn info(user: UserToken) -> ApiResult<Reply> {
    let session = user.session.as_ref().map(|session| (session.row.id.to_string(), session.csrf.clone()));
    Reply::ok(&UserInfo::of(&user.user, session))
}
