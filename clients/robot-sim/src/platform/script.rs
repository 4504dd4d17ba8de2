//! How the scripted platform answers.
use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

/// Which of the platform's addresses was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hook {
    /// `/message`: message callbacks.
    Message,
    /// `/result`: command result callbacks.
    Result,
    /// `/event`: online, offline and group QR code callbacks.
    Event,
    /// `/pull`: asked for replies.
    Pull,
    /// Any other path.
    Other,
}

impl Hook {
    /// By the first path segment.
    pub fn of(path: &str) -> Self {
        match path.trim_start_matches('/').split('/').next() {
            Some("message") => Self::Message,
            Some("result") => Self::Result,
            Some("event") => Self::Event,
            Some("pull") => Self::Pull,
            _ => Self::Other,
        }
    }
}

/// One way to answer a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `{"code":0,"message":"success"}` at once.
    Ok,
    /// `{"code":0}` with an inline text reply.
    Inline(String),
    /// 200 at once, then the text by `POST /api/robot/send-message` after `delay`.
    Later { text: String, delay: Duration },
    /// The other answer after a delay.
    After(Duration, Box<Answer>),
    /// An HTTP status with an empty JSON object.
    Status(u16),
    /// 200 with `{"code", "message"}` that reports a failure.
    Code(i64, String),
    /// 200 with exactly this body.
    Body(String),
    /// 200 with a body that is no JSON.
    WrongJson,
    /// 204 without a body.
    Empty,
    /// One byte of a good answer each `pause`.
    Drip(Duration),
    /// Nothing; the connection stays open.
    Hang,
    /// The connection is closed without an answer.
    Drop,
}

/// `Later` and `Inline` texts may hold `{spoken}` and `{name}`, which stand for the message's fields.
pub fn fill(text: &str, body: &Value) -> String {
    let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    text.replace("{name}", field("receivedName")).replace("{spoken}", field("spoken"))
}

/// The body of an inline text reply.
pub fn inline_body(text: &str) -> String {
    json!({"code": 0, "message": "success", "data": {"type": 5000, "info": {"text": text}}}).to_string()
}

/// The answers of one hook: a list used up from the front, then `rest` for ever.
#[derive(Debug, Clone)]
pub struct Script {
    pub first: VecDeque<Answer>,
    pub rest: Answer,
}

impl Script {
    /// The same answer always.
    pub fn always(rest: Answer) -> Self {
        Self { first: VecDeque::new(), rest }
    }

    /// These answers one after the other, then `rest`.
    pub fn list(first: impl IntoIterator<Item = Answer>, rest: Answer) -> Self {
        Self { first: first.into_iter().collect(), rest }
    }

    /// The next answer.
    pub fn take_next(&mut self) -> Answer {
        self.first.pop_front().unwrap_or_else(|| self.rest.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_scripts_and_templates() {
        for (path, hook) in [("/message", Hook::Message), ("/result/x", Hook::Result), ("/", Hook::Other)] {
            assert_eq!(Hook::of(path), hook, "{path}");
        }
        let mut script = Script::list([Answer::Status(500), Answer::Hang], Answer::Ok);
        let answers: Vec<_> = (0..4).map(|_| script.take_next()).collect();
        assert_eq!(answers, [Answer::Status(500), Answer::Hang, Answer::Ok, Answer::Ok]);
        let body = json!({"receivedName": "张三", "spoken": "{name}?"});
        assert_eq!(fill("re {name}: {spoken}", &body), "re 张三: {name}?");
    }
}
