//! Ways to tell people of an alert.
mod queries;

use std::collections::BTreeMap;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

pub use queries::{find, list, list_all, lite, mark, pg};

use crate::fields::{Json, Ts};
use crate::ids::{ChannelId, UserId};
use crate::tables::notification_channels;

crate::text_enum! {
    /// How a channel tells.
    pub enum ChannelType {
        /// A robot writes into a chat.
        RobotMessage = "robot_message",
        /// The console shows it.
        Console = "console",
        /// A WeCom group robot's webhook.
        WecomGroup = "wecom_group",
        /// Mail.
        Email = "email",
        /// Any address.
        Webhook = "webhook",
    }
}

/// A channel as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = notification_channels, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct NotificationChannel {
    /// Id.
    pub id: ChannelId,
    /// Whose; none = shared.
    pub owner_id: Option<UserId>,
    /// Shown name.
    pub name: String,
    /// How it tells.
    pub channel_type: ChannelType,
    /// Where to; nothing secret.
    pub config: Json<serde_json::Value>,
    /// Sealed secrets by name, see [`NotificationChannel::secret_place`].
    pub secrets: Json<BTreeMap<String, String>>,
    /// Whether it is used.
    pub is_active: bool,
    /// Seeded: cannot be deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// Made at.
    pub created_at: Ts,
    /// Changed at.
    pub updated_at: Ts,
    /// Deleted at.
    pub deleted_at: Option<Ts>,
}

/// What changes in a channel; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChannelChanges {
    /// New owner.
    pub owner_id: Option<Option<UserId>>,
    /// Shown name.
    pub name: Option<String>,
    /// Where to.
    pub config: Option<serde_json::Value>,
    /// All sealed secrets at once.
    pub secrets: Option<BTreeMap<String, String>>,
    /// On or off.
    pub is_active: Option<bool>,
}

impl NotificationChannel {
    /// A new shared channel, switched on, without secrets.
    pub fn new(
        name: impl Into<String>,
        channel_type: ChannelType,
        config: serde_json::Value,
        now: Ts,
    ) -> Self {
        Self {
            id: ChannelId::generate(),
            owner_id: None,
            name: name.into(),
            channel_type,
            config: Json(config),
            secrets: Json(BTreeMap::new()),
            is_active: true,
            is_preset: false,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// The place one of its secrets is sealed for.
    pub fn secret_place(id: &ChannelId, name: &str) -> String {
        format!("notification_channels.secrets.{name}/{id}")
    }

    /// Carries out changes.
    pub fn apply(&mut self, changes: &ChannelChanges) {
        let set = changes.clone();
        self.owner_id = set.owner_id.unwrap_or_else(|| self.owner_id.clone());
        self.name = set.name.unwrap_or_else(|| self.name.clone());
        if let Some(config) = set.config {
            self.config = Json(config);
        }
        if let Some(secrets) = set.secrets {
            self.secrets = Json(secrets);
        }
        self.is_active = set.is_active.unwrap_or(self.is_active);
    }

    /// Older channels are not kept.
    pub fn content(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Older channels are not kept; changes nothing.
    pub fn restore(&mut self, _content: serde_json::Value) -> serde_json::Result<()> {
        Ok(())
    }
}
