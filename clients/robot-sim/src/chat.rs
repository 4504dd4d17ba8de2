//! A chat message that reached the phone and goes up to the server.
use serde_json::{Map, Value, json};

use crate::tag::Tag;

/// One received chat message, in the long form of `POST /api/robot/messages` or the short socket form.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatMessage {
    /// The app's own id: the server de-duplicates by it.
    pub message_id: String,
    /// The body fields without `robotId` and `messageId`.
    pub fields: Map<String, Value>,
}

impl ChatMessage {
    /// A private text from an external contact (roomType 2).
    pub fn text(sender: &str, text: &str) -> Self {
        Self::of(json!({
            "spoken": text, "rawSpoken": text, "receivedName": sender, "groupName": "", "groupRemark": "",
            "roomType": 2, "atMe": false, "textType": 1,
        }))
    }

    /// A text in an external group (roomType 1) that mentions the robot.
    pub fn group_text(group: &str, sender: &str, text: &str) -> Self {
        Self::of(json!({
            "spoken": text, "rawSpoken": format!("@机器人 {text}"), "receivedName": sender, "groupName": group,
            "groupRemark": "", "roomType": 1, "atMe": true, "textType": 1,
        }))
    }

    /// The short socket form; a group name makes it `chatType` group.
    pub fn short(sender_id: &str, sender_name: &str, text: &str, group: Option<&str>) -> Self {
        let mut message = Self::of(json!({
            "senderId": sender_id, "senderName": sender_name, "messageType": "text", "content": text,
            "chatType": if group.is_some() { "group" } else { "single" },
        }));
        if let Some(group) = group {
            message = message.with("groupName", group);
        }
        message
    }

    /// The same message with one field set or replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The same message under a given app id.
    #[must_use]
    pub fn with_id(mut self, message_id: impl Into<String>) -> Self {
        self.message_id = message_id.into();
        self
    }

    /// The sequence tag in its text.
    pub fn tag(&self) -> Option<Tag> {
        ["spoken", "content"].iter().find_map(|name| Tag::find(self.fields.get(*name)?.as_str()?))
    }

    /// The body of `POST /api/robot/messages`.
    pub fn body(&self, robot_id: &str) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("robotId".into(), robot_id.into());
        fields.insert("messageId".into(), self.message_id.as_str().into());
        Value::Object(fields)
    }

    fn of(fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self { message_id: format!("app_{}", uuid::Uuid::new_v4().simple()), fields }
    }
}
