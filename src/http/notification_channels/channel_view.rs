//! A channel as the API shows it: its secrets are told of, never told.
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_actors::alert::channels::config::secret_of;
use workbot_schema::ids::UserId;
use workbot_schema::notification_channels::{ChannelType, NotificationChannel};

/// A channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelView {
    /// Its id.
    pub id: String,
    /// Whose; null = shared.
    pub owner_id: Option<String>,
    /// Shown name.
    pub name: String,
    /// robot_message, console, wecom_group, email or webhook.
    #[serde(rename = "type")]
    pub channel_type: ChannelType,
    /// Its configuration; a secret stands there as `<name>Set`.
    #[schema(value_type = Object)]
    pub config: Value,
    /// Whether it is used.
    pub is_active: bool,
    /// Whether it came with the program; such a channel can be switched off, not deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

/// How a view says that a secret is set.
pub fn mark_of(secret: &str) -> String {
    format!("{secret}Set")
}

impl From<NotificationChannel> for ChannelView {
    fn from(row: NotificationChannel) -> Self {
        let mut config: Map<String, Value> = row.config.0.as_object().cloned().unwrap_or_default();
        if let Some((secret, _is_needed)) = secret_of(row.channel_type) {
            config.insert(mark_of(secret), Value::Bool(row.secrets.0.contains_key(secret)));
        }
        Self {
            id: row.id.to_string(),
            owner_id: row.owner_id.as_ref().map(UserId::to_string),
            name: row.name,
            channel_type: row.channel_type,
            config: Value::Object(config),
            is_active: row.is_active,
            is_preset: row.is_preset,
            version: row.version,
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
        }
    }
}
