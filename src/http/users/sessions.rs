//! `GET /api/user/sessions`: where one is logged in.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::accounts::{UserSession, queries};
use workbot_schema::ids::{UserId, UserSessionId};

use crate::http::auth::UserToken;
use crate::http::auth::session::is_over;
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// One session.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Id.
    pub id: String,
    /// Where it was opened from.
    #[schema(example = "203.0.113.5")]
    pub address: String,
    /// The browser, as it names itself.
    pub user_agent: String,
    /// Whether this request came by it.
    pub is_current: bool,
    /// Opened at.
    pub created_at: String,
    /// Last request, within a minute.
    pub last_used_at: String,
    /// Its end, however much it is used.
    pub expires_at: String,
}

impl SessionView {
    fn of(row: UserSession, current: Option<&UserSessionId>) -> Self {
        Self {
            is_current: current == Some(&row.id),
            id: row.id.to_string(),
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at.iso(),
            last_used_at: row.last_used_at.iso(),
            expires_at: row.expires_at.iso(),
        }
    }
}

/// The sessions of a person that are not over, latest first.
pub async fn views(
    state: &AppState,
    user: &UserId,
    current: Option<&UserSessionId>,
) -> ApiResult<Vec<SessionView>> {
    let idle_secs = state.settings.users.session_idle_secs;
    let rows = queries::list_sessions(&state.db, user.clone()).await?;
    let open = rows.into_iter().filter(|row| !is_over(row, idle_secs, state.now()));
    Ok(open.map(|row| SessionView::of(row, current)).collect())
}

/// Lists one's own sessions.
#[utoipa::path(
    get,
    path = "/api/user/sessions",
    operation_id = "list_logins",
    tag = "用户",
    summary = "我的登录会话",
    security(("user" = [])),
    responses(
        (status = 200, description = "登录会话", body = Envelope<Page<SessionView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "list": [{
                "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "address": "203.0.113.5", "userAgent": "Mozilla/5.0",
                "isCurrent": true, "createdAt": "2026-01-30T12:00:00.000Z",
                "lastUsedAt": "2026-01-30T12:30:00.000Z", "expiresAt": "2026-02-06T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn sessions(state: State, user: UserToken) -> ApiResult<Reply> {
    let current = user.session.as_ref().map(|session| &session.row.id);
    let list = views(&state, &user.user.id, current).await?;
    let total = i64::try_from(list.len()).unwrap_or(i64::MAX);
    Reply::ok(&Page { total, list, warnings: Vec::new() })
}
