//! `GET /api/ai/templates/{id}/versions`: what a template was.
use actix_web::web::Path;
use workbot_schema::ai_message_templates::versions;

use super::detail::find;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery};
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::versions::VersionView;

/// Lists the versions of a template, newest first.
#[utoipa::path(
    get,
    path = "/api/ai/templates/{id}/versions",
    operation_id = "list_template_versions",
    tag = "话术模板",
    summary = "话术模板版本",
    description = "每次修改保存一个版本，新的在前；不含启停状态和使用次数。",
    security(("user" = [])),
    params(("id" = String, Path, description = "话术模板编号"), PagingQuery),
    responses(
        (status = 200, description = "版本", body = Envelope<Page<VersionView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"version": 1, "content": {"category": "欢迎语", "name": "新用户欢迎",
                "template": "欢迎 {{userName}} 加入！", "variables": ["userName"]}, "authorId": "system",
                "note": null, "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(state: State, user: UserToken, paging: Paging, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let template = find(&state, &user, id.into_inner()).await?;
    let (total, rows) = versions::list(&state.db, template.id, paging.offset, paging.limit).await?;
    Reply::ok(&Page::new(total, rows.into_iter().map(VersionView::from).collect(), &paging))
}
