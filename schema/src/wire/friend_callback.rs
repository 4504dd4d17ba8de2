//! The event that somebody became a friend of the robot. It goes where messages go, in the form newer WorkTool platforms give it.
use serde::Serialize;
use utoipa::ToSchema;

use crate::deliveries::{Delivery, DeliveryKind, DeliveryState, endpoint_of};
use crate::fields::Ts;
use crate::ids::DeliveryId;
use crate::robots::Robot;
use crate::robots::queries::RobotProfile;

/// `textType` of every event.
const EVENT: i32 = 22;
/// `type` of this event.
pub const FRIEND_ADDED: i32 = 105;

/// The body a third party gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FriendCallback {
    /// Robot.
    pub robot_id: String,
    /// Robot, UUID.
    pub robot_uuid: String,
    /// Always 22.
    pub text_type: i32,
    /// Always 105.
    #[serde(rename = "type")]
    pub event_type: i32,
    /// The name the phone shows.
    pub friend_name: String,
    /// The remark, empty when there is none.
    pub friend_remark: String,
    /// ISO 8601 UTC.
    pub timestamp: String,
}

impl FriendCallback {
    /// What is told of a friend who became known at `now`.
    pub fn new(robot: &Robot, name: &str, remark: &str, now: Ts) -> Self {
        Self {
            robot_id: robot.robot_id.to_string(),
            robot_uuid: robot.id.to_string(),
            text_type: EVENT,
            event_type: FRIEND_ADDED,
            friend_name: name.to_owned(),
            friend_remark: remark.to_owned(),
            timestamp: now.iso(),
        }
    }

    /// The delivery to the robot's message callback; none when no third party is told of messages. `seq` is filled in by the
    /// journal.
    pub fn delivery(&self, profile: &RobotProfile, now: Ts) -> Option<Delivery> {
        let robot = &profile.robot;
        let settings = &robot.settings.0;
        let is_open = settings.open_callback == 1 && settings.reply_all >= 0;
        let url = settings.callback_url.as_deref().filter(|url| is_open && !url.trim().is_empty())?;
        Some(Delivery {
            id: DeliveryId::generate(),
            seq: 0,
            robot_uuid: robot.id,
            kind: DeliveryKind::Friend,
            endpoint: endpoint_of(robot.id, url),
            url: url.to_owned(),
            chat: "friend".to_owned(),
            message_id: None,
            command_id: None,
            body: serde_json::to_string(self).unwrap_or_default().replace("\\u0000", "\u{fffd}"),
            file_name: None,
            state: DeliveryState::Pending,
            attempts: 0,
            can_retry: settings.callback_retry,
            last_status: None,
            last_error: None,
            replay_of: None,
            due_at: Some(now),
            finished_at: None,
            created_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::{Value, json};

    use super::*;
    use crate::robots::RobotKind;

    #[test]
    fn told_where_messages_are_told() {
        let now = Ts::new(DateTime::from_timestamp_millis(1_700_000_000_123).unwrap());
        let robot = Robot::new(RobotKind::Worktool, "管家".to_owned(), None, now);
        let callback = FriendCallback::new(&robot, "小明", "", now);
        let mut profile = RobotProfile { robot, bindings: Vec::new(), members: Vec::new() };
        profile.robot.settings.0.callback_url = Some("https://a.example/m".to_owned());
        for (open_callback, reply_all, is_told) in [(0, 0, false), (1, -1, false), (1, 0, true), (1, 1, true)]
        {
            profile.robot.settings.0.open_callback = open_callback;
            profile.robot.settings.0.reply_all = reply_all;
            assert_eq!(callback.delivery(&profile, now).is_some(), is_told, "{open_callback} {reply_all}");
        }
        let delivery = callback.delivery(&profile, now).unwrap();
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        assert_eq!((&body["textType"], &body["type"]), (&json!(22), &json!(105)));
        assert_eq!((&body["friendName"], &body["friendRemark"]), (&json!("小明"), &json!("")));
        profile.robot.settings.0.callback_url = None;
        assert!(callback.delivery(&profile, now).is_none());
    }
}
