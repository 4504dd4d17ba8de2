//! `GET /api/ai/personas/{id}/versions`: what a persona was.
use actix_web::web::Path;
use workbot_schema::ai_personas::versions;

use super::detail::find;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery};
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::versions::VersionView;

/// Lists the versions of a persona, newest first.
#[utoipa::path(
    get,
    path = "/api/ai/personas/{id}/versions",
    operation_id = "list_persona_versions",
    tag = "AI 角色",
    summary = "角色版本",
    description = "每次修改保存一个版本，新的在前，含作者与原因；不含启停状态。",
    security(("user" = [])),
    params(("id" = String, Path, description = "角色编号"), PagingQuery),
    responses(
        (status = 200, description = "版本", body = Envelope<Page<VersionView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"version": 1, "content": {"name": "售后小助手", "roleType": "service",
                "temperature": 0.7}, "authorId": "system",
                "note": null, "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(state: State, user: UserToken, paging: Paging, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let persona = find(&state, &user, id.into_inner()).await?;
    let (total, rows) = versions::list(&state.db, persona.id, paging.offset, paging.limit).await?;
    Reply::ok(&Page::new(total, rows.into_iter().map(VersionView::from).collect(), &paging))
}
