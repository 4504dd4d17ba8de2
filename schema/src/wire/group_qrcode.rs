//! Callback of type 0: the QR code through which others join a group.
use serde::Serialize;
use utoipa::ToSchema;

use crate::deliveries::{Delivery, DeliveryKind, DeliveryState, endpoint_of};
use crate::fields::Ts;
use crate::ids::DeliveryId;
use crate::robots::Robot;
use crate::robots::queries::RobotProfile;

/// Binding type of group QR codes.
pub const GROUP_QRCODE: i32 = 0;

/// The body a third party gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupQrcodeCallback {
    /// Robot.
    pub robot_id: String,
    /// Robot, UUID.
    pub robot_uuid: String,
    /// Always 0.
    #[serde(rename = "type")]
    pub callback_type: i32,
    /// `group_qrcode`.
    pub event: &'static str,
    /// ISO 8601 UTC.
    pub timestamp: String,
    /// Group name.
    pub group_name: String,
    /// Group remark, empty when there is none.
    pub group_remark: String,
    /// What the QR code says: an address, valid for 7 days.
    pub qr_code: String,
}

impl GroupQrcodeCallback {
    /// What is told of a group's QR code that became known at `now`.
    pub fn new(robot: &Robot, group_name: &str, group_remark: &str, qr_code: &str, now: Ts) -> Self {
        Self {
            robot_id: robot.robot_id.to_string(),
            robot_uuid: robot.id.to_string(),
            callback_type: GROUP_QRCODE,
            event: "group_qrcode",
            timestamp: now.iso(),
            group_name: group_name.to_owned(),
            group_remark: group_remark.to_owned(),
            qr_code: qr_code.to_owned(),
        }
    }

    /// The delivery to whom the robot's callback of type 0 is bound; none when it is not. `seq` is filled in by the journal.
    pub fn delivery(&self, profile: &RobotProfile, now: Ts) -> Option<Delivery> {
        let robot = &profile.robot;
        let (_type, url) =
            profile.bindings.iter().find(|(binding_type, _url)| *binding_type == GROUP_QRCODE)?;
        Some(Delivery {
            id: DeliveryId::generate(),
            seq: 0,
            robot_uuid: robot.id,
            kind: DeliveryKind::GroupQrcode,
            endpoint: endpoint_of(robot.id, url),
            url: url.clone(),
            chat: "group_qrcode".to_owned(),
            message_id: None,
            command_id: None,
            body: serde_json::to_string(self).unwrap_or_default().replace("\\u0000", "\u{fffd}"),
            file_name: None,
            state: DeliveryState::Pending,
            attempts: 0,
            can_retry: robot.settings.0.callback_retry,
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
    fn told_to_whom_it_is_bound() {
        let now = Ts::new(DateTime::from_timestamp_millis(1_700_000_000_123).unwrap());
        let robot = Robot::new(RobotKind::Worktool, "管家".to_owned(), None, now);
        let callback = GroupQrcodeCallback::new(&robot, "群", "", "https://work.weixin.qq.com/gm/x", now);
        let mut profile = RobotProfile { robot, bindings: Vec::new(), members: Vec::new() };
        assert!(callback.delivery(&profile, now).is_none());
        profile.bindings.push((GROUP_QRCODE, "https://a.example/q".to_owned()));
        let delivery = callback.delivery(&profile, now).unwrap();
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        assert_eq!((&body["type"], &body["qrCode"]), (&json!(0), &json!("https://work.weixin.qq.com/gm/x")));
        assert_eq!((&body["groupRemark"], &body["event"]), (&json!(""), &json!("group_qrcode")));
        assert_eq!(delivery.url, "https://a.example/q");
    }
}
