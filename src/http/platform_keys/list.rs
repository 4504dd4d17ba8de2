//! `GET /api/platform-keys`: own keys, or for administrators everybody's.
use workbot_schema::platform_keys;

use super::key_view::PlatformKeyView;
use crate::http::auth::{Action, Reach, UserToken};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Lists keys, newest first.
#[utoipa::path(
    get,
    path = "/api/platform-keys",
    operation_id = "list_platform_keys",
    tag = "平台密钥",
    summary = "平台密钥列表",
    security(("user" = [])),
    params(PagingQuery),
    responses(
        (status = 200, description = "密钥（不含明文）", body = Envelope<Page<PlatformKeyView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "pk_0190", "name": "Dify", "hint": "wbk_3f9a",
                "ownerId": "550e8400-e29b-41d4-a716-446655440000", "scopes": ["send"], "robotIds": [],
                "ipAllow": [], "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(state: State, user: UserToken, paging: Paging) -> ApiResult<Reply> {
    let owner = match user.may(Action::PlatformKeys)? {
        Reach::All => None,
        Reach::None | Reach::Own | Reach::Assigned => Some(user.user.id.clone()),
    };
    let rows = platform_keys::list(&state.db, owner).await?;
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let (offset, limit) =
        (usize::try_from(paging.offset).unwrap_or(usize::MAX), usize::try_from(paging.limit).unwrap_or(0));
    let list = rows.into_iter().skip(offset).take(limit).map(PlatformKeyView::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
