//! Pure: what was said in a conversation lately, as a model is told it.
//!
//! A conversation ends after some silence, compared by the times of its messages, whether or not an actor lived meanwhile; or
//! when its customer resets it. Of what was said the last messages go along, as many as fit.
use std::collections::VecDeque;

use chrono::TimeDelta;
use workbot_schema::fields::Ts;

/// Messages that go along at most.
pub const MESSAGES: usize = 10;
/// Estimated tokens that go along at most.
pub const TOKENS: usize = 2_000;
/// Texts a customer resets a conversation with.
const RESETS: [&str; 6] = ["/reset", "/new", "重置会话", "重置对话", "清空上下文", "重新开始对话"];
/// What is said to a reset.
pub const RESET_REPLY: &str = "好的，之前的对话已清空，我们重新开始吧。请问有什么可以帮您？";

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The customer.
    Customer,
    /// The robot.
    Robot,
}

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
    /// Notes what a customer wrote and what was answered at `at`; after a silence of `idle` it is a new conversation.
    pub fn note(&mut self, at: Ts, idle: TimeDelta, text: &str, reply: Option<&str>) {
        self.end_if_silent(at, idle);
        self.last_at = self.last_at.max(Some(at));
        let lines = [(Speaker::Customer, Some(text)), (Speaker::Robot, reply)];
        for (by, text) in lines {
            if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
                self.said.push_back(Said { by, text: bounded(text) });
            }
        }
        while self.said.len() > MESSAGES {
            self.said.pop_front();
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.said.clear();
    }

    /// What goes along with a message that came at `at`, oldest first.
    pub fn window(&mut self, at: Ts, idle: TimeDelta) -> Vec<Said> {
        self.end_if_silent(at, idle);
        let mut tokens = 0;
        let fitting = self.said.iter().rev().take_while(|said| {
            tokens += estimate_tokens(&said.text);
            tokens <= TOKENS
        });
        let mut window: Vec<Said> = fitting.cloned().collect();
        window.reverse();
        window
    }

    fn end_if_silent(&mut self, at: Ts, idle: TimeDelta) {
        if self.last_at.is_some_and(|last| at >= last.plus(idle)) {
            self.said.clear();
        }
    }
}

/// Whether a customer wants to begin anew.
pub fn is_reset(text: &str) -> bool {
    let text = text.trim();
    RESETS.iter().any(|reset| reset.eq_ignore_ascii_case(text))
}

/// About how many tokens a text is: one for each character beyond ASCII, one for four letters of ASCII.
pub fn estimate_tokens(text: &str) -> usize {
    let ascii = text.chars().filter(char::is_ascii).count();
    text.chars().count() - ascii + ascii.div_ceil(4)
}

/// What cannot fit is not kept: no text has more characters than four times its tokens.
fn bounded(text: &str) -> String {
    text.chars().take(TOKENS * 4).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    const IDLE: TimeDelta = TimeDelta::seconds(1_800);

    fn at(secs: i64) -> Ts {
        Ts::new(DateTime::from_timestamp(1_700_000_000 + secs, 0).unwrap())
    }

    fn texts(history: &mut History, secs: i64) -> Vec<String> {
        history.window(at(secs), IDLE).into_iter().map(|said| said.text).collect()
    }

    #[test]
    fn the_newest_go_along() {
        let mut history = History::default();
        assert!(texts(&mut history, 0).is_empty());
        for number in 0..7 {
            history.note(at(number), IDLE, &format!("q{number}"), Some(&format!("a{number}")));
        }
        history.note(at(8), IDLE, "q8", None);
        history.note(at(8), IDLE, "  ", Some(""));
        assert_eq!(texts(&mut history, 9), ["a2", "q3", "a3", "q4", "a4", "q5", "a5", "q6", "a6", "q8"]);
    }

    #[test]
    fn silence_ends_a_conversation() {
        let mut history = History::default();
        history.note(at(0), IDLE, "q", Some("a"));
        assert_eq!(texts(&mut history, 1_799).len(), 2);
        assert!(texts(&mut history, 1_800).is_empty());
        history.note(at(4_000), IDLE, "q2", Some("a2"));
        assert_eq!(texts(&mut history, 4_001), ["q2", "a2"]);
        history.reset();
        assert!(texts(&mut history, 4_002).is_empty());
    }

    #[test]
    fn long_texts_push_out_older_ones() {
        let mut history = History::default();
        history.note(at(0), IDLE, "old", Some("older answer"));
        history.note(at(1), IDLE, &"长".repeat(1_995), Some("ok"));
        assert_eq!(texts(&mut history, 2).len(), 4);
        history.note(at(3), IDLE, "and another one, of some length", None);
        assert_eq!(texts(&mut history, 4), ["ok", "and another one, of some length"]);
        history.note(at(5), IDLE, &"长".repeat(5_000), None);
        assert!(texts(&mut history, 6).is_empty());
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_window_keeps_its_bounds(texts in proptest::collection::vec("[a-z 长]{0,700}", 0..15)) {
            let mut history = History::default();
            for (number, text) in (0..).zip(&texts) {
                history.note(at(number), IDLE, text, Some(text));
            }
            let window = history.window(at(60), IDLE);
            prop_assert!(window.len() <= MESSAGES);
            prop_assert!(window.iter().map(|said| estimate_tokens(&said.text)).sum::<usize>() <= TOKENS);
        }
    }
}
