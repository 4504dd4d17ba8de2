//! `GET /api/sessions`: conversations of every robot within reach.
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use workbot_schema::sessions::queries::{self, SessionFilter};

use super::session_view::SessionView;
use crate::http::auth::{Action, Caller};
use crate::http::commands::list::RobotNames;
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::robots::visibility::visible_robots;
use crate::http::state::State;

/// Who has a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// The robot answers.
    Robot,
    /// A person has it.
    TakenOver,
}

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct SessionsQuery {
    /// One robot.
    pub robot_id: Option<String>,
    /// robot or taken_over.
    #[param(inline)]
    pub state: Option<SessionState>,
    /// A part of the name of the sender or the group.
    pub q: Option<String>,
}

/// Lists conversations, the last active first.
#[utoipa::path(
    get,
    path = "/api/sessions",
    operation_id = "list_sessions",
    tag = "会话",
    summary = "会话列表",
    description = "按最近活跃时间倒序。state=taken_over 只看人工接管中的会话。",
    security(("user" = []), ("platform" = [])),
    params(SessionsQuery, PagingQuery),
    responses(
        (status = 200, description = "会话", body = Envelope<Page<SessionView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "5f0c6d0e-9b1f-5a53-8f58-6a2f7c1d2e3f", "robotId": "robot_1703123456789_abc123",
                "roomType": 1, "groupName": "客服群", "userName": "张三", "userId": "张三", "state": "robot",
                "takenOverBy": null, "takenOverAt": null, "takeoverEndsAt": null, "personaId": null,
                "lastMessageAt": "2026-01-30T12:00:00.000Z", "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<SessionsQuery>,
) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadMessages).await?;
    let filter = SessionFilter {
        robots,
        is_taken_over: query.state.map(|state| state == SessionState::TakenOver),
        name: query.q.filter(|text| !text.is_empty()),
    };
    let (total, rows) = queries::list(&state.db, filter, paging.offset, paging.limit).await?;
    let mut names = RobotNames::default();
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let robot_id = names.find(&state, row.robot_uuid).await?;
        list.push(SessionView::new(&state, row, robot_id));
    }
    Reply::ok(&Page::new(total, list, &paging))
}
