//! An alert as the API shows it.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::alert_notifications::{AlertNotification, NotificationState};
use workbot_schema::alerts::{Alert, AlertLevel, AlertStatus};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{AlertRuleId, MessageId, RunId, SessionId};
use workbot_schema::notification_channels::ChannelType;

/// An alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertView {
    /// Its id.
    pub id: String,
    /// critical, warning or info.
    pub level: AlertLevel,
    /// What it is: the metric of its rule, or the code a flow gave it.
    pub code: String,
    /// active, acknowledged or resolved.
    pub status: AlertStatus,
    /// The rule that raised it; null when a flow or the server did.
    pub rule_id: Option<String>,
    /// The robot; null for alerts about several together.
    pub robot_id: Option<String>,
    /// The conversation.
    pub session_id: Option<String>,
    /// The message.
    pub message_id: Option<String>,
    /// The run of a flow.
    pub execution_id: Option<String>,
    /// What was measured or found.
    #[schema(value_type = Object)]
    pub data: Value,
    /// How often it happened within the cooldown.
    pub count: i32,
    /// First time.
    pub first_at: String,
    /// Last time.
    pub last_at: String,
    /// User that looks after it.
    pub ack_by: Option<String>,
    /// Since when.
    pub acked_at: Option<String>,
    /// User that ended it, or `system`.
    pub resolved_by: Option<String>,
    /// When.
    pub resolved_at: Option<String>,
    /// What they wrote.
    pub note: Option<String>,
}

/// A notification of an alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationView {
    /// Its id, the same on every attempt.
    pub id: String,
    /// Over which channel.
    pub channel_id: String,
    /// How that tells.
    pub channel_type: ChannelType,
    /// pending, sent or failed.
    pub state: NotificationState,
    /// Attempts so far.
    pub attempts: i32,
    /// The last failure.
    pub error: Option<String>,
    /// The next attempt, while it is pending.
    pub due_at: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
}

/// An alert with whom it was told.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertView,
    /// In the order they were made.
    pub notifications: Vec<NotificationView>,
}

impl AlertView {
    /// The view of a row; `robot_id` is the public id of its robot.
    pub fn new(row: &Alert, robot_id: Option<String>) -> Self {
        Self {
            id: row.id.to_string(),
            level: row.level,
            code: row.code.clone(),
            status: row.status,
            rule_id: row.rule_id.as_ref().map(AlertRuleId::to_string),
            robot_id,
            session_id: row.session_id.as_ref().map(SessionId::to_string),
            message_id: row.message_id.as_ref().map(MessageId::to_string),
            execution_id: row.run_id.as_ref().map(RunId::to_string),
            data: row.data.read().unwrap_or_default(),
            count: row.count,
            first_at: row.first_at.iso(),
            last_at: row.last_at.iso(),
            ack_by: row.ack_by.clone(),
            acked_at: row.acked_at.map(Ts::iso),
            resolved_by: row.resolved_by.clone(),
            resolved_at: row.resolved_at.map(Ts::iso),
            note: row.note.clone(),
        }
    }
}

impl From<AlertNotification> for NotificationView {
    fn from(row: AlertNotification) -> Self {
        Self {
            id: row.id.to_string(),
            channel_id: row.channel_id.to_string(),
            channel_type: row.channel_type,
            state: row.state,
            attempts: row.attempts,
            error: row.error,
            due_at: row.due_at.map(Ts::iso),
            created_at: row.created_at.iso(),
            finished_at: row.finished_at.map(Ts::iso),
        }
    }
}
