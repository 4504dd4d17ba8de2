//! Chats on the phone, and the screens it shows of them.
use serde_json::{Value, json};

/// One bubble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubble {
    /// 0 somebody else, 1 the robot, 2 a system row.
    pub sender: u8,
    /// Name line; empty for the robot and in private chats.
    pub name: String,
    pub text_type: i64,
    pub text: String,
}

/// One chat; the phone shows its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chat {
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    pub room_type: i64,
    /// Texts of the title bar.
    pub titles: Vec<String>,
    /// Oldest first.
    pub bubbles: Vec<Bubble>,
    /// There is something the app has not looked at.
    pub is_unread: bool,
    /// Screens shown so far: what stands above a bubble differs from screen to screen.
    screens: u64,
}

impl Chat {
    /// A chat without bubbles.
    pub fn new(room_type: i64, titles: &[&str]) -> Self {
        Self {
            room_type,
            titles: titles.iter().map(|title| (*title).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Whether a command's title means it.
    pub fn is_called(&self, title: &str) -> bool {
        self.titles.iter().any(|known| known == title)
    }

    /// The texts on a screen of the last `height` bubbles.
    pub(super) fn shown(&self, height: usize) -> Vec<String> {
        let skipped = self.bubbles.len().saturating_sub(height);
        self.bubbles.iter().skip(skipped).map(|bubble| bubble.text.clone()).collect()
    }

    /// Forgets what no screen shows any more.
    pub(super) fn forget_old(&mut self, height: usize) {
        // A screen or two further back, as a phone that scrolls could show.
        let surplus = self.bubbles.len().saturating_sub(height.saturating_mul(4));
        self.bubbles.drain(..surplus);
    }

    /// The item of a screen that shows the last `height` bubbles.
    pub(super) fn screen(&mut self, height: usize) -> Value {
        self.screens += 1;
        let skipped = self.bubbles.len().saturating_sub(height);
        let shown: Vec<Value> = self
            .bubbles
            .iter()
            .skip(skipped)
            .enumerate()
            .map(|(place, bubble)| bubble_json(bubble, place == 0 && self.screens.is_multiple_of(2)))
            .collect();
        json!({"type": 101, "roomType": self.room_type, "titleList": self.titles, "messageList": shown})
    }
}

fn bubble_json(bubble: &Bubble, has_time: bool) -> Value {
    let mut lines = Vec::new();
    if has_time {
        lines.push(json!({"feature": 0, "text": "上午 10:00"}));
    }
    let feature = if bubble.sender == 2 { 0 } else { 2 };
    if !bubble.text.is_empty() {
        lines.push(json!({"feature": feature, "text": bubble.text}));
    }
    let names: Vec<&str> = if bubble.name.is_empty() { Vec::new() } else { vec![bubble.name.as_str()] };
    json!({"sender": bubble.sender, "textType": bubble.text_type, "itemMessageList": lines, "nameList": names})
}
