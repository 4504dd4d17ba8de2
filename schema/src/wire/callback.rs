//! What WorkBot posts to third parties.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::commands::{ExecutionResult, RobotCommand};
use crate::deliveries::{Delivery, DeliveryKind, DeliveryState};
use crate::fields::Ts;
use crate::ids::{DeliveryId, RobotId};

/// The message callback: the 12 fields of the platform protocol and `messageId` (`fileBase64` is put in when it is sent).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageCallback {
    /// Robot.
    pub robot_id: String,
    /// Robot, UUID.
    pub robot_uuid: String,
    /// Text without the mention.
    pub spoken: String,
    /// Text as written.
    pub raw_spoken: String,
    /// Who wrote it.
    pub received_name: String,
    /// Group, empty in private chats.
    pub group_name: String,
    /// Group remark, empty in private chats.
    pub group_remark: String,
    /// 1..4.
    pub room_type: i32,
    /// Boolean, or text for receivers that expect WorkTool's form.
    #[schema(value_type = bool)]
    pub at_me: Value,
    /// Kind of content.
    pub text_type: i32,
    /// ISO 8601 UTC.
    pub timestamp: String,
    /// The message; equal on every attempt.
    pub message_id: String,
}

/// The result callback (type 1).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResultCallback {
    /// Robot.
    pub robot_id: String,
    /// The id the caller was given: the batch for WorkTool-style calls, else the command.
    pub message_id: String,
    /// The command.
    pub command_id: String,
    /// 0 is success.
    pub error_code: i32,
    /// The phone's words.
    pub error_reason: String,
    /// Start, milliseconds since 1970.
    pub run_time: i64,
    /// Seconds.
    pub time_cost: f64,
    /// WorkTool type number.
    #[serde(rename = "type")]
    pub command_type: i32,
    /// The item, JSON in a string.
    pub raw_msg: String,
    /// Targets served.
    pub success_list: Vec<String>,
    /// Targets not served.
    pub fail_list: Vec<String>,
}

/// Whom to tell of a result: the robot's binding of type 1, as its entry knew it when the result came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultTarget {
    /// Public id of the robot.
    pub robot_id: RobotId,
    /// Hash of robot and URL.
    pub endpoint: String,
    /// Where to.
    pub url: String,
    /// Whether a failed attempt is repeated.
    pub can_retry: bool,
}

/// Commands that ask for names: they are told in the item of the callback, as the phone tells them.
const ASKS_FOR_NAMES: [i32; 2] = [507, 512];

/// The command's item as a result callback shows it, with the id the caller knows and the names that were asked for.
pub fn raw_message(command: &RobotCommand, result: &ExecutionResult, message_id: &str) -> String {
    match serde_json::from_str::<Value>(&command.item) {
        Ok(Value::Object(mut item)) => {
            item.insert("messageId".to_owned(), Value::String(message_id.to_owned()));
            if ASKS_FOR_NAMES.contains(&command.command_type)
                && let Some(names) = names_in(result)
            {
                item.insert("nameList".to_owned(), names);
            }
            Value::Object(item).to_string()
        }
        Ok(_) | Err(_) => command.item.clone(),
    }
}

/// The names in a report: its own, or those in the item it repeats.
fn names_in(result: &ExecutionResult) -> Option<Value> {
    let report: Value = serde_json::from_str(result.raw.as_deref()?).ok()?;
    let repeated = report.get("rawMsg").and_then(Value::as_str);
    let repeated: Option<Value> = repeated.and_then(|item| serde_json::from_str(item).ok());
    let names = report.get("nameList").or_else(|| repeated.as_ref()?.get("nameList"))?;
    names.is_array().then(|| names.clone())
}

impl ResultTarget {
    /// The callback that tells of `result`.
    pub fn delivery(&self, command: &RobotCommand, result: &ExecutionResult, seq: i64, now: Ts) -> Delivery {
        let message_id =
            command.batch_id.as_ref().map_or(command.id.as_str(), |batch| batch.as_str()).to_owned();
        let body = ResultCallback {
            robot_id: self.robot_id.to_string(),
            command_id: command.id.to_string(),
            error_code: result.error_code,
            error_reason: result.error_reason.clone(),
            run_time: result.run_time_ms.or(command.sent_at.map(Ts::millis)).unwrap_or_else(|| now.millis()),
            time_cost: result.time_cost_secs.unwrap_or_default(),
            command_type: command.command_type,
            raw_msg: raw_message(command, result, &message_id),
            success_list: result.success_list.clone(),
            fail_list: result.fail_list.clone(),
            message_id,
        };
        Delivery {
            id: DeliveryId::generate(),
            seq,
            robot_uuid: command.robot_uuid,
            kind: DeliveryKind::Result,
            endpoint: self.endpoint.clone(),
            url: self.url.clone(),
            chat: command.id.to_string(),
            message_id: None,
            command_id: Some(command.id.clone()),
            body: serde_json::to_string(&body).unwrap_or_default().replace("\\u0000", "\u{fffd}"),
            file_name: None,
            state: DeliveryState::Pending,
            attempts: 0,
            can_retry: self.can_retry,
            last_status: None,
            last_error: None,
            replay_of: None,
            due_at: Some(now),
            finished_at: None,
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stand_where_the_phone_reports_them() {
        let in_report = json!({"nameList": ["甲"]}).to_string();
        let in_item = json!({"rawMsg": json!({"nameList": ["乙"]}).to_string()}).to_string();
        for (raw, expected) in [
            (Some(in_report), Some(json!(["甲"]))),
            (Some(in_item), Some(json!(["乙"]))),
            (Some("{}".to_owned()), None),
            (Some("no json".to_owned()), None),
            (None, None),
        ] {
            let result = ExecutionResult { raw, ..ExecutionResult::default() };
            assert_eq!(names_in(&result), expected, "{:?}", result.raw);
        }
    }
}
