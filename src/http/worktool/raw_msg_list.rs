//! `GET /robot/rawMsg/list`: what became of commands.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::commands::reports::{self, ResultFilter};
use workbot_schema::commands::{CommandSource, ExecutionResult, RobotCommand};
use workbot_schema::fields::Ts;
use workbot_schema::wire::callback::raw_message;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::link::Link;
use super::paging::WorkToolPaging;
use super::parameters::{LinkParameters, PageParameters, Parameters};
use super::refused::Refused;
use super::shanghai;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResultRow {
    /// The command, JSON in a string.
    pub raw_msg: String,
    /// 0 is success, else the error code.
    pub raw_success: i32,
    /// The phone's words.
    pub error_reason: String,
    /// Start, Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub run_time: String,
    /// 1 when it was given by API.
    pub api_send: i32,
    /// Link id.
    pub robot_id: String,
    /// WorkTool type number.
    #[serde(rename = "type")]
    pub command_type: i32,
    /// Id of the call.
    pub message_id: String,
    /// Targets served, JSON in a string.
    #[schema(example = "[\"测试群\"]")]
    pub success_list: String,
    /// Targets not served, JSON in a string.
    #[schema(example = "[]")]
    pub fail_list: String,
    /// Seconds.
    pub time_cost: f64,
}

impl ResultRow {
    /// The row of a command that has a result.
    fn new(command: &RobotCommand, robot_id: &str) -> Self {
        let result = ExecutionResult { raw: command.result.clone(), ..ExecutionResult::default() };
        let raw: Value =
            command.result.as_deref().and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
        let told_ms = raw.get("runTime").and_then(Value::as_i64).filter(|millis| *millis > 0);
        let told = told_ms.and_then(chrono::DateTime::from_timestamp_millis).map(Ts::new);
        let started = told.or(command.confirmed_at).or(command.sent_at).or(command.finished_at);
        let number = |name: &str| raw.get(name).and_then(Value::as_f64);
        let took = number("timeCost").or_else(|| number("executionTimeMs").map(|millis| millis / 1_000.0));
        let message_id =
            command.batch_id.as_ref().map_or(command.id.as_str(), |batch| batch.as_str()).to_owned();
        let by_api = [CommandSource::Worktool, CommandSource::Commands, CommandSource::SendMessage];
        let list = |names: &Option<String>| names.clone().unwrap_or_else(|| "[]".to_owned());
        Self {
            raw_msg: raw_message(command, &result, &message_id),
            raw_success: command.error_code.unwrap_or_default(),
            error_reason: command.error_reason.clone().unwrap_or_default(),
            run_time: shanghai::text(started.unwrap_or(command.created_at)),
            api_send: i32::from(by_api.contains(&command.source)),
            robot_id: robot_id.to_owned(),
            command_type: command.command_type,
            success_list: list(&command.success_list),
            fail_list: list(&command.fail_list),
            // A phone that caught an exception reports seconds since 1970 here.
            time_cost: took.filter(|secs| (0.0..86_400.0).contains(secs)).unwrap_or_default(),
            message_id,
        }
    }
}

/// Lists results.
#[utoipa::path(
    get,
    path = "/robot/rawMsg/list",
    operation_id = "worktool_list_results",
    tag = "WorkTool 兼容接口",
    summary = "指令执行结果查询",
    description = "data 为数组。时间均为 Asia/Shanghai。",
    security(("link" = [])),
    params(LinkParameters, PageParameters,
        ("messageId" = Option<String>, Query, description = "一次调用的编号"),
        ("type" = Option<i32>, Query, description = "指令类型"),
        ("startTime" = Option<String>, Query, description = "不早于，yyyy-MM-dd HH:mm:ss"),
        ("endTime" = Option<String>, Query, description = "不晚于，yyyy-MM-dd HH:mm:ss")),
    responses(
        (status = 200, description = "结果", body = WorkToolAnswer<Vec<ResultRow>>,
            example = json!({"code": 200, "message": "操作成功", "data": [{
                "rawMsg": "{\"messageId\":\"1784417250785046528\",\"receivedContent\":\"你好\",\"titleList\":[\"测试群\"],\"type\":203}",
                "rawSuccess": 0, "errorReason": "", "runTime": "2024-04-28T11:00:00", "apiSend": 1,
                "robotId": "wt22phhjpt2xboerspxsote472xdnyq2", "type": 203, "messageId": "1784417250785046528",
                "successList": "[\"测试群\"]", "failList": "[]", "timeCost": 4.512}]})),
        Refusals
    )
)]
pub async fn raw_msg_list(state: State, link: Link, parameters: Parameters) -> Result<Reply, Refused> {
    link.take()?;
    let paging = WorkToolPaging::read(&parameters);
    let (from, to) = shanghai::range(&parameters)?;
    let filter = ResultFilter {
        robot: link.entry.uuid,
        id: parameters.get("messageId").map(str::to_owned),
        command_type: parameters.number("type").and_then(|number| i32::try_from(number).ok()),
        from,
        to,
        is_oldest_first: paging.is_oldest_first,
    };
    let commands = reports::list_results(&state.db, filter, paging.offset(), paging.size).await?;
    let rows: Vec<ResultRow> = commands.iter().map(|command| ResultRow::new(command, &link.id)).collect();
    Ok(done(&rows)?)
}
