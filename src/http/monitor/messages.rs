//! `GET /api/monitor/messages`: what came in and what went out, newest first.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use workbot_schema::commands::RobotCommand;
use workbot_schema::fields::Ts;
use workbot_schema::messages::feed::{FeedFilter, FeedRow, FeedStatus, feed};
use workbot_schema::messages::{Direction, SessionMessage};

use crate::http::auth::{Action, Caller};
use crate::http::commands::list::RobotNames;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::robots::visibility::visible_robots;
use crate::http::state::State;

/// Rows when no number is asked for.
const LIMIT: i64 = 50;
/// Most rows of one answer.
const LIMIT_MAX: i64 = 200;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct MessagesQuery {
    /// One robot.
    pub robot_id: Option<String>,
    /// A part of the name of the group.
    pub group: Option<String>,
    /// A part of the name of the user.
    pub user: Option<String>,
    /// One status.
    pub status: Option<FeedStatus>,
    /// in or out.
    pub direction: Option<Direction>,
    /// At or after, ISO 8601.
    pub from: Option<DateTime<Utc>>,
    /// Before, ISO 8601.
    pub to: Option<DateTime<Utc>>,
    /// A part of the text, or a whole id.
    pub q: Option<String>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// 1 to 200 rows (50).
    pub limit: Option<i64>,
}

/// A row as those who watch see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedView {
    /// Message or command.
    pub id: String,
    /// Place in the order of the server; the number of its live event.
    pub seq: i64,
    /// Public id of the robot.
    pub robot_id: String,
    /// The conversation, when it is known.
    pub session_id: Option<String>,
    /// in or out.
    pub direction: Direction,
    /// Who wrote, or is written to.
    pub user_name: String,
    /// Group name, empty in private chats.
    pub group_name: String,
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact; null when a command does not tell.
    pub room_type: Option<i32>,
    /// Kind of content.
    pub text_type: i32,
    /// The text.
    pub content: String,
    /// What became of it.
    pub status: FeedStatus,
    /// Milliseconds from its arrival to its reason, or from its order to its result.
    pub latency_ms: Option<i64>,
    /// The command that answers it, or that it is.
    pub command_id: Option<String>,
    /// What the phone reported.
    pub error_code: Option<i32>,
    /// The run that answers it.
    pub execution_id: Option<String>,
    /// The message a command answers.
    pub reply_to: Option<String>,
    /// When it came or was ordered.
    #[schema(value_type = String)]
    pub created_at: Ts,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedPage {
    /// Newest first.
    pub list: Vec<FeedView>,
    /// For the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// Live events after this number are not in the list.
    pub as_of_seq: i64,
}

/// Lists messages of every robot within reach.
#[utoipa::path(
    get,
    path = "/api/monitor/messages",
    operation_id = "monitor_messages",
    tag = "监控",
    summary = "业务消息列表",
    description = "收到的消息与发出的消息，按发生顺序倒序；以 nextCursor 翻页。随后以 asOfSeq 作为 /ws/monitor 的 since 订阅，不重不漏。",
    security(("user" = []), ("platform" = [])),
    params(MessagesQuery),
    responses(
        (status = 200, description = "消息", body = Envelope<FeedPage>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"asOfSeq": 2048, "nextCursor": null,
                "list": [{"id": "msg_1703123456789_abc123def", "seq": 1024, "robotId": "robot_1703123456789_abc123",
                "sessionId": "5f0c6d0e-9b1f-5a53-8f58-6a2f7c1d2e3f", "direction": "in", "userName": "张三",
                "groupName": "客服群", "roomType": 1, "textType": 1, "content": "如何退款？", "status": "replied",
                "latencyMs": 1281, "commandId": "msg_1703123456790_def456abc", "errorCode": null,
                "executionId": "run_5f0c6d0e", "replyTo": null, "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn messages(state: State, caller: Caller, Query(query): Query<MessagesQuery>) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadMessages).await?;
    let limit = query.limit.unwrap_or(LIMIT);
    if limit < 1 {
        return Err(ApiError::field("limit", "应为 1 到 200"));
    }
    let limit = limit.min(LIMIT_MAX);
    // Read before the rows: what is told later is not among them.
    let as_of_seq = state.monitor.as_of();
    let newest = as_of_seq.saturating_add(1);
    let below = match query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
        None => newest,
        Some(cursor) => {
            let cursor: i64 =
                cursor.parse().map_err(|_other| ApiError::field("cursor", "应为上一页的 nextCursor"))?;
            cursor.min(newest)
        }
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let filter = FeedFilter {
        robots,
        direction: query.direction,
        group: given(query.group),
        user: given(query.user),
        text: given(query.q),
        status: query.status,
        from: query.from.map(Ts::new),
        to: query.to.map(Ts::new),
        below,
    };
    let rows = feed(&state.db, filter, limit).await?;
    let is_full = i64::try_from(rows.len()).unwrap_or(0) >= limit;
    let next_cursor = rows.last().filter(|_row| is_full).map(|row| row.seq().to_string());
    let mut names = RobotNames::default();
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        list.push(match row {
            FeedRow::Message(message) => {
                let robot_id = names.find(&state, message.robot_uuid).await?;
                of_message(*message, robot_id)
            }
            FeedRow::Command(command) => {
                let robot_id = names.find(&state, command.robot_uuid).await?;
                of_command(*command, robot_id)
            }
        });
    }
    Reply::ok(&FeedPage { list, next_cursor, as_of_seq })
}

fn millis(from: Ts, to: Option<Ts>) -> Option<i64> {
    to.map(|to| to.millis().saturating_sub(from.millis()).max(0))
}

fn of_message(message: SessionMessage, robot_id: String) -> FeedView {
    FeedView {
        status: FeedStatus::of_message(&message),
        latency_ms: millis(message.created_at, message.settled_at),
        id: message.id.to_string(),
        seq: message.seq,
        robot_id,
        session_id: Some(message.session_id.to_string()),
        direction: message.direction,
        user_name: message.received_name,
        group_name: message.group_name,
        room_type: Some(message.room_type),
        text_type: message.text_type,
        content: message.spoken,
        command_id: message.command_id.map(|id| id.to_string()),
        error_code: None,
        execution_id: message.run_id,
        reply_to: None,
        created_at: message.created_at,
    }
}

fn of_command(command: RobotCommand, robot_id: String) -> FeedView {
    let item: Value = serde_json::from_str(&command.item).unwrap_or_default();
    let text = |name: &str| item.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let targets: Vec<&str> = item
        .get("titleList")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let content = ["receivedContent", "originalContent", "objectName", "fileUrl"].into_iter().find_map(text);
    FeedView {
        status: FeedStatus::of_command(command.state),
        latency_ms: millis(command.created_at, command.finished_at),
        id: command.id.to_string(),
        seq: command.seq,
        robot_id,
        session_id: command.session_id.as_ref().map(ToString::to_string),
        direction: Direction::Out,
        user_name: targets.join("、"),
        group_name: String::new(),
        room_type: None,
        text_type: if command.command_type == 203 { 1 } else { 0 },
        content: content.unwrap_or_default().to_owned(),
        command_id: Some(command.id.to_string()),
        error_code: command.error_code,
        execution_id: None,
        reply_to: command.message_id.map(|id| id.to_string()),
        created_at: command.created_at,
    }
}
