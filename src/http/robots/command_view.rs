//! A command as the API shows it.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::commands::history::{self, HistoryEntry};
use workbot_schema::commands::{CommandSource, CommandState, RobotCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{BatchId, CommandId, MessageId, SessionId};
use workbot_schema::wire::command_code;

/// A command: record and state.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandView {
    /// Names it everywhere.
    #[schema(example = "msg_1703123456789_abc123def")]
    pub command_id: String,
    /// The same.
    pub message_id: String,
    /// Robot.
    pub robot_id: String,
    /// WorkTool type number.
    #[serde(rename = "type")]
    pub command_type: i32,
    /// Its name on the native socket.
    #[schema(value_type = String, example = "send_message")]
    pub command_name: &'static str,
    /// Its Chinese name.
    #[schema(value_type = String, example = "发送文本")]
    pub label: &'static str,
    /// Where it is.
    pub state: CommandState,
    /// Present attempt, from 1.
    pub attempt: i32,
    /// Higher first.
    pub priority: i32,
    /// Last error code.
    pub error_code: Option<i32>,
    /// Last error text.
    pub error_reason: Option<String>,
    /// Targets served.
    pub success_list: Vec<String>,
    /// Targets not served.
    pub fail_list: Vec<String>,
    /// The WorkTool item, without its file.
    #[schema(value_type = Object)]
    pub item: Value,
    /// Whether it carries a file.
    pub has_file: bool,
    /// Who made it.
    pub source: CommandSource,
    /// The call it came with, when that has an id of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<String>,
    /// The message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Its conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The command it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resend_of: Option<String>,
    /// The request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Accepted at.
    pub created_at: String,
    /// Not pushed after.
    pub expires_at: String,
    /// Last push.
    pub sent_at: Option<String>,
    /// Last confirmation.
    pub confirmed_at: Option<String>,
    /// When it became final.
    pub finished_at: Option<String>,
    /// Every move so far.
    pub history: Vec<HistoryEntry>,
}

fn names(text: Option<&str>) -> Vec<String> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

impl CommandView {
    /// The view of a row.
    pub fn new(row: RobotCommand, robot_id: String) -> Self {
        let history = history::of(&row);
        Self {
            command_id: row.id.to_string(),
            message_id: row.id.to_string(),
            robot_id,
            command_type: row.command_type,
            command_name: command_code::native_name(row.command_type),
            label: command_code::label(row.command_type),
            state: row.state,
            attempt: row.attempt,
            priority: row.priority,
            error_code: row.error_code,
            error_reason: row.error_reason,
            success_list: names(row.success_list.as_deref()),
            fail_list: names(row.fail_list.as_deref()),
            item: serde_json::from_str(&row.item).unwrap_or_default(),
            has_file: row.file_name.is_some(),
            source: row.source,
            batch_id: row.batch_id.as_ref().map(BatchId::to_string),
            reply_to: row.message_id.as_ref().map(MessageId::to_string),
            session_id: row.session_id.as_ref().map(SessionId::to_string),
            resend_of: row.resend_of.as_ref().map(CommandId::to_string),
            request_id: row.request_id,
            created_at: row.created_at.iso(),
            expires_at: row.expires_at.iso(),
            sent_at: row.sent_at.map(Ts::iso),
            confirmed_at: row.confirmed_at.map(Ts::iso),
            finished_at: row.finished_at.map(Ts::iso),
            history,
        }
    }
}
