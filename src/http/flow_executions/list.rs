//! `GET /api/flow-executions`: runs of every robot within reach.
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::RunStatus;
use workbot_schema::flow_executions::queries::{self, RunFilter};

use super::execution_view::ExecutionRow;
use crate::http::auth::{Action, Caller};
use crate::http::commands::list::RobotNames;
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::robots::visibility::visible_robots;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct ExecutionsQuery {
    /// One robot.
    pub robot_id: Option<String>,
    /// One conversation.
    pub session_id: Option<String>,
    /// The runs that answer a message, also as a later one of a burst.
    pub message_id: Option<String>,
    /// One flow.
    pub flow_id: Option<String>,
    /// running, waiting, completed or failed.
    pub status: Option<RunStatus>,
    /// Begun at or after, ISO 8601.
    pub from: Option<DateTime<Utc>>,
    /// Begun before, ISO 8601.
    pub to: Option<DateTime<Utc>>,
}

/// Lists runs, newest first.
#[utoipa::path(
    get,
    path = "/api/flow-executions",
    operation_id = "list_flow_executions",
    tag = "流程执行",
    summary = "流程执行列表",
    description = "按开始时间倒序；节点与上下文见详情。",
    security(("user" = [])),
    params(ExecutionsQuery, PagingQuery),
    responses(
        (status = 200, description = "执行记录", body = Envelope<Page<ExecutionRow>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "run_5f0c6d0e", "flowId": "flow_full", "flowVersion": 1,
                "robotId": "robot_1703123456789_abc123", "sessionId": "5f0c6d0e-9b1f-5a53-8f58-6a2f7c1d2e3f",
                "messageIds": ["msg_1703123456789_abc123def"], "status": "completed",
                "startedAt": "2026-01-30T12:00:00.000Z", "finishedAt": "2026-01-30T12:00:02.500Z",
                "durationMs": 2500, "errorCode": null, "error": null, "tokens": 256, "costMicros": 307,
                "retryOf": null, "retryFrom": null}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<ExecutionsQuery>,
) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadRuns).await?;
    let filter = RunFilter {
        robots,
        session: query.session_id.map(Into::into),
        flow: query.flow_id.map(Into::into),
        status: query.status,
        message: query.message_id.map(Into::into),
        from: query.from.map(Ts::new),
        to: query.to.map(Ts::new),
    };
    let (total, rows) = queries::list(&state.db, filter, paging.offset, paging.limit).await?;
    let mut names = RobotNames::default();
    let mut list = Vec::with_capacity(rows.len());
    for row in &rows {
        let robot_id = names.find(&state, row.robot_uuid).await?;
        list.push(ExecutionRow::new(row, robot_id));
    }
    Reply::ok(&Page::new(total, list, &paging))
}
