//! Callbacks of type 5 and 6: a robot came online or went offline.
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::deliveries::{Delivery, DeliveryKind, DeliveryState, endpoint_of};
use crate::fields::Ts;
use crate::ids::DeliveryId;
use crate::robots::Robot;

/// Address of WeCom's group robots: they take a text message, not our body.
const WECOM_GROUP_ROBOT: &str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send";
/// Presence callbacks of a robot keep their order under this name.
const CHAT: &str = "presence";

/// The body a third party gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceCallback {
    /// Robot.
    pub robot_id: String,
    /// Robot, UUID.
    pub robot_uuid: String,
    /// Shown name.
    pub robot_name: String,
    /// 5 online, 6 offline.
    #[serde(rename = "type")]
    pub callback_type: i32,
    /// `online` or `offline`.
    pub event: &'static str,
    /// ISO 8601 UTC, when the state began.
    pub timestamp: String,
    /// Why.
    pub reason: &'static str,
}

impl PresenceCallback {
    /// What is told of a robot whose state began at `since`.
    pub fn new(robot: &Robot, is_online: bool, reason: &'static str, since: Ts) -> Self {
        Self {
            robot_id: robot.robot_id.to_string(),
            robot_uuid: robot.id.to_string(),
            robot_name: robot.name.clone(),
            callback_type: if is_online { 5 } else { 6 },
            event: if is_online { "online" } else { "offline" },
            timestamp: since.iso(),
            reason,
        }
    }

    /// The delivery to `url`; `seq` is filled in by the journal.
    pub fn delivery(&self, robot: &Robot, url: &str, now: Ts) -> Delivery {
        Delivery {
            id: DeliveryId::generate(),
            seq: 0,
            robot_uuid: robot.id,
            kind: if self.callback_type == 5 { DeliveryKind::Online } else { DeliveryKind::Offline },
            endpoint: endpoint_of(robot.id, url),
            url: url.to_owned(),
            chat: CHAT.to_owned(),
            message_id: None,
            command_id: None,
            body: self.body_for(url).to_string(),
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
        }
    }

    fn body_for(&self, url: &str) -> Value {
        if url.starts_with(WECOM_GROUP_ROBOT) {
            let state = if self.callback_type == 5 { "已上线" } else { "已离线" };
            let content = format!(
                "机器人 {} {state}\n编号：{}\n时间：{}\n原因：{}",
                self.robot_name, self.robot_id, self.timestamp, self.reason
            );
            return json!({"msgtype": "text", "text": {"content": content}});
        }
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::robots::RobotKind;

    #[test]
    fn bodies_follow_their_receiver() {
        let now = Ts::new(DateTime::from_timestamp_millis(1_700_000_000_123).unwrap());
        let robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now);
        let callback = PresenceCallback::new(&robot, false, "no frame in time", now);
        let plain = callback.delivery(&robot, "https://example.com/hook", now);
        let body: Value = serde_json::from_str(&plain.body).unwrap();
        assert_eq!(
            (&body["type"], &body["event"], &body["reason"]),
            (&json!(6), &json!("offline"), &json!("no frame in time"))
        );
        assert_eq!(body["robotName"], "甲");
        assert_eq!((plain.kind, plain.due_at), (DeliveryKind::Offline, Some(now)));
        let group = callback.delivery(&robot, &format!("{WECOM_GROUP_ROBOT}?key=abc"), now);
        let body: Value = serde_json::from_str(&group.body).unwrap();
        assert_eq!(body["msgtype"], "text");
        assert!(body["text"]["content"].as_str().unwrap().contains("甲 已离线"));
    }
}
