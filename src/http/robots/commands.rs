//! `POST /api/robot/commands`: WorkTool commands of any type.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::commands::CommandSource;
use workbot_schema::wire::command_item::{EXPIRY_SECS, Warning, check_list};

use super::submission::{Call, submit};
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::{IdempotencyKey, MessageBody, RequestId};
use crate::http::guard::idempotency::Started;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Checking large files takes a moment, waiting included.
const CHECK: Duration = Duration::from_secs(10);

/// Commands for one robot.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandsRequest {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
    /// 1..100 items: `type` and the fields of that type.
    #[schema(value_type = Vec<Object>, min_items = 1, max_items = 100)]
    pub list: Vec<Value>,
    /// Of items that name none, −100..100.
    pub priority: Option<i32>,
    /// Of items that name none, seconds 1..604800.
    pub expires_in: Option<i64>,
}

/// The ids, in the order of the items.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandsResponse {
    /// One for each item.
    pub message_ids: Vec<String>,
    /// What may go wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Gives commands to a robot, all or none.
#[utoipa::path(
    post,
    path = "/api/robot/commands",
    operation_id = "create_commands",
    tag = "消息与指令",
    summary = "下发指令",
    description = "一次 1 至 100 条，全部落盘后才返回，要么全部接受要么全部拒绝；data.fields 以 list[0].groupName 的形式指出每个问题。304 清空排队指令，305 清除一条尚未下发的指令。",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = CommandsRequest, example = json!({"robotId": "robot_1703123456789_abc123", "list": [
        {"type": 203, "titleList": ["测试群"], "receivedContent": "你好~", "atList": ["仑哥"]},
        {"type": 206, "groupName": "测试群01", "selectList": ["仑哥"], "groupAnnouncement": "欢迎"}]})),
    responses(
        (status = 200, description = "指令已下发", body = Envelope<CommandsResponse>,
            example = json!({"success": true, "code": 0, "message": "指令已下发", "data": {
                "messageIds": ["msg_1703123456789_abc123def", "msg_1703123456789_xyz789uvw"]}})),
        Failures
    )
)]
pub async fn commands(
    state: State,
    caller: Caller,
    request: RequestId,
    key: IdempotencyKey,
    body: MessageBody<CommandsRequest>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, body.value.robot_id.as_deref(), Action::Command).await?;
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    take_request(&entry)?;
    let (priority, expires_in_secs, size) = (body.value.priority, body.value.expires_in, body.bytes.len());
    let mut wrong = Fields::new();
    wrong.expect(
        priority.is_none_or(|number| (-100..=100).contains(&number)),
        "priority",
        "必须是 -100 到 100 之间的整数",
    );
    let is_life = expires_in_secs.is_none_or(|secs| (1..=EXPIRY_SECS).contains(&secs));
    wrong.expect(is_life, "expiresIn", "必须是 1 到 604800 之间的整数");
    wrong.into_invalid()?;
    let list = body.value.list;
    let checked = state.offload.run_sized(size, CHECK, move || check_list(list)).await??;
    let call = Call {
        source: CommandSource::Commands,
        request: &request,
        priority: priority.unwrap_or(0),
        expires_in_secs,
        now: state.now(),
    };
    let (mut commands, mut warnings) = (Vec::with_capacity(checked.len()), Vec::new());
    for mut item in checked {
        warnings.append(&mut item.warnings);
        commands.push(call.command(&state, &entry, item).await?);
    }
    let message_ids = commands.iter().map(|command| command.id.to_string()).collect();
    let reply = Reply::message("指令已下发", &CommandsResponse { message_ids, warnings })?;
    submit(&state, &entry, commands, ticket, reply).await
}
