//! Pure: what was said in a conversation lately.
//!
//! A conversation ends after some silence, compared by the times of its messages, whether or not an actor lived meanwhile; or
//! when its customer resets it. How much of it a model is shown is decided by [`crate::persona::context`].
use std::collections::VecDeque;

use chrono::TimeDelta;
use workbot_schema::fields::Ts;

use crate::persona::Speaker;

/// Lines kept.
const LINES: usize = 10;
/// Longest line kept, characters.
const LINE_CHARS: usize = 8_000;
/// Texts a customer resets a conversation with.
const RESETS: [&str; 6] = ["/reset", "/new", "重置会话", "重置对话", "清空上下文", "重新开始对话"];
/// What is said to a reset.
pub const RESET_REPLY: &str = "好的，之前的对话已清空，我们重新开始吧。请问有什么可以帮您？";

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// By whom.
    pub by: Speaker,
    /// What.
    pub text: String,
}

/// What was said in the present conversation, the newest of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    said: VecDeque<Said>,
    last_at: Option<Ts>,
}

impl History {
    /// Notes what a customer wrote at `at` and what was answered; after a silence of `idle` it is a new conversation.
    pub fn note(&mut self, at: Ts, idle: TimeDelta, text: &str, reply: Option<&str>) {
        if self.is_over(at, idle) {
            self.said.clear();
        }
        self.last_at = self.last_at.max(Some(at));
        let lines = [(Speaker::User, Some(text)), (Speaker::Robot, reply)];
        for (by, text) in lines {
            if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
                self.said.push_back(Said { by, text: text.chars().take(LINE_CHARS).collect() });
            }
        }
        while self.said.len() > LINES {
            self.said.pop_front();
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.said.clear();
    }

    /// What belongs to the conversation of a message that came at `at`, oldest first.
    pub fn lines(&self, at: Ts, idle: TimeDelta) -> Vec<Said> {
        if self.is_over(at, idle) { Vec::new() } else { self.said.iter().cloned().collect() }
    }

    /// Whether a message that came at `at` begins another conversation.
    fn is_over(&self, at: Ts, idle: TimeDelta) -> bool {
        self.last_at.is_some_and(|last| at >= last.plus(idle))
    }
}

/// Whether a customer wants to begin anew.
pub fn is_reset(text: &str) -> bool {
    let text = text.trim();
    RESETS.iter().any(|reset| reset.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const IDLE: TimeDelta = TimeDelta::seconds(1_800);

    fn at(secs: i64) -> Ts {
        Ts::new(DateTime::from_timestamp(1_700_000_000 + secs, 0).unwrap())
    }

    fn texts(history: &History, secs: i64) -> Vec<String> {
        history.lines(at(secs), IDLE).into_iter().map(|said| said.text).collect()
    }

    #[test]
    fn the_newest_go_along() {
        let mut history = History::default();
        assert!(texts(&history, 0).is_empty());
        for number in 0..7 {
            history.note(at(number), IDLE, &format!("q{number}"), Some(&format!("a{number}")));
        }
        history.note(at(8), IDLE, "q8", None);
        history.note(at(8), IDLE, "  ", Some(""));
        assert_eq!(texts(&history, 9), ["a2", "q3", "a3", "q4", "a4", "q5", "a5", "q6", "a6", "q8"]);
        history.note(at(10), IDLE, &"长".repeat(9_000), None);
        assert_eq!(texts(&history, 11).last().unwrap().chars().count(), LINE_CHARS);
    }

    #[test]
    fn silence_ends_a_conversation() {
        let mut history = History::default();
        history.note(at(0), IDLE, "q", Some("a"));
        assert_eq!(texts(&history, 1_799).len(), 2);
        assert!(texts(&history, 1_800).is_empty());
        history.note(at(4_000), IDLE, "q2", Some("a2"));
        assert_eq!(texts(&history, 4_001), ["q2", "a2"]);
        history.reset();
        assert!(texts(&history, 4_002).is_empty());
    }

    #[test]
    fn who_wants_to_begin_anew() {
        for (text, expected) in [
            ("/reset", true),
            (" /RESET\n", true),
            ("重置会话", true),
            ("我想重置会话密码", false),
            ("", false),
        ] {
            assert_eq!(is_reset(text), expected, "{text}");
        }
    }
}
