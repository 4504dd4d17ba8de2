//! Pure: what commands had the phone send lately, so that a bubble of the robot that none of them explains was typed by hand.
use std::collections::VecDeque;

use serde_json::Value;
use workbot_schema::wire::worktool::snapshot::Bubble;

use super::room::Room;

/// A command explains bubbles for so long, milliseconds.
const EXPLAINS_MS: u64 = 600_000;
/// Commands remembered per robot; the oldest goes first.
const COMMANDS: usize = 300;
/// Shorter contents must be the whole bubble, or people who write "好的" would be taken for the robot.
const SHORT: usize = 8;
/// A bubble of at least so many characters that is part of a content is that content, folded.
const FOLDED: usize = 20;
/// Kinds of bubbles that are texts: plain, and with a quote.
const TEXT_TYPES: [i32; 2] = [1, 15];

#[derive(Debug)]
struct Sent {
    at_ms: u64,
    titles: Vec<String>,
    texts: Vec<String>,
    /// It sends something that is no text.
    is_media: bool,
}

/// What was sent, oldest first.
#[derive(Debug, Default)]
pub struct SentTexts {
    sent: VecDeque<Sent>,
}

impl SentTexts {
    /// Notes a command by its stored item.
    pub fn note(&mut self, command_type: i32, item: &str, now_ms: u64) {
        if !matches!(command_type, 203..=211 | 218 | 224 | 227..=230 | 238) {
            return;
        }
        let Ok(item) = serde_json::from_str::<Value>(item) else { return };
        let texts_of = |name: &str| -> Vec<String> {
            let list = item.get(name).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let text_of = |name: &str| item.get(name).and_then(Value::as_str).map(folded);
        let mut titles = texts_of("titleList");
        titles.extend(texts_of("nameList"));
        titles.extend(item.get("groupName").and_then(Value::as_str).map(str::to_owned));
        let texts = [text_of("receivedContent"), text_of("extraText"), text_of("groupAnnouncement")];
        self.sent.push_back(Sent {
            at_ms: now_ms,
            titles,
            texts: texts.into_iter().flatten().filter(|text| !text.is_empty()).collect(),
            is_media: !matches!(command_type, 203 | 204 | 206 | 207),
        });
        if self.sent.len() > COMMANDS {
            self.sent.pop_front();
        }
    }

    /// Whether one of the commands of the last 10 minutes put this bubble into the room.
    pub(super) fn explains(&self, room: &Room, bubble: &Bubble, now_ms: u64) -> bool {
        let text = folded(&bubble.text());
        let is_text = TEXT_TYPES.contains(&bubble.text_type);
        self.sent
            .iter()
            .filter(|sent| now_ms.saturating_sub(sent.at_ms) <= EXPLAINS_MS)
            .filter(|sent| sent.titles.iter().any(|title| room.is_called(title)))
            .any(|sent| {
                (sent.is_media && !is_text) || sent.texts.iter().any(|content| is_content(&text, content))
            })
    }
}

/// Whether a bubble shows a content: with mentions before it, with what it quotes, or folded.
fn is_content(text: &str, content: &str) -> bool {
    if text == content {
        return true;
    }
    if content.chars().count() < SHORT {
        // `@甲@乙好的`
        return text.starts_with('@') && text.ends_with(content);
    }
    text.contains(content) || (text.chars().count() >= FOLDED && content.contains(text))
}

/// Without spaces and line ends: phones show others than were sent.
fn folded(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}
