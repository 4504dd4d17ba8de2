//! What only configures a robot, and its secrets.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RobotKind;

/// How `atMe` is written in callbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtMeAs {
    /// `true`.
    Boolean,
    /// `"true"`, as WorkTool does.
    String,
}

/// Settings of a robot, wire names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RobotSettings {
    /// 0 off, 1 the third party answers.
    pub open_callback: i32,
    /// −1 read only, 0 private chats and @robot, 1 everything.
    pub reply_all: i32,
    /// Where messages are posted.
    pub callback_url: Option<String>,
    /// Where replies are fetched (pull mode).
    pub pull_url: Option<String>,
    /// Whether callbacks are signed.
    pub enable_signature: bool,
    /// The robot's flow answers when the callback failed.
    pub fallback_to_flow: bool,
    /// How `atMe` is written; by kind when absent.
    pub at_me_as: Option<AtMeAs>,
    /// A callback answer `code ≠ 0` is sent to the chat.
    pub error_reply: bool,
    /// Failed callbacks are tried again.
    pub callback_retry: bool,
    /// Failed results are tried again.
    pub command_retry: bool,
    /// 1 form-data, 2 JSON.
    #[serde(rename = "callBackRequestType")]
    pub callback_request_type: i32,
    /// 1 = WorkTool routes ask for the robot key.
    pub robot_key_check: i32,
    /// Whether the WorkTool routes serve this robot.
    pub worktool_api: bool,
    /// WorkTool phones: 1 = commands are encrypted with the app's published key.
    pub encrypt_type: i32,
    /// Tokens a day, 0 = no limit.
    pub daily_token_budget: i64,
    /// Hosted platform: base URL.
    pub cloud_base_url: Option<String>,
    /// Hosted platform: robot id there.
    pub cloud_robot_id: Option<String>,
}

impl Default for RobotSettings {
    fn default() -> Self {
        Self::of_kind(RobotKind::Native)
    }
}

impl RobotSettings {
    /// The defaults of a kind.
    pub fn of_kind(kind: RobotKind) -> Self {
        let is_native = kind == RobotKind::Native;
        Self {
            open_callback: 0,
            reply_all: 0,
            callback_url: None,
            pull_url: None,
            enable_signature: false,
            fallback_to_flow: false,
            at_me_as: None,
            error_reply: !is_native,
            callback_retry: false,
            command_retry: is_native,
            callback_request_type: 2,
            robot_key_check: 0,
            worktool_api: kind == RobotKind::Worktool,
            encrypt_type: 0,
            daily_token_budget: 0,
            cloud_base_url: None,
            cloud_robot_id: None,
        }
    }
}

impl RobotSettings {
    /// Where messages are told: the callback URL, else the URL replies are fetched from; none when the third party does not
    /// answer for this robot.
    pub fn message_url(&self) -> Option<&str> {
        fn present(url: &Option<String>) -> Option<&str> {
            url.as_deref().filter(|url| !url.trim().is_empty())
        }
        if self.open_callback != 1 {
            return None;
        }
        present(&self.callback_url).or_else(|| present(&self.pull_url))
    }
}

/// Sealed secrets of a robot: every text is what the sealer made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RobotSecrets {
    /// Signs callbacks.
    pub signing: Option<String>,
    /// Signs beside it until `previous_until_ms`.
    pub previous_signing: Option<String>,
    /// Milliseconds since 1970.
    pub previous_until_ms: Option<i64>,
    /// WorkTool `key`.
    pub robot_key: Option<String>,
    /// Key of the hosted platform's webhooks.
    pub callback_key: Option<String>,
    /// Key for calls to the hosted platform.
    pub cloud_key: Option<String>,
}
