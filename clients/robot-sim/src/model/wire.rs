//! The four wires: what a request asks, and what a good answer looks like.
use serde_json::{Value, json};

/// How a model is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelWire {
    /// `POST …/chat/completions`.
    OpenaiChat,
    /// `POST …/v1/messages`.
    Claude,
    /// `POST …/chat-messages`.
    Dify,
    /// `POST …/v3/chat`, then `GET …/retrieve` and `GET …/message/list`.
    Coze,
}

/// What a request asks, whatever its wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// What instructs; empty where the wire has no place for it.
    pub system: String,
    /// Roles and texts of the conversation.
    pub messages: Vec<(String, String)>,
    /// Whether JSON is wanted.
    pub wants_json: bool,
    /// Whether a picture came along.
    pub has_image: bool,
}

impl Asked {
    /// The text of the last message, without the marks that set it apart.
    pub fn message(&self) -> &str {
        let text = self.messages.last().map(|(_role, text)| text.as_str()).unwrap_or_default();
        let (_before, rest) = text.rsplit_once("<chat_message>").unwrap_or(("", text));
        let (inside, _after) = rest.split_once("</chat_message>").unwrap_or((rest, ""));
        inside.trim()
    }
}

impl ModelWire {
    /// The wire a path belongs to; `None` for a path that none knows.
    pub fn of(path: &str) -> Option<Self> {
        let ends = |end: &str| path.ends_with(end);
        if ends("/chat/completions") {
            Some(Self::OpenaiChat)
        } else if ends("/v1/messages") {
            Some(Self::Claude)
        } else if ends("/chat-messages") {
            Some(Self::Dify)
        } else if ends("/v3/chat") || ends("/v3/chat/retrieve") || ends("/v3/chat/message/list") {
            Some(Self::Coze)
        } else {
            None
        }
    }

    /// The model that is asked; Dify has an app behind each key and names none.
    pub fn model(self, body: &Value) -> String {
        let name = match self {
            Self::OpenaiChat | Self::Claude => "model",
            Self::Coze => "bot_id",
            Self::Dify => return "dify".to_owned(),
        };
        text(body, name).to_owned()
    }

    /// Whether the body is one the real service takes; else what it lacks.
    pub fn check(self, body: &Value) -> Result<(), &'static str> {
        let needed: &[&'static str] = match self {
            Self::OpenaiChat => &["model", "messages"],
            Self::Claude => &["model", "messages", "max_tokens"],
            Self::Dify => &["query", "response_mode", "user", "inputs"],
            Self::Coze => &["bot_id", "user_id", "additional_messages"],
        };
        if let Some(missing) = needed.iter().find(|name| body.get(**name).is_none_or(Value::is_null)) {
            return Err(missing);
        }
        let is_streamed = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
        let is_kept = body.get("auto_save_history").and_then(Value::as_bool).unwrap_or(true);
        match self {
            Self::Coze if !is_streamed && !is_kept => Err("auto_save_history"),
            Self::Claude if messages(body).iter().any(|(role, _text)| role == "system") => Err("messages"),
            _ => Ok(()),
        }
    }

    /// What the body asks.
    pub fn asked(self, body: &Value) -> Asked {
        let mut asked = Asked { has_image: body.to_string().contains("base64"), ..Asked::default() };
        match self {
            Self::OpenaiChat => {
                let (system, rest) = messages(body).into_iter().partition(|(role, _text)| role == "system");
                let system: Vec<(String, String)> = system;
                asked.system = system.into_iter().map(|(_role, text)| text).collect();
                asked.messages = rest;
            }
            Self::Claude => {
                asked.system = text(body, "system").to_owned();
                asked.messages = messages(body);
            }
            Self::Dify => asked.messages = vec![("user".to_owned(), text(body, "query").to_owned())],
            Self::Coze => asked.messages = list(body.get("additional_messages")),
        }
        let is_told = body.pointer("/response_format/type").and_then(Value::as_str) == Some("json_object");
        let instructs = |text: &str| text.contains("\"intent\"");
        asked.wants_json = is_told
            || instructs(&asked.system)
            || (asked.system.is_empty() && asked.messages.iter().any(|(_role, text)| instructs(text)));
        asked
    }

    /// A good answer.
    pub fn answer(self, model: &str, text: &str) -> Value {
        let (tokens_in, tokens_out) = (100, text.chars().count());
        match self {
            Self::OpenaiChat => json!({
                "id": "chatcmpl-sim", "object": "chat.completion", "created": 1_700_000_000, "model": model,
                "choices": [{"index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out,
                    "total_tokens": tokens_in + tokens_out},
            }),
            Self::Claude => json!({
                "id": "msg_sim", "type": "message", "role": "assistant", "model": model,
                "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
                "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out},
            }),
            Self::Dify => json!({
                "event": "message", "message_id": "sim", "conversation_id": "sim", "mode": "chat", "answer": text,
                "metadata": {"usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out,
                    "total_tokens": tokens_in + tokens_out}},
                "created_at": 1_700_000_000,
            }),
            Self::Coze => json!({"code": 0, "msg": "", "data": [
                {"id": "1", "role": "assistant", "type": "verbose", "content": "{}", "content_type": "text"},
                {"id": "2", "role": "assistant", "type": "answer", "content": text, "content_type": "text"},
                {"id": "3", "role": "assistant", "type": "follow_up", "content": "还有吗？", "content_type": "text"},
            ]}),
        }
    }

    /// A failure as the service words it.
    pub fn error(self, status: u16, code: &str, message: &str) -> Value {
        match self {
            Self::OpenaiChat => {
                json!({"error": {"message": message, "type": code, "param": null, "code": code}})
            }
            Self::Claude => json!({"type": "error", "error": {"type": code, "message": message}}),
            Self::Dify => json!({"code": code, "message": message, "status": status}),
            Self::Coze => json!({"code": 4_000, "msg": message}),
        }
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn messages(body: &Value) -> Vec<(String, String)> {
    list(body.get("messages"))
}

fn list(messages: Option<&Value>) -> Vec<(String, String)> {
    let messages = messages.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    messages.iter().map(|message| (text(message, "role").to_owned(), content(message))).collect()
}

/// A text, or the texts of its parts.
fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().map(|part| text(part, "text")).collect(),
        _ => String::new(),
    }
}
