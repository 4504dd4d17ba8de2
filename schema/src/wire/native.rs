//! Frames of the native socket: `{type, data, timestamp, messageId}`, text JSON.
//!
//! Reading is lenient: unknown fields are ignored, of a key that stands twice the last one counts.
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::inbound_message::FieldProblem;
use crate::commands::ExecutionResult;
use crate::commands::state::UNSPECIFIED_ERROR;
use crate::ids::CommandId;

/// Longest result that is kept as it came, bytes.
const RAW_BYTES: usize = 65_536;
/// Most targets kept of one result.
const TARGETS: usize = 1_000;

/// A frame to a phone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame<'a, T> {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// Id of the frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<&'a str>,
}

/// `connected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connected<'a> {
    /// Who the server takes the phone for.
    pub robot_id: &'a str,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// How often the phone shall send a heartbeat.
    pub heartbeat_interval_ms: u64,
}

/// `heartbeat_response`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatResponse {
    /// The phone's own time, as it came.
    pub timestamp: Value,
    /// Milliseconds since 1970.
    pub server_time: i64,
}

/// `message_ack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageAck<'a> {
    /// The app's id.
    pub message_id: Option<&'a str>,
    /// Ours.
    pub server_message_id: &'a str,
}

/// `message_nack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageNack<'a> {
    /// The app's id.
    pub message_id: Option<&'a str>,
    /// Seconds.
    pub retry_after: u64,
}

/// `error`, downwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorNotice<'a> {
    /// Code.
    pub error_code: i32,
    /// For people.
    pub error_message: &'a str,
    /// Id of the frame that is meant.
    pub ref_message_id: Option<&'a str>,
}

/// `command`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandPush<'a> {
    /// Id; together with `attempt` what a phone de-duplicates by.
    pub command_id: &'a str,
    /// Name of the type.
    pub command_type: &'static str,
    /// What to do.
    pub params: &'a RawValue,
    /// Higher first.
    pub priority: i32,
    /// WorkTool number.
    #[serde(rename = "type")]
    pub number: i32,
    /// From 1.
    pub attempt: i32,
    /// It may have been pushed on an earlier socket.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub redelivered: bool,
    /// ISO 8601 UTC.
    pub created_at: String,
}

/// Settings a phone is told (`config`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RobotConfig {
    /// Shown name; mentions of it are mentions of the robot.
    pub name: String,
    /// −1 read only, 0 private chats and @robot, 1 everything.
    pub reply_all: i32,
    /// 0 off, 1 the third party answers.
    pub open_callback: i32,
    /// How often the phone shall send a heartbeat.
    pub heartbeat_interval_ms: u64,
}

/// `config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigPush<'a> {
    /// `robot`.
    pub config_type: &'static str,
    /// The settings.
    pub config: &'a RobotConfig,
    /// Version of the robot's row.
    pub version: i64,
}

/// Reads a result, of a `result` frame or of `POST /api/robot/command-result` and `/api/result`.
pub fn read_result(fields: &Map<String, Value>) -> Result<(CommandId, ExecutionResult), FieldProblem> {
    let Some(id) = ["commandId", "messageId"].iter().find_map(|name| read_text(fields, name)) else {
        return Err(FieldProblem { field: "commandId", problem: "不能为空" });
    };
    let given_code = fields.get("errorCode").and_then(read_number);
    let failure_code = given_code.filter(|code| *code != 0).unwrap_or(UNSPECIFIED_ERROR);
    let (error_code, is_partial) = match read_text(fields, "status")
        .map(|status| status.to_lowercase())
        .as_deref()
    {
        Some("success" | "succeeded" | "completed" | "ok") => (0, false),
        Some("partial") => (failure_code, true),
        Some("failed" | "failure" | "fail" | "error") => (failure_code, false),
        Some(_) => {
            return Err(FieldProblem { field: "status", problem: "必须是 success、failed 或 partial" });
        }
        None => match given_code {
            Some(code) => (code, false),
            None => return Err(FieldProblem { field: "errorCode", problem: "不能为空" }),
        },
    };
    let raw = serde_json::to_string(fields).ok().filter(|raw| raw.len() <= RAW_BYTES);
    let result = ExecutionResult {
        attempt: fields.get("attempt").and_then(read_number).filter(|attempt| *attempt >= 1),
        error_code,
        error_reason: read_text(fields, "errorMessage")
            .or_else(|| read_text(fields, "errorReason"))
            .unwrap_or_default(),
        success_list: read_list(fields, "successList"),
        fail_list: read_list(fields, "failList"),
        is_partial,
        run_time_ms: fields.get("runTime").and_then(Value::as_i64),
        time_cost_secs: fields
            .get("executionTimeMs")
            .and_then(Value::as_f64)
            .map(|millis| millis / 1_000.0)
            .or_else(|| fields.get("timeCost").and_then(Value::as_f64)),
        raw,
    };
    Ok((CommandId(id), result))
}

/// A text that is not empty; numbers count as their text.
pub fn read_text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, also when it is written as text.
pub fn read_number(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn read_list(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let Some(Value::Array(list)) = fields.get(name) else {
        return Vec::new();
    };
    list.iter()
        .take(TARGETS)
        .map(|target| match target {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::CommandState;

    fn read(fields: Value) -> Result<(String, i32, CommandState), &'static str> {
        let Value::Object(fields) = fields else { panic!("not an object") };
        read_result(&fields)
            .map(|(id, result)| (id.0.clone(), result.error_code, result.verdict()))
            .map_err(|problem| problem.field)
    }

    #[test]
    fn results() {
        use CommandState::{Failed, Partial, Succeeded};
        for (fields, expected) in [
            (json!({"commandId": "a", "status": "success"}), Ok((0, Succeeded))),
            (json!({"commandId": "a", "status": "success", "errorCode": 7}), Ok((0, Succeeded))),
            (json!({"commandId": "a", "status": "failed"}), Ok((501_000, Failed))),
            (json!({"commandId": "a", "status": "failed", "errorCode": 0}), Ok((501_000, Failed))),
            (json!({"commandId": "a", "status": "FAILED", "errorCode": 201_101}), Ok((201_101, Failed))),
            (json!({"commandId": "a", "status": "partial"}), Ok((501_000, Partial))),
            (json!({"messageId": "a", "errorCode": 0, "errorReason": ""}), Ok((0, Succeeded))),
            (
                json!({"messageId": "a", "errorCode": "201102", "successList": ["甲"], "failList": ["乙"]}),
                Ok((201_102, Partial)),
            ),
            (json!({"status": "success"}), Err("commandId")),
            (json!({"commandId": "a"}), Err("errorCode")),
            (json!({"commandId": "a", "status": "maybe"}), Err("status")),
        ] {
            let expected = expected.map(|(code, verdict)| ("a".to_owned(), code, verdict));
            assert_eq!(read(fields.clone()), expected, "{fields}");
        }
    }

    #[test]
    fn details_of_a_result() {
        let Value::Object(fields) = json!({"commandId": "a", "status": "failed", "attempt": 2,
            "errorMessage": "找不到", "executionTimeMs": 1500, "successList": ["甲", 7], "extra": {}})
        else {
            panic!("not an object")
        };
        let (_id, result) = read_result(&fields).unwrap();
        assert_eq!((result.attempt, result.error_reason.as_str()), (Some(2), "找不到"));
        assert_eq!(
            (result.time_cost_secs, result.success_list),
            (Some(1.5), vec!["甲".into(), "7".to_owned()])
        );
        assert!(result.raw.unwrap().contains("extra"));
    }
}
