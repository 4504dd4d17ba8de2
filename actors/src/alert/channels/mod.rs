//! The ways a notification takes, one a file: `send` makes one attempt within its deadline and says how that went.
//!
//! Every address is judged by the address policy when it is saved, before the call and when the connection is made.
pub mod config;
mod console;
mod email;
#[cfg(test)]
mod email_tests;
mod robot_message;
#[cfg(test)]
mod scene_tests;
mod webhook;
mod wecom_group;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use config::{ChannelConfig, secret_of};
use workbot_schema::batch::Record;
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::ids::NotificationId;
use workbot_schema::notification_channels::NotificationChannel;

use super::notice::Notice;
use crate::delivery::http_client::{CallOutcome, HttpClient};
use crate::kernel::Clock;
use crate::supervisor::directory::Directory;

/// One attempt may take so long, from resolving the name to the last byte.
pub const BUDGET: Duration = Duration::from_secs(10);
/// Longest error text kept, in characters.
const ERROR_CHARS: usize = 300;

/// What every channel sends with; clone freely.
#[derive(Clone)]
pub struct ChannelTools {
    /// Time.
    pub clock: Clock,
    /// The way to third parties.
    pub http: HttpClient,
    /// Robots in memory.
    pub directory: Directory,
    /// Opens secrets.
    pub sealer: Arc<Sealer>,
}

/// What is sent; the id is the same on every attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// Which notification.
    pub id: NotificationId,
    /// What it says.
    pub notice: Notice,
}

/// What an attempt led to when it worked.
#[derive(Debug)]
pub struct Sent {
    /// How it went, in Chinese.
    pub detail: String,
    /// What is written together with the outcome; it is done only then.
    pub records: Vec<Record>,
}

impl Sent {
    fn told(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), records: Vec::new() }
    }
}

/// Why an attempt did not work. Texts never hold an address, which may carry keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The channel is not set up as its kind needs.
    #[error("the channel is not set up: {0}")]
    Config(String),
    /// Refused by the address policy.
    #[error("{0}")]
    Address(String),
    /// Another try may work.
    #[error("{0}")]
    Later(String),
    /// The other side does not want it; trying again is useless.
    #[error("{0}")]
    Refused(String),
}

impl SendError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Later(_) => Class::Transient,
            Self::Config(_) | Self::Address(_) | Self::Refused(_) => Class::Permanent,
        }
    }

    /// What the row keeps.
    pub fn text(&self) -> String {
        self.to_string().chars().take(ERROR_CHARS).collect()
    }
}

impl ChannelTools {
    /// Makes one attempt; answers within [`BUDGET`].
    pub async fn send(&self, channel: &NotificationChannel, sending: &Sending) -> Result<Sent, SendError> {
        match tokio::time::timeout(BUDGET, self.attempt(channel, sending)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(SendError::Later(format!("no answer within {} s", BUDGET.as_secs()))),
        }
    }

    async fn attempt(&self, channel: &NotificationChannel, sending: &Sending) -> Result<Sent, SendError> {
        let config = ChannelConfig::read(channel.channel_type, &channel.config.0).map_err(|problems| {
            let fields: Vec<String> = problems.into_iter().map(|problem| problem.field).collect();
            SendError::Config(fields.join(", "))
        })?;
        let secret = self.secret(channel)?;
        match &config {
            ChannelConfig::Console => Ok(console::send()),
            ChannelConfig::RobotMessage { robot_id, target, at } => {
                robot_message::send(self, channel.owner_id.as_ref(), robot_id, target, at, sending).await
            }
            ChannelConfig::WecomGroup { .. } => wecom_group::send(self, &config, secret, sending).await,
            ChannelConfig::Email { .. } => email::send(self, &config, secret, sending).await,
            ChannelConfig::Webhook { url } => webhook::send(self, url, secret, sending).await,
        }
    }

    /// The secret of a channel, opened; none when it has none.
    fn secret(&self, channel: &NotificationChannel) -> Result<Option<String>, SendError> {
        let Some((field, is_needed)) = secret_of(channel.channel_type) else { return Ok(None) };
        let secrets: &BTreeMap<String, String> = &channel.secrets.0;
        let Some(sealed) = secrets.get(field) else {
            return if is_needed { Err(SendError::Config(field.to_owned())) } else { Ok(None) };
        };
        let opened = self.sealer.open(&NotificationChannel::secret_place(&channel.id, field), sealed);
        opened.map(Some).map_err(|error| SendError::Config(format!("{field}: {error}")))
    }

    fn now(&self) -> Ts {
        Ts::new(self.clock.now())
    }
}

/// What no answer at all means.
fn unanswered(outcome: &CallOutcome) -> SendError {
    use crate::delivery::http_client::CallError;
    match &outcome.result {
        Err(CallError::Address(error)) => SendError::Address(error.to_string()),
        Err(error) if error.class() == Class::Transient => SendError::Later(error.to_string()),
        Err(error) => SendError::Refused(error.to_string()),
        Ok(answer) => by_status(answer.status),
    }
}

/// What an HTTP status means when it is no success.
fn by_status(status: u16) -> SendError {
    let text = format!("answered with HTTP status {status}");
    if status >= 500 || matches!(status, 408 | 425 | 429) {
        SendError::Later(text)
    } else {
        SendError::Refused(text)
    }
}
