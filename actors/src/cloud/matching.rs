//! Pure: which command of a call a result is for. All of them share the platform's id; `rawMsg` shows the item.
use serde_json::{Map, Value};
use workbot_schema::commands::{CommandState, RobotCommand};

/// Fields of an item that come back changed or not at all.
const LOOSE: [&str; 5] = ["messageId", "meta", "apiSend", "fileBase64", "up"];

/// The command among `sent` (with the attempts that were sent), in their order: the first without a result whose item is in
/// `raw`; without `raw` the first without a result.
pub fn find<'a>(
    sent: &'a [(RobotCommand, i32)],
    raw: Option<&Map<String, Value>>,
) -> Option<&'a (RobotCommand, i32)> {
    let is_open = |command: &RobotCommand, attempt: i32| {
        let waits = [CommandState::Sent, CommandState::Confirmed, CommandState::Unknown];
        command.attempt == attempt && waits.contains(&command.state)
    };
    let fits = |command: &RobotCommand| raw.is_none_or(|raw| is_in(&command.item, raw));
    let open = sent.iter().find(|(command, attempt)| is_open(command, *attempt) && fits(command));
    // A repeated result belongs to what has ended already.
    open.or_else(|| sent.iter().find(|(command, _attempt)| fits(command)))
        .or_else(|| sent.first().filter(|_only| sent.len() == 1))
}

/// Whether everything an item says stands in what the platform shows of it; the platform adds defaults.
pub fn is_in(item: &str, raw: &Map<String, Value>) -> bool {
    let Ok(item) = serde_json::from_str::<Map<String, Value>>(item) else { return false };
    item.iter()
        .filter(|(name, _value)| !LOOSE.contains(&name.as_str()))
        .all(|(name, value)| value.is_null() || raw.get(name).is_some_and(|shown| is_same(value, shown)))
}

/// Numbers may come back as texts.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            number.to_string() == text.trim()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.iter().all(|(name, value)| other.get(name).is_some_and(|shown| is_same(value, shown)))
        }
        (one, other) => one == other,
    }
}

/// `rawMsg` of a result: a JSON text, or the object itself.
pub fn raw_of(fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    match fields.get("rawMsg")? {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(raw) => Some(raw.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use workbot_schema::commands::{CommandSource, NewCommand};
    use workbot_schema::fields::Ts;
    use workbot_schema::ids::RobotUuid;

    use super::*;

    fn sent(id: &str, state: CommandState, content: &str) -> (RobotCommand, i32) {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let new = NewCommand {
            id: id.into(),
            robot_uuid: RobotUuid(uuid::Uuid::nil()),
            batch_id: None,
            command_type: 203,
            item: json!({"type": 203, "titleList": ["群"], "receivedContent": content}).to_string(),
            file_name: None,
            size_bytes: 2,
            priority: 0,
            can_retry: false,
            source: CommandSource::Commands,
            request_id: None,
            message_id: None,
            session_id: None,
            resend_of: None,
            expires_at: now,
            created_at: now,
            is_offline: false,
        };
        (RobotCommand { state, ..new.into_row(1) }, 1)
    }

    fn raw(content: &str) -> Map<String, Value> {
        let raw = json!({"messageId": "17844", "type": "203", "titleList": ["群"], "receivedContent": content,
            "textType": 0, "showMessageHistory": false});
        raw.as_object().cloned().unwrap()
    }

    #[test]
    fn by_content_and_in_order() {
        use CommandState::{Confirmed, Succeeded};
        let call = [
            sent("a", Succeeded, "一"),
            sent("b", Confirmed, "一"),
            sent("c", Confirmed, "二"),
            sent("d", Confirmed, "一"),
        ];
        let id = |raw: Option<Map<String, Value>>| {
            find(&call, raw.as_ref()).map(|(command, _attempt)| command.id.as_str())
        };
        assert_eq!(id(Some(raw("一"))), Some("b"), "equal ones in their order");
        assert_eq!(id(Some(raw("二"))), Some("c"));
        assert_eq!(id(None), Some("b"));
        assert_eq!(id(Some(raw("三"))), None);
        let done = [sent("a", Succeeded, "一"), sent("b", Succeeded, "二")];
        assert_eq!(
            find(&done, Some(&raw("二"))).map(|(command, _)| command.id.as_str()),
            Some("b"),
            "a repeat"
        );
        let only = [sent("a", Confirmed, "一")];
        assert!(find(&only, Some(&raw("变了"))).is_some(), "one command can only be that one");
        assert!(find(&[], Some(&raw("一"))).is_none());
    }

    #[test]
    fn raw_comes_as_text_or_object() {
        let fields = |value: Value| value.as_object().cloned().unwrap();
        assert_eq!(raw_of(&fields(json!({"rawMsg": "{\"type\":203}"}))).unwrap()["type"], 203);
        assert_eq!(raw_of(&fields(json!({"rawMsg": {"type": 203}}))).unwrap()["type"], 203);
        assert!(raw_of(&fields(json!({"rawMsg": "x"}))).is_none() && raw_of(&fields(json!({}))).is_none());
    }
}
