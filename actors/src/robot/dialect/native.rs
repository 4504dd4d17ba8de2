//! The native dialect: frames of our own app, text to typed and back.
//!
//! Nesting is bounded by the parser (128); of a key that stands twice the last one counts; unknown types are ignored.
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use workbot_schema::commands::RobotCommand;
use workbot_schema::wire::command_code::native_name;
use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::native::{
    CommandPush, ConfigPush, Connected, ErrorNotice, Frame, HeartbeatResponse, MessageAck, MessageNack,
    read_number, read_result, read_text,
};

use super::{BadFrame, Inbound, Reply};

/// WorkTool's number of a text.
const TEXT: i32 = 203;
/// Longest text of an error report that is kept, characters.
const ERROR_CHARS: usize = 1_000;

/// What a text frame says.
pub fn decode(text: &str) -> Result<Inbound, BadFrame> {
    let garbage = |text: &str| BadFrame { reference: None, text: text.to_owned(), is_garbage: true };
    let Ok(Value::Object(mut frame)) = serde_json::from_str::<Value>(text) else {
        return Err(garbage("帧不是 JSON 对象"));
    };
    let reference = read_text(&frame, "messageId").map(|id| id.replace('\0', "\u{fffd}"));
    let Some(Value::String(kind)) = frame.remove("type") else {
        return Err(BadFrame { reference, ..garbage("缺少 type") });
    };
    let timestamp = frame.remove("timestamp").unwrap_or(Value::Null);
    let mut data = match frame.remove("data") {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    let refused = |text: String| BadFrame { reference: reference.clone(), text, is_garbage: false };
    let inbound = match kind.as_str() {
        "ping" => Inbound::Ping,
        "heartbeat" => Inbound::Heartbeat(echoed(data.remove("timestamp").unwrap_or(timestamp))),
        "message" => return decode_message(data, timestamp, reference),
        "ack" => match read_text(&data, "commandId").or_else(|| read_text(&data, "messageId")) {
            Some(id) => Inbound::Ack { id: id.into(), attempt: data.get("attempt").and_then(read_number) },
            None => return Err(refused("commandId 不能为空".to_owned())),
        },
        "result" => match read_result(&data) {
            Ok((id, result)) => Inbound::Result { id, result: Box::new(result) },
            Err(problem) => return Err(refused(format!("{} {}", problem.field, problem.problem))),
        },
        "error" => Inbound::Error {
            code: data.get("errorCode").and_then(read_number),
            text: clean(&read_text(&data, "errorMessage").unwrap_or_default()),
        },
        "config_ack" => Inbound::ConfigAck { version: data.get("version").and_then(Value::as_i64) },
        "config_nack" => Inbound::ConfigNack {
            version: data.get("version").and_then(Value::as_i64),
            reason: clean(&read_text(&data, "reason").unwrap_or_default()),
        },
        _ => Inbound::Unknown,
    };
    Ok(inbound)
}

fn decode_message(
    mut data: Map<String, Value>,
    timestamp: Value,
    reference: Option<String>,
) -> Result<Inbound, BadFrame> {
    data.entry("timestamp").or_insert(timestamp);
    let reference = reference.or_else(|| read_text(&data, "messageId"));
    match InboundMessage::from_fields(data, reference.as_deref()) {
        Ok(message) => Ok(Inbound::Message { reference, message: Box::new(message) }),
        Err(problems) => {
            let text: Vec<String> =
                problems.iter().map(|problem| format!("{} {}", problem.field, problem.problem)).collect();
            Err(BadFrame { reference, text: text.join("；"), is_garbage: false })
        }
    }
}

/// The phone's own time as it came, when it is one.
fn echoed(timestamp: Value) -> Value {
    match timestamp {
        Value::Number(number) => Value::Number(number),
        Value::String(text) if text.len() <= 40 => Value::String(text),
        _ => Value::Null,
    }
}

fn clean(text: &str) -> String {
    text.chars().take(ERROR_CHARS).map(|letter| if letter == '\0' { '\u{fffd}' } else { letter }).collect()
}

/// The frame of a reply at `now_ms` (UTC); `number` counts the frames of the socket.
pub fn encode(reply: &Reply, now_ms: i64, number: u64) -> String {
    let frame_id = format!("srv_{number}");
    let id = frame_id.as_str();
    match reply {
        Reply::Pong => write("pong", None::<()>, now_ms, None),
        Reply::Connected { robot_id, heartbeat_interval_ms } => {
            let data =
                Connected { robot_id, timestamp: now_ms, heartbeat_interval_ms: *heartbeat_interval_ms };
            write("connected", Some(data), now_ms, Some(id))
        }
        Reply::HeartbeatResponse(timestamp) => {
            let data = HeartbeatResponse { timestamp: timestamp.clone(), server_time: now_ms };
            write("heartbeat_response", Some(data), now_ms, Some(id))
        }
        Reply::MessageAck { reference, message_id } => {
            let data = MessageAck { message_id: reference.as_deref(), server_message_id: message_id };
            write("message_ack", Some(data), now_ms, Some(id))
        }
        Reply::MessageNack { reference, retry_after } => {
            let data = MessageNack { message_id: reference.as_deref(), retry_after: *retry_after };
            write("message_nack", Some(data), now_ms, Some(id))
        }
        Reply::Error { code, text, reference } => {
            let data =
                ErrorNotice { error_code: *code, error_message: text, ref_message_id: reference.as_deref() };
            write("error", Some(data), now_ms, Some(id))
        }
        Reply::Config { config, version } => {
            let data = ConfigPush { config_type: "robot", config, version: *version };
            write("config", Some(data), now_ms, Some(id))
        }
    }
}

fn write<T: Serialize>(kind: &'static str, data: Option<T>, timestamp: i64, id: Option<&str>) -> String {
    serde_json::to_string(&Frame { kind, data, timestamp, message_id: id }).unwrap_or_default()
}

/// The stored item of a text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TextItem<'a> {
    #[serde(borrow, default)]
    title_list: Option<&'a RawValue>,
    #[serde(borrow, default)]
    received_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    at_list: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TextParams<'a> {
    target: &'a str,
    title_list: Option<&'a RawValue>,
    content: Option<&'a RawValue>,
    message_type: &'static str,
    at_list: &'a RawValue,
}

/// The first of the item's receivers.
#[derive(Deserialize)]
struct Targets<'a> {
    #[serde(borrow, default, rename = "titleList")]
    title_list: Vec<Cow<'a, str>>,
}

fn target_of(item: &str) -> String {
    serde_json::from_str::<Targets<'_>>(item)
        .ok()
        .and_then(|targets| targets.title_list.into_iter().next())
        .map(Cow::into_owned)
        .unwrap_or_default()
}

/// The `params` of a command as JSON: a text in words of the app, anything else the stored item as it is, with the
/// receiver as `target` and the file put back.
fn params_of(command: &RobotCommand, file_base64: Option<&str>) -> Option<Box<RawValue>> {
    let item = command.item.as_str();
    if command.command_type == TEXT {
        let target = target_of(item);
        let text: TextItem<'_> = serde_json::from_str(item).ok()?;
        let params = TextParams {
            target: &target,
            title_list: text.title_list,
            content: text.received_content,
            message_type: "text",
            at_list: text.at_list.unwrap_or(serde_json::from_str("[]").ok()?),
        };
        return serde_json::value::to_raw_value(&params).ok();
    }
    let rest = item.trim_start().strip_prefix('{')?;
    let mut params = String::with_capacity(item.len() + file_base64.map_or(0, str::len) + 64);
    params.push_str("{\"target\":");
    params.push_str(&serde_json::to_string(&target_of(item)).ok()?);
    if let Some(content) = file_base64 {
        // Base64 needs no escapes.
        params.push_str(",\"fileBase64\":\"");
        params.push_str(content);
        params.push('"');
    }
    if rest.trim_start() != "}" {
        params.push(',');
    }
    params.push_str(rest);
    RawValue::from_string(params).ok()
}

/// The frame that pushes a command; `None` when the stored item is no JSON object.
pub fn push(
    command: &RobotCommand,
    file_base64: Option<&str>,
    is_redelivered: bool,
    now_ms: i64,
) -> Option<String> {
    let params = params_of(command, file_base64)?;
    let data = CommandPush {
        command_id: command.id.as_str(),
        command_type: native_name(command.command_type),
        params: &params,
        priority: command.priority,
        number: command.command_type,
        attempt: command.attempt,
        redelivered: is_redelivered,
        created_at: command.created_at.iso(),
    };
    Some(write("command", Some(data), now_ms, Some(command.id.as_str())))
}

#[cfg(test)]
#[path = "native_tests.rs"]
mod tests;
