//! `GET /api/robot/commands`: what an app without a socket has to carry out.
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use workbot_actors::robot::dialect::native;
use workbot_schema::commands::{RobotCommand, queries};

use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// Commands shown to those who only look.
const OPEN: i64 = 200;
/// Longest wait, seconds.
const WAIT_MAX: u64 = 25;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// How long to wait.
pub struct PollQuery {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
    /// Seconds to wait for a command while there is none, 0..25.
    #[param(minimum = 0, maximum = 25, example = 25)]
    pub wait: Option<u64>,
}

/// A command for the phone, as `data` of the socket's `command` frame.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolledCommand {
    /// Id; together with `attempt` what a phone de-duplicates by.
    pub command_id: String,
    /// Name of the type.
    pub command_type: String,
    /// What to do.
    #[schema(value_type = Object)]
    pub params: Value,
    /// Higher first.
    pub priority: i32,
    /// WorkTool number.
    #[serde(rename = "type")]
    pub number: i32,
    /// From 1.
    pub attempt: i32,
    /// ISO 8601 UTC.
    pub created_at: String,
}

#[derive(Deserialize)]
struct Pushed<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Gives the app its commands, highest priority first; they count as sent from now on. Others than the robot only look.
#[utoipa::path(
    get,
    path = "/api/robot/commands",
    operation_id = "poll_commands",
    tag = "消息与指令",
    summary = "拉取待执行指令（轮询应用）",
    description = "机器人令牌：返回尚未确认的指令并标记为已下发，没有指令时最多等待 wait 秒，收到后请调用 ack 确认或直接上报结果。其他凭证：只查看，不影响状态，也不等待。",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    params(PollQuery),
    responses(
        (status = 200, description = "指令", body = Envelope<Page<PolledCommand>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"commandId": "msg_1703123456789_abc123def", "commandType": "send_message",
                "params": {"target": "张三", "titleList": ["张三"], "content": "你好", "messageType": "text",
                "atList": []}, "priority": 0, "type": 203, "attempt": 1,
                "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn poll(state: State, caller: Caller, Query(query): Query<PollQuery>) -> ApiResult<Reply> {
    let entry = caller.robot(&state, query.robot_id.as_deref(), Action::ReadCommands).await?;
    let wait = query.wait.unwrap_or(0);
    if wait > WAIT_MAX {
        return Err(ApiError::field("wait", "必须是 0 到 25 之间的整数"));
    }
    take_request(&entry)?;
    let commands = if matches!(caller, Caller::Robot(_)) {
        entry.touch(state.clock.monotonic_ms(), state.now());
        let commands = state.commands.poll(&entry, Duration::from_secs(wait)).await?;
        entry.touch(state.clock.monotonic_ms(), state.now());
        commands
    } else {
        queries::list_open(&state.db, entry.uuid, OPEN).await?
    };
    let mut list = Vec::with_capacity(commands.len());
    for command in &commands {
        list.push(data(&state, command).await?);
    }
    let total = i64::try_from(list.len()).unwrap_or(i64::MAX);
    Reply::ok(&Page { total, list, warnings: Vec::new() })
}

/// The command as the socket would push it, with its file.
async fn data(state: &AppState, command: &RobotCommand) -> ApiResult<Box<RawValue>> {
    let file = match &command.file_name {
        None => None,
        Some(name) => Some(STANDARD.encode(state.files.get(name).await?)),
    };
    let frame = native::push(command, file.as_deref(), false, state.now().millis());
    let frame = frame.ok_or_else(|| ApiError::Internal(format!("item of {} is no object", command.id)))?;
    let pushed: Pushed<'_> = serde_json::from_str(&frame)?;
    Ok(pushed.data.to_owned())
}
