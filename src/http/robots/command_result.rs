//! `POST /api/robot/command-result` and its alias `POST /api/result`: what became of a command on the phone.
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_schema::wire::native::read_result;

use super::ack::CommandStanding;
use super::own::expect_own;
use crate::http::auth::RobotToken;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::PhoneBody;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// A report of an execution; for the description only, the fields are read leniently.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandResultRequest {
    /// Robot; the token decides.
    pub robot_id: Option<String>,
    /// The command.
    pub command_id: Option<String>,
    /// The same, by its other name.
    pub message_id: Option<String>,
    /// Which attempt; the latest one when absent.
    pub attempt: Option<i32>,
    /// 0 is success.
    pub error_code: Option<i32>,
    /// The phone's words.
    pub error_reason: Option<String>,
    /// The same, by its other name.
    pub error_message: Option<String>,
    /// success, failed or partial; instead of a code.
    pub status: Option<String>,
    /// Whatever the phone adds; kept.
    #[schema(value_type = Object, nullable)]
    pub result: Option<Value>,
    /// Length of the execution.
    pub execution_time_ms: Option<f64>,
    /// Targets served.
    pub success_list: Option<Vec<String>>,
    /// Targets not served.
    pub fail_list: Option<Vec<String>>,
}

/// Reports an execution.
#[utoipa::path(
    post,
    path = "/api/robot/command-result",
    operation_id = "report_result",
    tag = "消息与指令",
    summary = "上报执行结果",
    description = "errorCode 与 status 至少给出一个；失败而没有 errorCode 时按 501000 处理。",
    security(("robot" = [])),
    request_body(content = CommandResultRequest, example = json!({"robotId": "robot_1703123456789_abc123",
        "commandId": "msg_1703123456789_abc123def", "errorCode": 0, "errorReason": "", "executionTimeMs": 2500,
        "successList": ["张三"], "failList": []})),
    responses(
        (status = 200, description = "已记录", body = Envelope<CommandStanding>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"commandId": "msg_1703123456789_abc123def", "state": "succeeded", "accepted": true}})),
        Failures
    )
)]
pub async fn command_result(
    state: State,
    robot: RobotToken,
    body: PhoneBody<Map<String, Value>>,
) -> ApiResult<Reply> {
    report(&state, &robot, body, "errorCode").await
}

/// Reports an execution, in the short form.
#[utoipa::path(
    post,
    path = "/api/result",
    operation_id = "report_result_short",
    tag = "消息与指令",
    summary = "上报执行结果（简写）",
    security(("robot" = [])),
    request_body(content = CommandResultRequest,
        example = json!({"commandId": "msg_1703123456789_abc123def", "status": "success", "result": {}})),
    responses(
        (status = 200, description = "已记录", body = Envelope<CommandStanding>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"commandId": "msg_1703123456789_abc123def", "state": "succeeded", "accepted": true}})),
        Failures
    )
)]
pub async fn result(
    state: State,
    robot: RobotToken,
    body: PhoneBody<Map<String, Value>>,
) -> ApiResult<Reply> {
    report(&state, &robot, body, "status").await
}

/// `outcome` is the field that must say how it went on this route.
async fn report(
    state: &State,
    robot: &RobotToken,
    body: PhoneBody<Map<String, Value>>,
    outcome: &str,
) -> ApiResult<Reply> {
    robot.take_inbound()?;
    expect_own(robot, body.value.get("robotId").and_then(Value::as_str))?;
    robot.entry.touch(state.clock.monotonic_ms(), state.now());
    let (id, execution) = read_result(&body.value).map_err(|problem| {
        let field = if problem.field == "errorCode" { outcome } else { problem.field };
        ApiError::field(field, problem.problem)
    })?;
    let moved = state.commands.report(&robot.entry, &id, execution).await?;
    if !moved.is_won {
        log::info!(robot = robot.claims.rid.as_str(), command = id.as_str(), state = moved.command.state.as_str();
            "result changed nothing");
    }
    Reply::ok(&CommandStanding {
        command_id: moved.command.id.to_string(),
        state: moved.command.state,
        accepted: moved.is_won,
    })
}
