//! A robot as the API shows it.
use std::sync::atomic::Ordering;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_actors::supervisor::directory::{Presence, RobotEntry};
use workbot_schema::fields::Ts;
use workbot_schema::ids::UserId;
use workbot_schema::robots::{Robot, RobotKind, RobotSettings};

use crate::http::state::AppState;

/// Whether a robot is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RobotStatus {
    /// There, and nothing waits for it.
    Online,
    /// Not there.
    Offline,
    /// There, and commands wait for it.
    Busy,
}

/// A robot; secrets only say whether they are set.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RobotView {
    /// Public id.
    #[schema(example = "robot_1703123456789_abc123")]
    pub robot_id: String,
    /// UUID.
    pub robot_uuid: String,
    /// What speaks for it.
    pub kind: RobotKind,
    /// Shown name.
    pub name: String,
    /// Whose it is.
    pub owner_id: Option<String>,
    /// Chooses the persona.
    pub robot_group: Option<String>,
    /// Chooses the persona.
    pub robot_type: Option<String>,
    /// Preferred model.
    pub ai_model_id: Option<String>,
    /// Own persona.
    pub persona_id: Option<String>,
    /// Own flow.
    pub flow_id: Option<String>,
    /// Everything that configures.
    #[serde(flatten)]
    pub settings: RobotSettings,
    /// Whether a robot key is set.
    pub robot_key_set: bool,
    /// Whether a key of the hosted platform is set.
    pub cloud_key_set: bool,
    /// On or off.
    pub enabled: bool,
    /// online, offline or busy.
    pub status: RobotStatus,
    /// Last frame or request, ISO 8601 UTC.
    pub last_seen_at: Option<String>,
    /// Begin of the present connection.
    pub connected_at: Option<String>,
    /// Commands that wait, as far as the robot was touched since the start of the server.
    pub queued: i64,
    /// End of service.
    pub service_expires_at: Option<String>,
    /// What the phone said of itself.
    #[schema(value_type = Object, nullable)]
    pub device_info: Option<Value>,
    /// Raised by every change.
    pub version: i64,
    /// Made at.
    pub created_at: String,
    /// Changed at.
    pub updated_at: String,
}

/// What is known of a robot beside its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    status: RobotStatus,
    last_seen_at: Option<Ts>,
    connected_at: Option<Ts>,
    queued: i64,
}

impl Present {
    /// Of a robot in memory, or of one nobody has touched yet.
    pub fn of(entry: Option<&RobotEntry>, robot: &Robot) -> Self {
        let Some(entry) = entry else {
            return Self {
                status: RobotStatus::Offline,
                last_seen_at: robot.last_seen_at,
                connected_at: None,
                queued: 0,
            };
        };
        let queued = entry.queued.load(Ordering::Relaxed).max(0);
        let status = match (entry.presence(), queued) {
            (Presence::Online, 0) => RobotStatus::Online,
            (Presence::Online, _) => RobotStatus::Busy,
            (Presence::Offline | Presence::Unknown, _) => RobotStatus::Offline,
        };
        Self {
            status,
            last_seen_at: entry.last_seen_at().or(robot.last_seen_at),
            connected_at: entry.socket().map(|socket| socket.since),
            queued,
        }
    }
}

impl RobotView {
    /// The view of a row.
    pub fn new(robot: Robot, present: Present) -> Self {
        Self {
            robot_id: robot.robot_id.to_string(),
            robot_uuid: robot.id.to_string(),
            kind: robot.kind,
            name: robot.name,
            owner_id: robot.owner_id.as_ref().map(UserId::to_string),
            robot_group: robot.robot_group,
            robot_type: robot.robot_type,
            ai_model_id: robot.ai_model_id,
            persona_id: robot.persona_id,
            flow_id: robot.flow_id,
            settings: robot.settings.0,
            robot_key_set: robot.secrets.0.robot_key.is_some(),
            cloud_key_set: robot.secrets.0.cloud_key.is_some(),
            enabled: robot.is_enabled,
            status: present.status,
            last_seen_at: present.last_seen_at.map(Ts::iso),
            connected_at: present.connected_at.map(Ts::iso),
            queued: present.queued,
            service_expires_at: robot.service_expires_at.map(Ts::iso),
            device_info: robot.device_info.map(|info| info.0),
            version: robot.version,
            created_at: robot.created_at.iso(),
            updated_at: robot.updated_at.iso(),
        }
    }

    /// The view of a row with what the directory knows.
    pub fn of(state: &AppState, robot: Robot) -> Self {
        let entry = state.directory.find(robot.id);
        let present = Present::of(entry.as_deref(), &robot);
        Self::new(robot, present)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn shows_settings_flat_and_no_secret() {
        let now = Ts::new(DateTime::from_timestamp_millis(1_700_000_000_123).unwrap());
        let mut robot = Robot::new(RobotKind::Worktool, "管家".to_owned(), Some("u1".into()), now);
        robot.secrets.0.robot_key = Some("v1.sealed".to_owned());
        let link = robot.link_id.clone().unwrap();
        let present = Present::of(None, &robot);
        let json = serde_json::to_value(RobotView::new(robot, present)).unwrap();
        assert_eq!(json["status"], "offline");
        assert_eq!(json["replyAll"], 0);
        assert_eq!(json["callBackRequestType"], 2);
        assert_eq!(json["worktoolApi"], true);
        assert_eq!(json["robotKeySet"], true);
        assert_eq!(json["createdAt"], "2023-11-14T22:13:20.123Z");
        let text = json.to_string();
        assert!(!text.contains("sealed") && !text.contains(&link));
    }
}
