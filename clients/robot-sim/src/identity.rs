//! A phone's hardware description and the credentials it gets for a code.
use serde::{Deserialize, Serialize};

/// `deviceInfo` of the activation request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    pub device_id: String,
    pub brand: String,
    pub model: String,
    pub os: String,
    pub os_version: String,
    pub manufacturer: String,
    pub network: String,
    pub app_version: String,
    /// In MiB.
    pub total_memory: u32,
    pub screen_resolution: String,
}

impl Device {
    /// An ordinary Android phone with the given device id.
    pub fn new(device_id: impl Into<String>) -> Self {
        Self {
            device_id: device_id.into(),
            brand: "Xiaomi".into(),
            model: "Mi 10".into(),
            os: "Android".into(),
            os_version: "13".into(),
            manufacturer: "Xiaomi".into(),
            network: "WiFi".into(),
            app_version: "3.0.1".into(),
            total_memory: 8_192,
            screen_resolution: "1080x2400".into(),
        }
    }
}

/// What a robot is known by after activation.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub robot_id: String,
    #[serde(default)]
    pub robot_uuid: String,
    pub token: String,
    #[serde(default)]
    pub refresh_token: String,
    /// ISO 8601.
    #[serde(default)]
    pub expires_at: String,
    #[serde(default)]
    pub is_new_activation: bool,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Identity").field("robot_id", &self.robot_id).finish_non_exhaustive()
    }
}
