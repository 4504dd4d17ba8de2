//! The context that travels through a run, field by field as seed 004 names it.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::ids::{MessageId, RobotId, SessionId};

/// What every node of a run sees and what expressions speak of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandardContext {
    /// Public id of the robot.
    #[schema(value_type = String)]
    pub robot_id: RobotId,
    /// Name of the robot.
    pub robot_name: String,
    /// Key of the robot's row.
    #[serde(default)]
    pub robot_uuid: String,
    /// Conversation.
    #[schema(value_type = String)]
    pub session_id: SessionId,
    /// The message; of a burst the first.
    #[schema(value_type = String)]
    pub message_id: MessageId,
    /// The run.
    #[serde(default)]
    pub instance_id: String,
    /// Who wrote.
    pub user_id: String,
    /// Name of who wrote (receivedName).
    pub user_name: String,
    /// Group.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group_id: Option<String>,
    /// Name of the group.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group_name: Option<String>,
    /// Remark name of the group.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group_remark: Option<String>,
    /// 1 outer group, 2 outer contact, 3 inner group, 4 inner contact.
    pub room_type: i32,
    /// A group chat.
    pub is_group: bool,
    /// What was written (spoken); of a burst all texts.
    pub original_message: String,
    /// The same with mentions (rawSpoken).
    pub raw_message: String,
    /// 0 unknown, 1 text, 2 picture, 3 voice.
    pub text_type: i32,
    /// A small file's bytes; large ones stand in a file, and this is absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file_base64: Option<String>,
    /// Where a file is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file_url: Option<String>,
    /// The robot was mentioned.
    pub at_me: bool,
    /// What the message wants.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent: Option<String>,
    /// How sure that is, 0..1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent_confidence: Option<f64>,
    /// The reply.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ai_response: Option<String>,
    /// Persona that speaks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub persona_id: Option<String>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub persona_type: Option<String>,
    /// Who gets the reply.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target_name: Option<String>,
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub send_id: Option<String>,
    /// Its state; `pending` while it waits for the robot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command_status: Option<String>,
    /// The alert.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alert_id: Option<String>,
    /// critical, warning or info.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alert_level: Option<String>,
    /// Stable name of the alert's cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alert_code: Option<String>,
    /// What the alert tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<Object>)]
    pub alert_data: Option<Value>,
    /// Ids of the nodes visited, in order.
    #[serde(default)]
    pub execution_path: Vec<String>,
    /// When the run started, milliseconds since 1970.
    #[serde(default)]
    pub start_time: i64,
    /// The node visited last.
    #[serde(default)]
    pub current_node_id: String,
    /// Whatever else a robot's owner gives along.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: Map<String, Value>,
}
