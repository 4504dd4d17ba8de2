//! Pure: what becomes of a message that came in, and who is told of it.
use serde_json::Value;
use workbot_schema::batch::{Record, Write};
use workbot_schema::deliveries::{Delivery, DeliveryKind, DeliveryState, endpoint_of};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{DeliveryId, MessageId};
use workbot_schema::messages::{Direction, Entrance, MessageReason, SessionMessage};
use workbot_schema::robots::queries::RobotProfile;
use workbot_schema::robots::settings::AtMeAs;
use workbot_schema::robots::{RobotKind, RobotSettings};
use workbot_schema::wire::callback::MessageCallback;
use workbot_schema::wire::inbound_message::InboundMessage;

/// What comes in from outside: names and time.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// Id of the message.
    pub message_id: MessageId,
    /// Id of the callback, if one is made.
    pub delivery_id: DeliveryId,
    /// Arrival.
    pub now: Ts,
}

/// Who answers a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// It was written on the robot's own phone.
    Nobody,
    /// Settled at once, for this reason.
    Settled(MessageReason),
    /// The third party, by callback.
    Callback,
    /// The robot's flow.
    Flow,
}

/// Rows to write, together.
#[derive(Debug, Clone, PartialEq)]
pub struct MessagePlan {
    /// The message with its reason.
    pub message: SessionMessage,
    /// The callback that tells of it.
    pub delivery: Option<Delivery>,
}

impl MessagePlan {
    /// The one write: a repeated message takes its callback with it.
    pub fn into_write(self) -> Write {
        let mut write = vec![Record::Message(Box::new(self.message))];
        write.extend(self.delivery.map(|delivery| Record::Delivery(Box::new(delivery))));
        write
    }
}

/// Decides who answers.
pub fn answerer(settings: &RobotSettings, message: &InboundMessage) -> Answerer {
    if message.is_from_self {
        Answerer::Nobody
    } else if settings.reply_all < 0 {
        Answerer::Settled(MessageReason::ReadOnly)
    } else if settings.reply_all == 0 && message.is_group() && !message.at_me {
        Answerer::Settled(MessageReason::NotMentioned)
    } else if settings.message_url().is_some() {
        Answerer::Callback
    } else {
        Answerer::Flow
    }
}

/// The rows of a message; `file_name` is its picture in the file store.
pub fn plan(
    profile: &RobotProfile,
    inbound: InboundMessage,
    file_name: Option<String>,
    entrance: Entrance,
    stamp: Stamp,
) -> MessagePlan {
    let settings = &profile.robot.settings.0;
    let answerer = answerer(settings, &inbound);
    let reason = match answerer {
        // Work is a message without a reason.
        Answerer::Nobody | Answerer::Flow => None,
        Answerer::Settled(reason) => Some(reason),
        Answerer::Callback => Some(MessageReason::CallbackPending),
    };
    let message = SessionMessage {
        id: stamp.message_id,
        seq: 0,
        robot_uuid: profile.robot.id,
        session_id: inbound.session_id(profile.robot.id),
        dedup_id: match entrance {
            Entrance::Webhook => inbound.platform_id(),
            Entrance::Socket | Entrance::Rest | Entrance::Snapshot => inbound.app_message_id.clone(),
        },
        content_hash: inbound.content_hash(),
        direction: if inbound.is_from_self { Direction::Out } else { Direction::In },
        app_message_id: inbound.app_message_id,
        room_type: inbound.room_type,
        sender_id: inbound.sender_id,
        received_name: inbound.received_name,
        group_name: inbound.group_name,
        group_remark: inbound.group_remark,
        spoken: inbound.spoken,
        raw_spoken: inbound.raw_spoken,
        text_type: inbound.text_type,
        at_me: inbound.at_me,
        file_name,
        entrance,
        reason,
        reason_detail: None,
        run_id: None,
        starts: 0,
        command_id: None,
        sent_at: inbound.sent_at,
        settled_at: reason.map(|_reason| stamp.now),
        created_at: stamp.now,
    };
    let delivery = settings
        .message_url()
        .filter(|_url| answerer == Answerer::Callback)
        .map(|url| delivery(profile, &message, url, stamp.delivery_id));
    MessagePlan { message, delivery }
}

fn delivery(profile: &RobotProfile, message: &SessionMessage, url: &str, id: DeliveryId) -> Delivery {
    let robot = &profile.robot;
    let default_form = if robot.kind == RobotKind::Native { AtMeAs::Boolean } else { AtMeAs::String };
    let body = MessageCallback {
        robot_id: robot.robot_id.to_string(),
        robot_uuid: robot.id.to_string(),
        spoken: message.spoken.clone(),
        raw_spoken: message.raw_spoken.clone(),
        received_name: message.received_name.clone(),
        group_name: message.group_name.clone(),
        group_remark: message.group_remark.clone(),
        room_type: message.room_type,
        at_me: match robot.settings.0.at_me_as.unwrap_or(default_form) {
            AtMeAs::Boolean => Value::Bool(message.at_me),
            AtMeAs::String => Value::String(message.at_me.to_string()),
        },
        text_type: message.text_type,
        timestamp: message.sent_at.unwrap_or(message.created_at).iso(),
        message_id: message.id.to_string(),
    };
    Delivery {
        id,
        seq: 0,
        robot_uuid: robot.id,
        kind: DeliveryKind::Message,
        endpoint: endpoint_of(robot.id, url),
        url: url.to_owned(),
        chat: message.session_id.to_string(),
        message_id: Some(message.id.clone()),
        command_id: None,
        body: serde_json::to_string(&body).unwrap_or_default(),
        file_name: message.file_name.clone(),
        state: DeliveryState::Pending,
        attempts: 0,
        can_retry: robot.settings.0.callback_retry,
        last_status: None,
        last_error: None,
        replay_of: None,
        due_at: Some(message.created_at),
        finished_at: None,
        created_at: message.created_at,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use workbot_schema::robots::Robot;

    use super::*;

    fn profile(kind: RobotKind, change: impl FnOnce(&mut RobotSettings)) -> RobotProfile {
        let mut robot = Robot::new(kind, "管家".into(), None, DateTime::UNIX_EPOCH.into());
        change(&mut robot.settings.0);
        RobotProfile { robot, bindings: vec![], members: vec![] }
    }

    fn message(room_type: i32, at_me: bool) -> InboundMessage {
        InboundMessage {
            received_name: "仑哥".into(),
            group_name: if room_type % 2 == 1 { "群".into() } else { String::new() },
            spoken: "你好".into(),
            raw_spoken: "你好".into(),
            text_type: 1,
            room_type,
            at_me,
            ..InboundMessage::default()
        }
    }

    fn stamp() -> Stamp {
        Stamp {
            message_id: "msg_1".into(),
            delivery_id: "dlv_1".into(),
            now: DateTime::from_timestamp_millis(1_700_000_000_123).unwrap().into(),
        }
    }

    fn with_callback(settings: &mut RobotSettings) {
        settings.open_callback = 1;
        settings.callback_url = Some("https://example.com/hook".into());
    }

    #[test]
    fn who_answers() {
        use Answerer::{Callback, Flow, Nobody, Settled};
        let open = |reply_all: i32, has_callback: bool| {
            let mut settings = RobotSettings { reply_all, ..RobotSettings::default() };
            if has_callback {
                with_callback(&mut settings);
            }
            settings
        };
        for (reply_all, has_callback, room_type, at_me, expected) in [
            (-1, true, 2, true, Settled(MessageReason::ReadOnly)),
            (0, true, 1, false, Settled(MessageReason::NotMentioned)),
            (0, true, 3, true, Callback),
            (0, true, 4, false, Callback),
            (1, true, 1, false, Callback),
            (0, false, 2, false, Flow),
            (1, false, 1, false, Flow),
        ] {
            let settings = open(reply_all, has_callback);
            assert_eq!(answerer(&settings, &message(room_type, at_me)), expected, "{reply_all} {room_type}");
        }
        let own = InboundMessage { is_from_self: true, ..message(2, true) };
        assert_eq!(answerer(&open(1, true), &own), Nobody);
        let closed = RobotSettings { callback_url: Some("https://x".into()), ..RobotSettings::default() };
        assert_eq!(answerer(&closed, &message(2, false)), Flow);
    }

    #[test]
    fn what_the_flow_answers_is_work() {
        let profile = profile(RobotKind::Native, |_settings| {});
        let plan = plan(&profile, message(2, false), None, Entrance::Rest, stamp());
        assert_eq!((plan.message.reason, plan.message.settled_at, plan.delivery), (None, None, None));
    }

    #[test]
    fn callback_has_the_fields_of_the_protocol() {
        let profile = profile(RobotKind::Native, with_callback);
        let plan = plan(&profile, message(2, true), Some("a.png".into()), Entrance::Rest, stamp());
        assert_eq!(plan.message.reason, Some(MessageReason::CallbackPending));
        assert_eq!(plan.message.settled_at, Some(stamp().now));
        let delivery = plan.delivery.unwrap();
        assert_eq!(delivery.endpoint, endpoint_of(profile.robot.id, "https://example.com/hook"));
        assert_eq!(delivery.chat, plan.message.session_id.to_string());
        assert_eq!((delivery.file_name.as_deref(), delivery.due_at), (Some("a.png"), Some(stamp().now)));
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        assert_eq!(
            body,
            json!({"robotId": profile.robot.robot_id, "robotUuid": profile.robot.id, "spoken": "你好",
                "rawSpoken": "你好", "receivedName": "仑哥", "groupName": "", "groupRemark": "", "roomType": 2,
                "atMe": true, "textType": 1, "timestamp": "2023-11-14T22:13:20.123Z", "messageId": "msg_1"})
        );
    }

    #[test]
    fn at_me_has_the_form_of_the_receiver() {
        for (kind, form, expected) in [
            (RobotKind::Native, None, json!(true)),
            (RobotKind::Worktool, None, json!("true")),
            (RobotKind::WorktoolCloud, None, json!("true")),
            (RobotKind::Native, Some(AtMeAs::String), json!("true")),
            (RobotKind::Worktool, Some(AtMeAs::Boolean), json!(true)),
        ] {
            let profile = profile(kind, |settings| {
                with_callback(settings);
                settings.at_me_as = form;
            });
            let plan = plan(&profile, message(1, true), None, Entrance::Snapshot, stamp());
            let body: Value = serde_json::from_str(&plan.delivery.unwrap().body).unwrap();
            assert_eq!(body["atMe"], expected);
        }
    }

    #[test]
    fn own_messages_are_out_and_unsettled() {
        let profile = profile(RobotKind::Native, with_callback);
        let own = InboundMessage { is_from_self: true, ..message(4, false) };
        let plan = plan(&profile, own, None, Entrance::Socket, stamp());
        assert_eq!((plan.message.direction, plan.message.reason), (Direction::Out, None));
        assert_eq!(plan.clone().into_write().len(), 1);
        assert!(plan.delivery.is_none());
    }

    #[test]
    fn webhooks_repeat_ids_for_other_texts() {
        let profile = profile(RobotKind::WorktoolCloud, |_settings| ());
        let inbound = InboundMessage { app_message_id: Some("7".into()), ..message(1, true) };
        let mut other = inbound.clone();
        other.raw_spoken = "another".into();
        let dedup = |inbound, entrance| plan(&profile, inbound, None, entrance, stamp()).message.dedup_id;
        assert_ne!(dedup(inbound.clone(), Entrance::Webhook), dedup(other.clone(), Entrance::Webhook));
        assert_eq!(dedup(inbound, Entrance::Socket), dedup(other, Entrance::Socket));
    }
}
