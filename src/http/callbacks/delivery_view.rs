//! A delivery as the API shows it.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::deliveries::{Delivery, DeliveryAttempt, DeliveryKind, DeliveryState};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, DeliveryId, MessageId};

/// A delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    /// `webhook-id`, equal on every attempt.
    pub id: String,
    /// Whose robot.
    pub robot_id: String,
    /// What it tells.
    pub kind: DeliveryKind,
    /// The endpoint: robot and address.
    pub endpoint: String,
    /// Where to.
    pub url: String,
    /// The message it tells of.
    pub message_id: Option<String>,
    /// The command it tells of.
    pub command_id: Option<String>,
    /// Where it is.
    pub state: DeliveryState,
    /// Attempts recorded.
    pub attempts: i32,
    /// Whether a failed attempt is repeated.
    pub can_retry: bool,
    /// HTTP status of the last attempt.
    pub last_status: Option<i32>,
    /// Error of the last attempt.
    pub last_error: Option<String>,
    /// The delivery it repeats.
    pub replay_of: Option<String>,
    /// The next attempt, while it is pending.
    pub due_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
    /// When it was made.
    pub created_at: String,
}

/// One attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// From 1.
    pub attempt: i32,
    /// HTTP status.
    pub status: Option<i32>,
    /// What went wrong.
    pub error: Option<String>,
    /// The first bytes of the answer.
    pub response: Option<String>,
    /// Milliseconds.
    pub duration_ms: i32,
    /// When it ended.
    pub created_at: String,
}

/// A delivery with what was sent and every attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryDetail {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// The body that is sent, without its picture.
    #[schema(value_type = Object)]
    pub body: Value,
    /// Whether a picture goes with it.
    pub has_file: bool,
    /// Oldest first.
    pub history: Vec<AttemptView>,
}

impl DeliveryView {
    /// The view of a row.
    pub fn new(row: &Delivery, robot_id: String) -> Self {
        Self {
            id: row.id.to_string(),
            robot_id,
            kind: row.kind,
            endpoint: row.endpoint.clone(),
            url: row.url.clone(),
            message_id: row.message_id.as_ref().map(MessageId::to_string),
            command_id: row.command_id.as_ref().map(CommandId::to_string),
            state: row.state,
            attempts: row.attempts,
            can_retry: row.can_retry,
            last_status: row.last_status,
            last_error: row.last_error.clone(),
            replay_of: row.replay_of.as_ref().map(DeliveryId::to_string),
            due_at: row.due_at.map(Ts::iso),
            finished_at: row.finished_at.map(Ts::iso),
            created_at: row.created_at.iso(),
        }
    }
}

impl DeliveryDetail {
    /// The view of a row with its attempts.
    pub fn new(row: &Delivery, robot_id: String, attempts: Vec<DeliveryAttempt>) -> Self {
        Self {
            delivery: DeliveryView::new(row, robot_id),
            body: serde_json::from_str(&row.body).unwrap_or_default(),
            has_file: row.file_name.is_some(),
            history: attempts
                .into_iter()
                .map(|attempt| AttemptView {
                    attempt: attempt.attempt,
                    status: attempt.status,
                    error: attempt.error,
                    response: attempt.response,
                    duration_ms: attempt.duration_ms,
                    created_at: attempt.created_at.iso(),
                })
                .collect(),
        }
    }
}
