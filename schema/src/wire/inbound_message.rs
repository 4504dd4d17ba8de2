//! A chat message as phones and platforms report it, in one form whatever way it came.
//!
//! Three shapes are read: the REST body, the same fields in a native `message` frame, and that frame's short form
//! (`senderId, senderName, messageType, content, chatType`). Unknown fields and a `robotId` are ignored.
use aws_lc_rs::digest::{SHA256, digest};
use chrono::DateTime;
use serde_json::{Map, Value};

use crate::fields::Ts;
use crate::ids::{RobotUuid, SessionId};

/// Longest id of an app that is kept as it is, characters; longer ones are hashed.
pub const APP_ID_CHARS: usize = 128;

/// A field that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FieldProblem {
    /// Wire name.
    pub field: &'static str,
    /// What is wrong with it, for people.
    pub problem: &'static str,
}

/// A reported message, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InboundMessage {
    /// The phone's or platform's id, ≤ 128 characters.
    pub app_message_id: Option<String>,
    /// The phone's id of the sender.
    pub sender_id: Option<String>,
    /// Shown name of the sender, never empty.
    pub received_name: String,
    /// Group name, empty in private chats.
    pub group_name: String,
    /// Group remark, empty in private chats.
    pub group_remark: String,
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    pub room_type: i32,
    /// Text without the mention of the robot.
    pub spoken: String,
    /// Text as written.
    pub raw_spoken: String,
    /// Kind of content, 0..999.
    pub text_type: i32,
    /// Whether the robot was mentioned.
    pub at_me: bool,
    /// Somebody typed it on the robot's own phone: stored as sent, never answered.
    pub is_from_self: bool,
    /// A picture, base64.
    pub file_base64: Option<String>,
    /// When the phone says it was written.
    pub sent_at: Option<Ts>,
    /// How many U+0000 were replaced by U+FFFD.
    pub replaced_nulls: u32,
}

impl InboundMessage {
    /// Reads the fields; `envelope_id` is the id of the frame they came in and wins over `messageId` among them.
    pub fn from_fields(
        fields: Map<String, Value>,
        envelope_id: Option<&str>,
    ) -> Result<Self, Vec<FieldProblem>> {
        let mut reader = Reader { fields, replaced: 0, problems: Vec::new() };
        let mut message = if reader.is_short() { reader.short() } else { reader.long() };
        let own_id = reader.text("messageId").filter(|id| !id.is_empty());
        let envelope_id = envelope_id.map(|id| reader.clean(id.to_owned())).filter(|id| !id.is_empty());
        message.app_message_id = envelope_id.or(own_id).map(bounded_id);
        message.at_me = reader.flag("atMe");
        message.is_from_self = reader.flag("fromSelf");
        message.file_base64 = reader.text("fileBase64").filter(|content| !content.is_empty());
        message.sent_at = reader.moment("timestamp");
        if message.is_group() {
            message.group_name = reader.text("groupName").unwrap_or_default();
            message.group_remark = reader.text("groupRemark").unwrap_or_default();
        }
        message.replaced_nulls = reader.replaced;
        if reader.problems.is_empty() { Ok(message) } else { Err(reader.problems) }
    }

    /// Whether it was written in a group.
    pub fn is_group(&self) -> bool {
        matches!(self.room_type, 1 | 3)
    }

    /// The conversation it belongs to.
    pub fn session_id(&self, robot: RobotUuid) -> SessionId {
        let sender = self.sender_id.as_deref().unwrap_or(&self.received_name);
        SessionId::of(robot, &self.group_name, sender)
    }

    /// Hash of room, sender and text (32 characters): equal ones within 3 s are one message when an id is missing.
    pub fn content_hash(&self) -> String {
        let direction = if self.is_from_self { "out" } else { "in" };
        short_hash(&[direction, &self.group_name, &self.received_name, &self.raw_spoken])
    }

    /// What a repeat is recognised by on the hosted platform, which uses an id again for another text.
    pub fn platform_id(&self) -> Option<String> {
        self.app_message_id.as_ref().map(|id| short_hash(&[id, &self.raw_spoken]))
    }
}

fn short_hash(parts: &[&str]) -> String {
    let hash = digest(&SHA256, parts.join("\u{1f}").as_bytes());
    hex::encode(hash.as_ref().iter().take(16).copied().collect::<Vec<u8>>())
}

fn bounded_id(id: String) -> String {
    if id.chars().count() <= APP_ID_CHARS {
        id
    } else {
        format!("sha256:{}", hex::encode(digest(&SHA256, id.as_bytes())))
    }
}

struct Reader {
    fields: Map<String, Value>,
    replaced: u32,
    problems: Vec<FieldProblem>,
}

impl Reader {
    fn is_short(&self) -> bool {
        self.fields.contains_key("chatType")
            || (self.fields.contains_key("content") && !self.fields.contains_key("spoken"))
    }

    fn long(&mut self) -> InboundMessage {
        let spoken = self.text("spoken");
        let raw_spoken = self.text("rawSpoken");
        if spoken.is_none() && raw_spoken.is_none() {
            self.refuse("spoken", "不能为空");
        }
        let sender_id = self.text("senderId").filter(|id| !id.is_empty());
        let received_name = self.name("receivedName", sender_id.as_deref());
        let room_type = match self.number("roomType") {
            Some(room_type @ 1..=4) => room_type,
            _ => self.refuse("roomType", "必须是 1 到 4 的整数"),
        };
        let text_type = match self.fields.get("textType") {
            None | Some(Value::Null) => 1,
            Some(_) => match self.number("textType") {
                Some(text_type @ 0..=999) => text_type,
                _ => self.refuse("textType", "必须是 0 到 999 的整数"),
            },
        };
        InboundMessage {
            sender_id,
            received_name,
            room_type,
            text_type,
            spoken: spoken.clone().or_else(|| raw_spoken.clone()).unwrap_or_default(),
            raw_spoken: raw_spoken.or(spoken).unwrap_or_default(),
            ..InboundMessage::default()
        }
    }

    fn short(&mut self) -> InboundMessage {
        let Some(content) = self.text("content") else {
            self.refuse("content", "不能为空");
            return InboundMessage::default();
        };
        let sender_id = self.text("senderId").filter(|id| !id.is_empty());
        let received_name = self.name("senderName", sender_id.as_deref());
        let is_external = sender_id.as_deref().is_some_and(|id| id.starts_with("wm") || id.starts_with("wo"));
        let chat_type = self.text("chatType");
        let room_type = match (chat_type.as_deref().unwrap_or("single"), is_external) {
            ("single", false) => 4,
            ("single", true) => 2,
            ("group", false) => 3,
            ("group", true) => 1,
            _ => self.refuse("chatType", "必须是 single 或 group"),
        };
        let text_type = match self.text("messageType").as_deref() {
            None | Some("text") => 1,
            Some("image") => 2,
            Some("voice" | "audio") => 3,
            Some("video") => 5,
            Some("mini_program") => 7,
            Some("link") => 8,
            Some("file") => 9,
            Some(_) => 0,
        };
        InboundMessage {
            sender_id,
            received_name,
            room_type,
            text_type,
            spoken: content.clone(),
            raw_spoken: content,
            ..InboundMessage::default()
        }
    }

    fn refuse(&mut self, field: &'static str, problem: &'static str) -> i32 {
        self.problems.push(FieldProblem { field, problem });
        0
    }

    fn clean(&mut self, text: String) -> String {
        let nulls = text.matches('\0').count();
        if nulls == 0 {
            return text;
        }
        self.replaced = self.replaced.saturating_add(u32::try_from(nulls).unwrap_or(u32::MAX));
        text.replace('\0', "\u{fffd}")
    }

    /// A text, taken out; numbers count as their text.
    fn text(&mut self, field: &str) -> Option<String> {
        match self.fields.remove(field)? {
            Value::String(text) => Some(self.clean(text)),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn name(&mut self, field: &'static str, otherwise: Option<&str>) -> String {
        let name = self.text(field).filter(|name| !name.trim().is_empty());
        match name.or_else(|| otherwise.map(str::to_owned)) {
            Some(name) => name,
            None => {
                self.refuse(field, "不能为空");
                String::new()
            }
        }
    }

    fn number(&mut self, field: &str) -> Option<i32> {
        match self.fields.get(field)? {
            Value::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// `true`, `"true"`, `1` and `"1"` are yes.
    fn flag(&self, field: &str) -> bool {
        match self.fields.get(field) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// Milliseconds since 1970 or ISO 8601; anything else is no time.
    fn moment(&self, field: &str) -> Option<Ts> {
        let millis = match self.fields.get(field)? {
            Value::Number(number) => number.as_i64()?,
            Value::String(text) => match DateTime::parse_from_rfc3339(text) {
                Ok(moment) => moment.timestamp_millis(),
                Err(_no_iso_time) => text.parse().ok()?,
            },
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        // Years that one of the databases could not store are nonsense anyway.
        let is_plausible = (0..=253_402_300_799_999).contains(&millis);
        DateTime::from_timestamp_millis(millis).filter(|_moment| is_plausible).map(Ts::new)
    }
}

#[cfg(test)]
#[path = "inbound_message_tests.rs"]
mod tests;
