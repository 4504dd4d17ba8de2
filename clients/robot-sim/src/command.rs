//! A pushed command and what the phone reports about it, in terms every dialect shares.
use serde_json::Value;

use crate::tag::Tag;

/// One pushed command, as the phone understood it.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Stays the same over pushes and attempts.
    pub id: String,
    /// From 1; absent on the wire counts as 1.
    pub attempt: u32,
    pub priority: i64,
    /// `commandType`, such as `send_message`.
    pub kind: String,
    /// WorkTool number, such as 203.
    pub number: i64,
    pub params: Value,
    /// The server says that it has pushed this before.
    pub redelivered: bool,
    pub created_at: Option<String>,
}

impl Command {
    /// What de-duplication goes by.
    pub fn key(&self) -> (String, u32) {
        (self.id.clone(), self.attempt)
    }

    /// The text to send, empty when the command has none.
    pub fn content(&self) -> &str {
        ["content", "receivedContent"]
            .iter()
            .find_map(|name| self.params.get(name)?.as_str())
            .unwrap_or_default()
    }

    /// The chats the command is for.
    pub fn titles(&self) -> Vec<String> {
        let list = self.params.get("titleList").and_then(Value::as_array);
        list.map(|list| list.iter().filter_map(|title| title.as_str().map(str::to_owned)).collect())
            .unwrap_or_default()
    }

    /// The sequence tag in the content.
    pub fn tag(&self) -> Option<Tag> {
        Tag::find(self.content())
    }
}

/// `status` of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Success,
    Failed,
    Partial,
}

impl Status {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Partial => "partial",
        }
    }
}

/// What the phone reports after executing.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub status: Status,
    pub error_code: i64,
    pub error_message: String,
    pub success_list: Vec<String>,
    pub fail_list: Vec<String>,
    pub result: Option<Value>,
}

impl Outcome {
    /// All titles were served.
    pub fn success(command: &Command) -> Self {
        Self {
            status: Status::Success,
            error_code: 0,
            error_message: String::new(),
            success_list: command.titles(),
            fail_list: Vec::new(),
            result: None,
        }
    }

    /// Nothing was done; the server may retry when the code says so.
    pub fn failed(command: &Command, error_code: i64, error_message: impl Into<String>) -> Self {
        Self {
            status: Status::Failed,
            error_code,
            error_message: error_message.into(),
            success_list: Vec::new(),
            fail_list: command.titles(),
            result: None,
        }
    }

    /// The first half of the titles (at least one) was served, the rest was not.
    pub fn partial(command: &Command) -> Self {
        let mut success_list = command.titles();
        let fail_list = success_list.split_off(success_list.len().div_ceil(2));
        Self {
            status: Status::Partial,
            error_code: 201_101,
            error_message: "查找聊天窗失败".into(),
            success_list,
            fail_list,
            result: None,
        }
    }

    /// Whether the server may push another attempt after this report.
    pub fn is_retryable(&self) -> bool {
        let code = matches!(self.error_code, 201_101 | 201_103 | 201_104 | 201_107);
        self.status == Status::Failed && self.success_list.is_empty() && code
    }

    /// Whether somebody in the chat saw something happen.
    pub fn has_effect(&self) -> bool {
        self.status != Status::Failed || !self.success_list.is_empty()
    }
}
