//! `GET /api/offline-queue`: how much waits for each robot, and for how long.
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workbot_schema::commands::queries::list_depths;

use super::list::RobotNames;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::robots::robot_view::{RobotStatus, RobotView};
use crate::http::robots::visibility::visible_robots;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct QueueQuery {
    /// One robot.
    pub robot_id: Option<String>,
}

/// What waits for one robot.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// Robot.
    pub robot_id: String,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is there.
    pub status: RobotStatus,
    /// Commands that wait.
    pub depth: i64,
    /// Age of the oldest one, whole seconds.
    pub oldest_age_secs: i64,
}

/// Lists the queues that are not empty, the longest first.
#[utoipa::path(
    get,
    path = "/api/offline-queue",
    operation_id = "list_offline_queues",
    tag = "指令管理",
    summary = "离线队列",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(QueueQuery, PagingQuery),
    responses(
        (status = 200, description = "各机器人的等待队列", body = Envelope<Page<QueueView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"robotId": "robot_1703123456789_abc123", "name": "管家", "status": "offline",
                "depth": 12, "oldestAgeSecs": 340}]}})),
        Failures
    )
)]
pub async fn offline_queue(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<QueueQuery>,
) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadCommands).await?;
    let robots: Option<HashSet<_>> = robots.map(|robots| robots.into_iter().collect());
    let mut depths = list_depths(&state.db).await?;
    depths.retain(|depth| robots.as_ref().is_none_or(|robots| robots.contains(&depth.robot_uuid)));
    depths.sort_by_key(|depth| (std::cmp::Reverse(depth.depth), depth.robot_uuid.0));
    let total = i64::try_from(depths.len()).unwrap_or(i64::MAX);
    let (offset, limit) =
        (usize::try_from(paging.offset).unwrap_or(usize::MAX), usize::try_from(paging.limit).unwrap_or(0));
    let now = state.now();
    let mut names = RobotNames::default();
    let mut list = Vec::new();
    for depth in depths.into_iter().skip(offset).take(limit) {
        let robot_id = names.find(&state, depth.robot_uuid).await?;
        let robot = state.directory.find(depth.robot_uuid).map(|entry| entry.profile().robot.clone());
        let view = robot.map(|robot| RobotView::of(&state, robot));
        list.push(QueueView {
            robot_id,
            status: view.as_ref().map_or(RobotStatus::Offline, |view| view.status),
            name: view.map(|view| view.name),
            depth: depth.depth,
            oldest_age_secs: depth.oldest.map_or(0, |oldest| (now.utc() - oldest.utc()).num_seconds().max(0)),
        });
    }
    Reply::ok(&Page::new(total, list, &paging))
}
