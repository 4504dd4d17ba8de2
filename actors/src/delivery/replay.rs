//! Pure: deliveries made by hand: a replay of an earlier one, and a sample.
use serde_json::Value;
use workbot_schema::deliveries::{Delivery, DeliveryKind, DeliveryState, endpoint_of};
use workbot_schema::fields::Ts;
use workbot_schema::ids::DeliveryId;
use workbot_schema::robots::settings::AtMeAs;
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::wire::callback::MessageCallback;

/// The same callback once more, as a row of its own under the new `id`; `replay_of` is the first of the row of replays. It goes
/// where the first one went.
pub fn replay(delivery: &Delivery, id: DeliveryId, now: Ts) -> Delivery {
    Delivery {
        id,
        seq: 0,
        state: DeliveryState::Pending,
        attempts: 0,
        last_status: None,
        last_error: None,
        replay_of: Some(delivery.replay_of.clone().unwrap_or_else(|| delivery.id.clone())),
        due_at: Some(now),
        finished_at: None,
        created_at: now,
        ..delivery.clone()
    }
}

/// A sample message callback to `url`, signed and written like a real one; its answer is recorded and not acted upon.
pub fn test_event(robot: &Robot, url: &str, id: DeliveryId, now: Ts) -> Delivery {
    let sample = "您好,欢迎使用WorkTool~";
    let body = MessageCallback {
        robot_id: robot.robot_id.to_string(),
        robot_uuid: robot.id.to_string(),
        spoken: sample.to_owned(),
        raw_spoken: format!("@小明 {sample}"),
        received_name: "WorkTool".to_owned(),
        group_name: "WorkTool".to_owned(),
        group_remark: "WorkTool".to_owned(),
        room_type: 1,
        at_me: at_me(robot, true),
        text_type: 1,
        timestamp: now.iso(),
        message_id: id.to_string(),
    };
    Delivery {
        chat: id.to_string(),
        id,
        seq: 0,
        robot_uuid: robot.id,
        kind: DeliveryKind::Test,
        endpoint: endpoint_of(robot.id, url),
        url: url.to_owned(),
        message_id: None,
        command_id: None,
        body: serde_json::to_string(&body).unwrap_or_default(),
        file_name: None,
        state: DeliveryState::Pending,
        attempts: 0,
        can_retry: false,
        last_status: None,
        last_error: None,
        replay_of: None,
        due_at: Some(now),
        finished_at: None,
        created_at: now,
    }
}

/// `atMe` as the receiver of a robot's callbacks expects it: a boolean for native robots, text for WorkTool ones, or as set.
pub fn at_me(robot: &Robot, is_mentioned: bool) -> Value {
    let default = if robot.kind == RobotKind::Native { AtMeAs::Boolean } else { AtMeAs::String };
    match robot.settings.0.at_me_as.unwrap_or(default) {
        AtMeAs::Boolean => Value::Bool(is_mentioned),
        AtMeAs::String => Value::String(is_mentioned.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_sample_has_the_fields_of_a_message() {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        for (kind, set, expected) in [
            (RobotKind::Native, None, Value::Bool(true)),
            (RobotKind::Worktool, None, Value::String("true".to_owned())),
            (RobotKind::Worktool, Some(AtMeAs::Boolean), Value::Bool(true)),
        ] {
            let mut robot = Robot::new(kind, "r".to_owned(), None, now);
            robot.settings.0.at_me_as = set;
            let sample = test_event(&robot, "https://x.example/cb", "dlv_1".into(), now);
            let body: Value = serde_json::from_str(&sample.body).unwrap();
            assert_eq!(body["atMe"], expected);
            assert_eq!(body["rawSpoken"], "@小明 您好,欢迎使用WorkTool~");
            assert_eq!(body.as_object().unwrap().len(), 12);
            assert_eq!(sample.endpoint, endpoint_of(robot.id, "https://x.example/cb"));
        }
    }

    #[test]
    fn a_replay_begins_anew_and_names_the_first() {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let robot = Robot::new(RobotKind::Native, "r".to_owned(), None, now);
        let mut first = test_event(&robot, "https://x.example/cb", "dlv_1".into(), now);
        first.state = DeliveryState::Failed;
        first.attempts = 4;
        let again = replay(&replay(&first, "dlv_2".into(), now), "dlv_3".into(), now);
        assert_eq!((again.state, again.attempts), (DeliveryState::Pending, 0));
        assert_eq!((again.id.as_str(), again.replay_of), ("dlv_3", Some("dlv_1".into())));
        assert_eq!(again.body, first.body);
    }
}
