//! `GET /api/admin/actors`: every living actor, and those that failed a moment ago, as a flat list of rows with `parent`.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::wire::actor_snapshot::ActorSnapshot;

use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Rows when no page is asked for.
const ROWS: usize = 5_000;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct ActorsQuery {
    /// One kind.
    pub kind: Option<String>,
    /// A part of the id.
    pub q: Option<String>,
    /// Whether a page is asked for; all rows otherwise.
    #[param(ignore)]
    page: Option<i64>,
    #[param(ignore)]
    page_size: Option<i64>,
}

/// Lists actors by kind and id.
#[utoipa::path(
    get,
    path = "/api/admin/actors",
    operation_id = "list_actors",
    tag = "运行状态",
    summary = "运行单元列表",
    description = "不分页时返回全部（最多 5000 行）；parent 为上级编号。",
    security(("user" = [])),
    params(ActorsQuery, PagingQuery),
    responses(
        (status = 200, description = "运行单元", body = Envelope<Page<ActorSnapshot>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "router", "kind": "router", "parent": "root", "state": "running",
                "mailbox": {"depth": 0, "capacity": 8192}, "handled": 1024, "refused": 0, "restarts": 0,
                "since": "2026-01-30T12:00:00Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<ActorsQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadActors)?;
    let mut rows = state.registry.snapshot();
    rows.retain(|row| {
        query.kind.as_ref().is_none_or(|kind| *kind == row.kind)
            && query.q.as_ref().is_none_or(|part| row.id.contains(part.as_str()))
    });
    rows.sort_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let is_paged = query.page.is_some() || query.page_size.is_some();
    let (offset, limit) = if is_paged {
        (usize::try_from(paging.offset).unwrap_or(usize::MAX), usize::try_from(paging.limit).unwrap_or(0))
    } else {
        (0, ROWS)
    };
    let list = rows.into_iter().skip(offset).take(limit).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
