//! Texts the app writes, field by field as its JSON library does.
use serde_json::{Map, Value, json};

use super::cipher;

pub(super) const CONFIRM: i64 = 1;
pub(super) const ITEMS: i64 = 2;
pub(super) const RESULT: i64 = 3;

/// The keep-alive.
pub(super) fn heartbeat() -> String {
    json!({"type": 11}).to_string()
}

/// The clock.
pub(super) fn clock(now_ms: u64) -> String {
    json!({"td": now_ms}).to_string()
}

/// An envelope. A confirmation carries the switch, too, but nothing in it is encrypted.
pub(super) fn envelope(socket_type: i64, message_id: &str, list: Value, is_encrypted: bool) -> String {
    let sealed =
        (is_encrypted && socket_type != CONFIRM).then(|| cipher::encrypt(&escaped(&list.to_string())));
    let list = if sealed.is_some() { json!([]) } else { list };
    let frame = json!({"socketType": socket_type, "messageId": message_id, "list": list,
        "encryptedList": sealed.flatten().unwrap_or_default(), "encryptType": i32::from(is_encrypted)});
    escaped(&frame.to_string())
}

/// The app's library writes these letters as escapes.
fn escaped(text: &str) -> String {
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('=', "\\u003d")
        .replace('\'', "\\u0027")
}

/// An id as the app makes it for its own frames.
pub(super) fn own_id() -> String {
    format!("2023-11-23#10:00:00#{}", uuid::Uuid::new_v4())
}

/// The line that stands for a login.
pub(super) fn login_line(link_id: &str, device: &str) -> Value {
    json!({"type": 301, "log": format!(
        "连接建立: {link_id} appVersion: 2.8.1     Android 12 {device} workVersion: 4.1.10 deviceRooted: false hook: false")})
}

/// The report of an execution; the command stands as text in `rawMsg`, its type nowhere else.
pub(super) fn result(
    item: &Map<String, Value>,
    code: i64,
    reason: &str,
    started_ms: u64,
    took_ms: u64,
) -> Value {
    let titles = |name: &str| item.get(name).cloned().unwrap_or_else(|| json!([]));
    let (success, fail) =
        if code == 0 { (titles("titleList"), json!([])) } else { (json!([]), titles("titleList")) };
    let seconds = std::time::Duration::from_millis(took_ms).as_secs_f64();
    json!({"rawMsg": Value::Object(item.clone()).to_string(), "errorCode": code, "errorReason": reason,
        "runTime": started_ms, "timeCost": seconds, "successList": success, "failList": fail, "type": 0})
}
