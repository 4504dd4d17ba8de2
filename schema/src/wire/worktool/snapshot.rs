//! Type 101: the bubbles of one chat that are on the screen, oldest first. There is no event for one message.
use serde_json::{Map, Value};

use super::field;

/// Most bubbles read of one snapshot; a screen shows about ten.
const BUBBLES: usize = 200;
/// Most lines read of one bubble.
const LINES: usize = 200;

/// Whose avatar stands beside a bubble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Somebody else's.
    Other,
    /// The robot's.
    Own,
    /// None: a system row, or nobody knows.
    System,
}

/// One text of a bubble.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    /// 0 stands above the bubble and comes and goes, 1 is odd, 2 is the bubble's own text.
    pub feature: i32,
    /// The text.
    pub text: String,
}

/// One bubble.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bubble {
    /// Who wrote it.
    pub sender: Sender,
    /// Kind of content, 0..18 in the open app.
    pub text_type: i32,
    /// The name line: name, then perhaps where the person is from.
    pub names: Vec<String>,
    /// Its texts, top to bottom.
    pub lines: Vec<Line>,
}

impl Bubble {
    /// What it says: every text but those above it, one a line.
    pub fn text(&self) -> String {
        let own: Vec<&str> =
            self.lines.iter().filter(|line| line.feature != 0).map(|line| line.text.as_str()).collect();
        own.join("\n")
    }
}

/// What is on the screen of one chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact, 0 unknown.
    pub room_type: i32,
    /// Texts of the title bar: `[title]`, `[remark, group]`, `[name, "＠…"]`.
    pub titles: Vec<String>,
    /// Oldest first.
    pub bubbles: Vec<Bubble>,
}

impl Snapshot {
    /// Reads the item.
    pub fn read(fields: &Map<String, Value>) -> Self {
        Self {
            room_type: field::small(fields, "roomType"),
            titles: trimmed(field::texts(fields, "titleList")),
            bubbles: field::objects(fields, "messageList").iter().take(BUBBLES).map(bubble).collect(),
        }
    }
}

fn bubble(fields: &Map<String, Value>) -> Bubble {
    let lines = field::objects(fields, "itemMessageList");
    Bubble {
        sender: match field::small(fields, "sender") {
            0 => Sender::Other,
            1 => Sender::Own,
            _ => Sender::System,
        },
        text_type: field::small(fields, "textType").clamp(0, 999),
        names: trimmed(field::texts(fields, "nameList")),
        lines: lines
            .iter()
            .take(LINES)
            .map(|line| Line {
                feature: field::small(line, "feature"),
                text: field::text(line, "text").unwrap_or_default(),
            })
            .filter(|line| !line.text.is_empty())
            .collect(),
    }
}

fn trimmed(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}
