//! `GET /api/robots`: the robots somebody may see.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::robots::RobotKind;
use workbot_schema::robots::queries::{self, RobotFilter};

use super::robot_view::RobotView;
use super::visibility::{circle, visible_robots};
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct RobotsQuery {
    /// A part of name or id.
    pub q: Option<String>,
    /// One kind.
    pub kind: Option<RobotKind>,
}

/// Lists robots, newest first.
#[utoipa::path(
    get,
    path = "/api/robots",
    operation_id = "list_robots",
    tag = "机器人",
    summary = "机器人列表",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(RobotsQuery, PagingQuery),
    responses(
        (status = 200, description = "机器人", body = Envelope<Page<RobotView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"robotId": "robot_1703123456789_abc123",
                "robotUuid": "550e8400-e29b-41d4-a716-446655440000", "kind": "worktool", "name": "管家",
                "openCallback": 1, "replyAll": 0, "callbackUrl": "https://ai.example.com/callback",
                "enabled": true, "status": "online", "queued": 0, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<RobotsQuery>,
) -> ApiResult<Reply> {
    let mut filter = RobotFilter { text: query.q, kind: query.kind, ..RobotFilter::default() };
    match &caller {
        Caller::User(user) => {
            let circle = circle(&user.user.id, caller.may(Action::ReadRobot)?);
            filter.is_owned = circle.as_ref().is_some_and(|circle| !circle.with_assigned);
            filter.visible_to = circle.map(|circle| circle.user);
        }
        Caller::Robot(_) | Caller::Platform(_) => {
            filter.ids = visible_robots(&state, &caller, None, Action::ReadRobot).await?;
        }
    }
    let (total, rows) = queries::list(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(|robot| RobotView::of(&state, robot)).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
