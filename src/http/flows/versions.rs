//! `GET /api/flows/{id}/versions`: what a flow was.
use actix_web::web::Path;
use workbot_schema::flow_configs::versions;

use super::detail::find;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery};
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::versions::VersionView;

/// Lists the versions of a flow, newest first.
#[utoipa::path(
    get,
    path = "/api/flows/{id}/versions",
    operation_id = "list_flow_versions",
    tag = "流程",
    summary = "流程版本",
    description = "每次发布产生一个版本，新的在前；content 为该版本的流程定义。",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号"), PagingQuery),
    responses(
        (status = 200, description = "版本", body = Envelope<Page<VersionView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"version": 1, "content": {"id": "flow_1", "name": "售后流程",
                "version": 1, "nodes": [], "edges": []}, "authorId": "system",
                "note": null, "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(state: State, user: UserToken, paging: Paging, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let flow = find(&state, &user, id.into_inner()).await?;
    let (total, rows) = versions::list(&state.db, flow.id, paging.offset, paging.limit).await?;
    Reply::ok(&Page::new(total, rows.into_iter().map(VersionView::from).collect(), &paging))
}
