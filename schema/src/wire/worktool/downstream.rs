//! Frames for the app: compact JSON, one command a frame, because it loses all but the last of several.
use serde::Serialize;
use serde_json::value::RawValue;

use super::ITEMS;
use super::cipher::{self, CipherError};
use crate::wire::error_code;

/// Starts the reading of chats and asks for the phone's name. Without an id: not confirmed, and not in the app's
/// memory of ids, so it may precede commands that are pushed again.
pub const START: &str = r#"{"socketType":2,"list":[{"type":202},{"type":503}]}"#;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    socket_type: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    api_send: i32,
    list: Vec<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_list: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypt_type: Option<i32>,
}

/// Why a command cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandProblem {
    /// The stored item is no JSON object.
    #[error("the item is no JSON object")]
    NotObject,
    /// It could not be encrypted.
    #[error(transparent)]
    Cipher(#[from] CipherError),
}

/// The frame of one command: its item as stored, with the content of its file put back.
pub fn command(
    wire_id: &str,
    item: &str,
    file_base64: Option<&str>,
    is_encrypted: bool,
) -> Result<String, CommandProblem> {
    let not_object = || CommandProblem::NotObject;
    let item = item.trim();
    let rest = item.strip_prefix('{').ok_or_else(not_object)?;
    let text = match file_base64 {
        None => item.to_owned(),
        Some(content) => {
            // Base64 needs no escapes.
            let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
            format!("{{\"fileBase64\":\"{content}\"{comma}{rest}")
        }
    };
    let raw = RawValue::from_string(text).map_err(|_no_json| CommandProblem::NotObject)?;
    let sealed = is_encrypted.then(|| cipher::encrypt(&format!("[{}]", raw.get()))).transpose()?;
    let envelope = Envelope {
        socket_type: ITEMS,
        message_id: Some(wire_id),
        api_send: 1,
        list: if is_encrypted { Vec::new() } else { vec![&raw] },
        encrypted_list: sealed.as_deref(),
        encrypt_type: is_encrypted.then_some(1),
    };
    serde_json::to_string(&envelope).map_err(|_no_json| CommandProblem::NotObject)
}

/// The frame that shows a message on the phone: the only way to tell it why it is not served. Never encrypted.
pub fn toast(code: i32) -> String {
    let reason = error_code::meaning(code);
    let item = serde_json::json!({"type": 102, "errorCode": code, "errorReason": reason});
    serde_json::json!({"socketType": ITEMS, "list": [item]}).to_string()
}
