//! Pure: a bubble as a message.
use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::worktool::snapshot::{Bubble, Sender};

use super::room::Room;

/// Sender of a bubble whose name line could not be read.
const NAMELESS: &str = "未知成员";

/// The names a mention of the robot is written with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RobotNames {
    /// The longest first, so that the whole mention is taken out.
    names: Vec<String>,
}

impl RobotNames {
    /// Of what 503 told (name, name for others); none is empty.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> =
            names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
        names.dedup();
        Self { names }
    }

    /// Whether a text mentions the robot; while its name is not known any mention counts, as in the app.
    pub fn are_in(&self, text: &str) -> bool {
        if self.names.is_empty() {
            return text.contains('@');
        }
        self.names.iter().any(|name| text.contains(&format!("@{name}")))
    }

    /// The text without the mentions of the robot.
    pub fn without(&self, text: &str) -> String {
        let mut rest = text.to_owned();
        for name in &self.names {
            // The app ends a mention with a space of a quarter of an em.
            for end in ["\u{2005}", " ", ""] {
                rest = rest.replace(&format!("@{name}{end}"), "");
            }
        }
        rest.trim().to_owned()
    }

    fn first(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }
}

/// The message of a bubble under the id given to it.
pub(super) fn message(room: &Room, bubble: &Bubble, names: &RobotNames, id: String) -> InboundMessage {
    let raw_spoken = bubble.text();
    let is_from_self = bubble.sender == Sender::Own;
    let received_name = match (bubble.names.first(), room.is_group(), is_from_self) {
        // In a private chat it tells with whom, whoever wrote: that is the conversation.
        (_, false, _) => room.name.clone(),
        (_, true, true) => names.first().unwrap_or(NAMELESS).to_owned(),
        (Some(name), true, false) => name.clone(),
        (None, true, false) => NAMELESS.to_owned(),
    };
    InboundMessage {
        app_message_id: Some(id),
        received_name,
        group_name: if room.is_group() { room.name.clone() } else { String::new() },
        group_remark: if room.is_group() { room.remark.clone() } else { String::new() },
        room_type: room.room_type,
        spoken: names.without(&raw_spoken),
        at_me: !is_from_self && names.are_in(&raw_spoken),
        raw_spoken,
        text_type: bubble.text_type,
        is_from_self,
        ..InboundMessage::default()
    }
}
