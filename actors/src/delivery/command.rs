//! Pure: a reply to a callback as a command for the robot.
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use workbot_schema::commands::{CommandSource, NewCommand};
use workbot_schema::deliveries::Delivery;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, SessionId};
use workbot_schema::robots::{Robot, RobotKind};

/// Sends a text.
const TEXT: i32 = 203;
/// Quotes a message and answers it.
const QUOTE: i32 = 204;

/// What a reply needs beside its text.
#[derive(Debug, Clone)]
pub struct ReplyContext<'a> {
    /// The callback that was answered.
    pub delivery: &'a Delivery,
    /// Whose chat.
    pub robot: &'a Robot,
    /// The conversation.
    pub session: Option<SessionId>,
    /// The robot is away.
    pub is_offline: bool,
    /// Not sent later than this after `now`.
    pub expiry: TimeDelta,
    /// When the reply came.
    pub now: Ts,
}

/// The chat, as the callback told it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Chat {
    spoken: String,
    raw_spoken: String,
    received_name: String,
    group_name: String,
    group_remark: String,
    text_type: i32,
}

impl Chat {
    fn is_group(&self) -> bool {
        !(self.group_name.is_empty() && self.group_remark.is_empty())
    }

    /// What the phone shows as title: a remark replaces the name.
    fn title(&self) -> &str {
        [&self.group_remark, &self.group_name, &self.received_name]
            .into_iter()
            .find(|name| !name.is_empty())
            .map_or("", String::as_str)
    }

    /// The text as it stands in the chat.
    fn original(&self) -> &str {
        if self.raw_spoken.is_empty() { &self.spoken } else { &self.raw_spoken }
    }
}

/// The only command that a callback may lead to: the same for every attempt, repeat and replay of it.
pub fn command_id(delivery: &Delivery) -> CommandId {
    let origin = delivery.replay_of.as_ref().unwrap_or(&delivery.id);
    let name = format!("inline reply {origin}");
    CommandId(format!("rpl_{}", Uuid::new_v5(&delivery.robot_uuid.0, name.as_bytes()).simple()))
}

/// The command that says `text` in the chat of the callback: WorkTool quotes the message, native robots send a text, in groups
/// with a mention. `None` when the callback names no chat.
pub fn reply_command(text: &str, context: &ReplyContext<'_>) -> Option<NewCommand> {
    let (delivery, robot) = (context.delivery, context.robot);
    let chat: Chat = serde_json::from_str(&delivery.body).ok()?;
    let title = Some(chat.title()).filter(|title| !title.is_empty())?;
    let (command_type, item) = match robot.kind {
        RobotKind::Worktool | RobotKind::WorktoolCloud => (
            QUOTE,
            json!({
                "type": QUOTE, "titleList": [title], "receivedName": chat.received_name,
                "originalContent": chat.original(), "textType": chat.text_type, "receivedContent": text,
            }),
        ),
        RobotKind::Native => {
            let mut item = json!({"type": TEXT, "titleList": [title], "receivedContent": text});
            if let (true, Some(item)) =
                (chat.is_group() && !chat.received_name.is_empty(), item.as_object_mut())
            {
                item.insert("atList".to_owned(), json!([chat.received_name]));
            }
            (TEXT, item)
        }
    };
    let item = item.to_string();
    Some(NewCommand {
        id: command_id(delivery),
        robot_uuid: robot.id,
        batch_id: None,
        command_type,
        size_bytes: i32::try_from(item.len()).unwrap_or(i32::MAX),
        item,
        file_name: None,
        priority: 0,
        can_retry: robot.settings.0.command_retry,
        source: CommandSource::InlineReply,
        request_id: None,
        message_id: delivery.message_id.clone(),
        session_id: context.session.clone(),
        resend_of: None,
        expires_at: context.now.plus(context.expiry),
        created_at: context.now,
        is_offline: context.is_offline,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::Value;

    use super::*;
    use crate::delivery::replay::{replay, test_event};

    fn robot(kind: RobotKind) -> Robot {
        Robot::new(kind, "r".to_owned(), None, Ts::new(DateTime::UNIX_EPOCH))
    }

    fn item(kind: RobotKind, body: Value) -> Option<(i32, Value)> {
        let robot = robot(kind);
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let mut delivery = test_event(&robot, "https://x.example/", "dlv_1".into(), now);
        delivery.body = body.to_string();
        let expiry = TimeDelta::seconds(1_800);
        let context =
            ReplyContext { delivery: &delivery, robot: &robot, session: None, is_offline: true, expiry, now };
        let command = reply_command("答", &context)?;
        assert_eq!(command.expires_at, now.plus(expiry));
        assert_eq!(command.id, command_id(&delivery));
        assert!(command.is_offline);
        Some((command.command_type, serde_json::from_str(&command.item).unwrap()))
    }

    #[test]
    fn the_kind_of_robot_decides_how_a_reply_is_sent() {
        let group = json!({"spoken": "你好", "rawSpoken": "@管家 你好", "receivedName": "仑哥", "groupName": "群",
            "groupRemark": "", "textType": 1, "atMe": "true", "more": [1]});
        let remarked =
            json!({"spoken": "你好", "receivedName": "仑哥", "groupName": "群", "groupRemark": "备注"});
        let private = json!({"spoken": "你好", "receivedName": "仑哥", "groupName": "", "groupRemark": ""});
        let text = |title: &str| json!({"type": 203, "titleList": [title], "receivedContent": "答"});
        let at = |title: &str| json!({"type": 203, "titleList": [title], "receivedContent": "答", "atList": ["仑哥"]});
        let quote = |title: &str, original: &str, text_type: i32| {
            json!({"type": 204, "titleList": [title], "receivedName": "仑哥", "originalContent": original,
                "textType": text_type, "receivedContent": "答"})
        };
        let table = [
            (RobotKind::Native, group.clone(), Some((203, at("群")))),
            (RobotKind::Native, remarked.clone(), Some((203, at("备注")))),
            (RobotKind::Native, private.clone(), Some((203, text("仑哥")))),
            (RobotKind::Worktool, group, Some((204, quote("群", "@管家 你好", 1)))),
            (RobotKind::WorktoolCloud, private, Some((204, quote("仑哥", "你好", 0)))),
            (RobotKind::Native, json!({"spoken": "x"}), None),
            (RobotKind::Native, json!([]), None),
        ];
        for (kind, body, expected) in table {
            assert_eq!(item(kind, body.clone()), expected, "{kind} {body}");
        }
    }

    #[test]
    fn a_replay_leads_to_the_same_command() {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let first = test_event(&robot(RobotKind::Native), "https://x.example/", "dlv_1".into(), now);
        let second = replay(&first, "dlv_2".into(), now);
        let third = replay(&second, "dlv_3".into(), now);
        assert_eq!(command_id(&first), command_id(&second));
        assert_eq!(command_id(&first), command_id(&third));
        let other = Delivery { id: "dlv_9".into(), ..first.clone() };
        assert_ne!(command_id(&first), command_id(&other));
    }
}
