//! `PUT /api/admin/users/{id}`: the fields given change, the rest stays.
use actix_web::web::Path;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::ToSchema;
use workbot_schema::accounts::{AccountAct, AccountDone, UserChanges};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::ids::UserId;
use workbot_schema::users::{Role, User};

use super::user_view::UserView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};
use crate::http::users::ticket::checked_name;

/// What changes.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeUserRequest {
    /// Shown name; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// What the person may do.
    pub role: Option<Role>,
    /// On or off.
    pub enabled: Option<bool>,
}

/// Tells null from absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes an account.
#[utoipa::path(
    put,
    path = "/api/admin/users/{id}",
    operation_id = "update_user",
    tag = "用户",
    summary = "修改用户",
    description = "只修改给出的字段。停用用户会立即结束其全部会话与令牌，并断开其名下机器人的连接（接口返回 403，重新启用后恢复）；最后一个管理员不能停用或改为其他角色（409 last_admin）。",
    security(("user" = [])),
    params(("id" = String, Path, description = "用户编号")),
    request_body(content = ChangeUserRequest, example = json!({"role": "developer", "enabled": true})),
    responses(
        (status = 200, description = "修改后的用户", body = Envelope<UserView>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {
                "userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "138****8000", "name": "张三",
                "role": "developer", "enabled": true, "lastLoginAt": "2026-01-30T12:00:00.000Z",
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T13:00:00.000Z"}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<ChangeUserRequest>,
) -> ApiResult<Reply> {
    user.may(Action::Users)?;
    let ChangeUserRequest { name, role, enabled } = body.value;
    let mut detail = serde_json::Map::new();
    let name = match name {
        Some(name) => Some(checked_name(name)?),
        None => None,
    };
    detail.extend(name.as_ref().map(|name| ("name".to_owned(), json!(name))));
    detail.extend(role.map(|role| ("role".to_owned(), json!(role))));
    detail.extend(enabled.map(|enabled| ("enabled".to_owned(), json!(enabled))));
    let changes = UserChanges { name, role, is_active: enabled, ends_logins: false };
    let changed =
        apply(&state, user, &origin, (id.into_inner(), changes), ("user.update", detail.into())).await?;
    Reply::ok(&UserView::masked(&changed))
}

/// Writes a change with its audit record, and forgets what memory knew of the person.
pub async fn apply(
    state: &AppState,
    user: UserToken,
    origin: &Origin,
    (id, changes): (String, UserChanges),
    (action, detail): (&str, Value),
) -> ApiResult<User> {
    let id = UserId(id);
    let audit = origin.audit(&Caller::User(user), action, format!("user/{id}"), detail, state.now());
    let act = AccountAct::ChangeUser { id, changes };
    match state.journal.write(vec![Record::Account(Box::new(act)), audit]).await?.into_iter().next() {
        Some(Outcome::Account(done)) => match *done {
            AccountDone::Changed { user, ended, .. } => {
                state.users.forget(&user.id);
                ended.iter().for_each(|hash| state.logins.sessions.forget(hash));
                Ok(*user)
            }
            AccountDone::LastAdmin => Err(ApiError::Conflict(Conflict::LastAdmin)),
            _ => Err(ApiError::NotFound(Missing::User)),
        },
        _ => Err(ApiError::Internal("the journal answered an account with something else".to_owned())),
    }
}
