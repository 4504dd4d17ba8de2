//! Pure: what a run says in a chat, as a command for the robot.
//!
//! The chat is the one the flow's nodes chose among the names of the message; the words are only ever words. Nothing in them
//! chooses who gets them or what kind of command it is.
use chrono::TimeDelta;
use serde_json::json;
use workbot_schema::commands::{CommandSource, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{MessageId, SessionId};
use workbot_schema::robots::{Robot, RobotKind};

use crate::flow::Submission;

/// Sends a text.
const TEXT: i32 = 203;
/// Quotes a message and answers it.
const QUOTE: i32 = 204;

/// What a reply needs beside its words.
#[derive(Debug, Clone, Copy)]
pub struct ReplyContext<'a> {
    /// Whose chat.
    pub robot: &'a Robot,
    /// The conversation.
    pub session: &'a SessionId,
    /// The message that is answered.
    pub message: &'a MessageId,
    /// Its sender, as the phone shows them.
    pub received_name: &'a str,
    /// Its text as it stands in the chat.
    pub original: &'a str,
    /// Its kind of content.
    pub text_type: i32,
    /// The robot is away.
    pub is_offline: bool,
    /// Not sent later than this after `now`.
    pub expiry: TimeDelta,
    /// When it is made.
    pub now: Ts,
}

/// The command of a submission. Phones with the WorkTool app quote when the flow wants so; the native app has no quotes.
pub fn reply_command(submission: Submission, context: &ReplyContext<'_>) -> NewCommand {
    let Submission { command_id, target, text, quote, at_user, .. } = submission;
    let is_quote = quote && context.robot.kind != RobotKind::Native && !context.original.is_empty();
    let (command_type, mut item) = if is_quote {
        let item = json!({
            "type": QUOTE, "titleList": [target], "receivedName": context.received_name,
            "originalContent": context.original, "textType": context.text_type, "receivedContent": text,
        });
        (QUOTE, item)
    } else {
        (TEXT, json!({"type": TEXT, "titleList": [target], "receivedContent": text}))
    };
    if let (Some(name), Some(item)) = (at_user, item.as_object_mut()) {
        item.insert("atList".to_owned(), json!([name]));
    }
    let item = item.to_string();
    NewCommand {
        id: command_id,
        robot_uuid: context.robot.id,
        batch_id: None,
        command_type,
        size_bytes: i32::try_from(item.len()).unwrap_or(i32::MAX),
        item,
        file_name: None,
        priority: 0,
        can_retry: context.robot.settings.0.command_retry,
        source: CommandSource::Flow,
        request_id: None,
        message_id: Some(context.message.clone()),
        session_id: Some(context.session.clone()),
        resend_of: None,
        expires_at: context.now.plus(context.expiry),
        created_at: context.now,
        is_offline: context.is_offline,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::Value;
    use workbot_schema::ids::{CommandId, RobotUuid};

    use super::*;
    use crate::flow::Visit;

    fn item(kind: RobotKind, quote: bool, at_user: Option<&str>, text: &str) -> (NewCommand, Value) {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let robot = Robot::new(kind, "r".to_owned(), None, now);
        let session = SessionId::of(RobotUuid(uuid::Uuid::nil()), "", "仑哥");
        let context = ReplyContext {
            robot: &robot,
            session: &session,
            message: &MessageId::from("msg_1"),
            received_name: "仑哥",
            original: "@管家 你好",
            text_type: 1,
            is_offline: true,
            expiry: TimeDelta::seconds(1_800),
            now,
        };
        let submission = Submission {
            at: Visit { node_id: "send_command".to_owned(), number: 6, attempt: 1 },
            command_id: CommandId::from("cmd_1"),
            index: 0,
            target: "群".to_owned(),
            is_group: true,
            text: text.to_owned(),
            quote,
            at_user: at_user.map(str::to_owned),
        };
        let command = reply_command(submission, &context);
        let item = serde_json::from_str(&command.item).unwrap();
        (command, item)
    }

    #[test]
    fn what_the_phone_is_told() {
        let quoted = json!({"type": 204, "titleList": ["群"], "receivedName": "仑哥", "originalContent": "@管家 你好",
            "textType": 1, "receivedContent": "答"});
        let text = json!({"type": 203, "titleList": ["群"], "receivedContent": "答"});
        let at = json!({"type": 203, "titleList": ["群"], "receivedContent": "答", "atList": ["仑哥"]});
        for (kind, quote, at_user, expected) in [
            (RobotKind::Native, false, None, &text),
            (RobotKind::Native, true, Some("仑哥"), &at),
            (RobotKind::Worktool, false, Some("仑哥"), &at),
            (RobotKind::Worktool, true, None, &quoted),
            (RobotKind::WorktoolCloud, true, None, &quoted),
        ] {
            let (command, item) = item(kind, quote, at_user, "答");
            assert_eq!(&item, expected, "{kind} {quote}");
            assert_eq!(
                (command.id.as_str(), command.command_type.into()),
                ("cmd_1", item["type"].as_i64().unwrap())
            );
            assert_eq!(command.message_id, Some(MessageId::from("msg_1")));
            assert_eq!((command.source, command.is_offline), (CommandSource::Flow, true));
            assert_eq!(command.expires_at.millis(), 1_800_000);
        }
    }

    #[test]
    fn words_are_only_words() {
        let text = "\"}],\"titleList\":[\"老板\"],\"type\":304 {{userName}} @所有人";
        let (command, item) = item(RobotKind::Native, false, None, text);
        assert_eq!((command.command_type, &item["titleList"]), (203, &json!(["群"])));
        assert_eq!((&item["receivedContent"], item.get("atList")), (&json!(text), None));
    }
}
