//! `GET /api/commands`: commands of every robot within reach.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::commands::CommandState;
use workbot_schema::commands::queries::{self, CommandFilter};
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::queries::RobotKey;

use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::robots::command_view::CommandView;
use crate::http::robots::visibility::visible_robots;
use crate::http::state::{AppState, State};

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct CommandsQuery {
    /// One robot.
    pub robot_id: Option<String>,
    /// One state.
    pub state: Option<CommandState>,
    /// One WorkTool type.
    #[serde(rename = "type")]
    pub command_type: Option<i32>,
    /// Accepted at or after, ISO 8601.
    pub from: Option<DateTime<Utc>>,
    /// Accepted before, ISO 8601.
    pub to: Option<DateTime<Utc>>,
    /// A part of the item.
    pub q: Option<String>,
}

/// Lists commands, newest first.
#[utoipa::path(
    get,
    path = "/api/commands",
    operation_id = "list_commands",
    tag = "指令管理",
    summary = "指令列表",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(CommandsQuery, PagingQuery),
    responses(
        (status = 200, description = "指令", body = Envelope<Page<CommandView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"commandId": "msg_1703123456789_abc123def",
                "messageId": "msg_1703123456789_abc123def", "robotId": "robot_1703123456789_abc123",
                "type": 203, "commandName": "send_message", "label": "发送文本", "state": "succeeded",
                "attempt": 1, "priority": 0, "errorCode": 0, "errorReason": "", "successList": ["张三"],
                "failList": [], "item": {"type": 203, "titleList": ["张三"], "receivedContent": "你好"},
                "createdAt": "2026-01-30T12:00:00.000Z", "history": [{"state": "queued",
                "at": "2026-01-30T12:00:00.000Z", "attempt": 1}]}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<CommandsQuery>,
) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadCommands).await?;
    let filter = CommandFilter {
        robots,
        state: query.state,
        command_type: query.command_type,
        from: query.from.map(Ts::new),
        to: query.to.map(Ts::new),
        text: query.q.filter(|text| !text.is_empty()),
    };
    let (total, rows) = queries::list(&state.db, filter, paging.offset, paging.limit).await?;
    let mut names = RobotNames::default();
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let robot_id = names.find(&state, row.robot_uuid).await?;
        list.push(CommandView::new(row, robot_id));
    }
    Reply::ok(&Page::new(total, list, &paging))
}

/// Public ids of the robots of one page.
#[derive(Debug, Default)]
pub struct RobotNames(HashMap<RobotUuid, String>);

impl RobotNames {
    /// The public id of a robot; of a deleted one its UUID.
    pub async fn find(&mut self, state: &AppState, robot: RobotUuid) -> ApiResult<String> {
        if let Some(known) = self.0.get(&robot) {
            return Ok(known.clone());
        }
        let entry = state.directory.get(RobotKey::Uuid(robot)).await?;
        let name =
            entry.map_or_else(|| robot.to_string(), |entry| entry.profile().robot.robot_id.to_string());
        self.0.insert(robot, name.clone());
        Ok(name)
    }
}
