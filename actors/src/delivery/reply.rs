//! Pure: what a third party answers to a message: `{code, message, data: {type: 5000, info: {text}}}`, read leniently.
use serde_json::{Map, Value};

use super::schedule::code_of;

/// Longest reply, in characters; a longer one is cut.
pub const TEXT_CHARS_MAX: usize = 10_000;
/// `data.type` of a text.
const TEXT_TYPE: i64 = 5_000;

/// What is to be said in the chat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Content {
    /// Nothing was answered (in pull mode: not yet).
    #[default]
    Absent,
    /// An empty text: the third party does not want to reply.
    Silent,
    /// A reply.
    Text(String),
}

/// An answer; what cannot be read is as if it were not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// 0 is success, also when there is none.
    pub code: i64,
    /// Goes with the code; sent to the chat for robots that want so.
    pub message: String,
    /// The reply.
    pub content: Content,
}

impl Answer {
    /// Reads a body; never fails.
    pub fn read(body: &[u8]) -> Self {
        let Ok(answer) = serde_json::from_slice::<Map<String, Value>>(body) else {
            return Self::default();
        };
        Self {
            code: code_of(&answer).unwrap_or_default(),
            message: answer.get("message").and_then(Value::as_str).map(storable).unwrap_or_default(),
            content: answer.get("data").map_or(Content::Absent, content_of),
        }
    }
}

fn content_of(data: &Value) -> Content {
    let is_text = match data.get("type") {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().parse() == Ok(TEXT_TYPE),
        Some(number) => number.as_i64() == Some(TEXT_TYPE),
    };
    let text = data.get("info").and_then(|info| info.get("text")).and_then(Value::as_str);
    match text.filter(|_text| is_text) {
        None => Content::Absent,
        Some(text) if text.trim().is_empty() => Content::Silent,
        Some(text) => Content::Text(storable(text)),
    }
}

/// Text that both databases and every phone take: bounded, without U+0000.
pub(super) fn storable(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).map(|letter| if letter == '\0' { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Content {
        Content::Text(text.to_owned())
    }

    #[test]
    fn answers_are_read_leniently() {
        let table = [
            ("", 0, "", Content::Absent),
            ("ok", 0, "", Content::Absent),
            ("[1]", 0, "", Content::Absent),
            (r#"{"code":0,"message":"success"}"#, 0, "success", Content::Absent),
            (r#"{"code":0,"data":null}"#, 0, "", Content::Absent),
            (r#"{"code":0,"data":{}}"#, 0, "", Content::Absent),
            (r#"{"code":0,"data":"x"}"#, 0, "", Content::Absent),
            (r#"{"code":0,"data":{"type":5000,"info":{"text":"答"}}}"#, 0, "", text("答")),
            (r#"{"data":{"type":"5000","info":{"text":"答"}}}"#, 0, "", text("答")),
            (r#"{"data":{"info":{"text":" a\u0000b "}}}"#, 0, "", text(" a\u{fffd}b ")),
            (r#"{"data":{"type":5000,"info":{"text":""}}}"#, 0, "", Content::Silent),
            (r#"{"data":{"type":5000,"info":{"text":" \n"}}}"#, 0, "", Content::Silent),
            (r#"{"data":{"type":5001,"info":{"text":"x"}}}"#, 0, "", Content::Absent),
            (r#"{"data":{"type":5000,"info":{"text":5}}}"#, 0, "", Content::Absent),
            (r#"{"code":-1,"message":"稍后再试"}"#, -1, "稍后再试", Content::Absent),
            (r#"{"code":"7","message":8}"#, 7, "", Content::Absent),
        ];
        for (body, code, message, content) in table {
            let expected = Answer { code, message: message.to_owned(), content };
            assert_eq!(Answer::read(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let body =
            serde_json::json!({"data": {"info": {"text": "长".repeat(TEXT_CHARS_MAX + 5)}}}).to_string();
        let Content::Text(text) = Answer::read(body.as_bytes()).content else { panic!("a text") };
        assert_eq!(text.chars().count(), TEXT_CHARS_MAX);
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let answer = Answer::read(&body);
            prop_assert!(!answer.message.contains('\0'));
        }
    }
}
