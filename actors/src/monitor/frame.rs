//! Pure: live events as JSON, with the names of seed 004 §6.3.
use serde_json::{Value, json};
use workbot_schema::commands::RobotCommand;
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::{NodeRecord, RunSaved};
use workbot_schema::ids::RobotUuid;
use workbot_schema::messages::SessionMessage;
use workbot_schema::wire::command_code;

use super::event::{Channel, Kind, MonitorEvent, Source};

/// Characters of a text that are shown live; the whole text is in the row.
const TEXT_CHARS: usize = 2_000;
/// Bytes of a node's output that are shown live.
const OUTPUT_BYTES: usize = 16 * 1024;

/// Public ids and names of robots.
pub trait RobotNames {
    /// Public id and name of a robot.
    fn find(&self, robot: RobotUuid) -> Option<(String, String)>;
}

/// One event as a frame of its own.
pub fn event(channel: Channel, event: &MonitorEvent, names: &dyn RobotNames) -> String {
    json!({
        "type": event.kind.name(),
        "channel": channel.name(),
        "data": data(event, names),
        "seq": event.seq,
        "timestamp": event.at.millis(),
    })
    .to_string()
}

/// Events of one channel between two numbers, some left out.
pub fn batch(
    channel: Channel,
    (from, to): (i64, i64),
    skipped: usize,
    events: &[std::sync::Arc<MonitorEvent>],
    names: &dyn RobotNames,
    now: Ts,
) -> String {
    let events: Vec<Value> = events
        .iter()
        .map(|event| {
            json!({
                "type": event.kind.name(),
                "data": data(event, names),
                "seq": event.seq,
                "timestamp": event.at.millis(),
            })
        })
        .collect();
    json!({
        "type": "batch",
        "channel": channel.name(),
        "data": {"channel": channel.name(), "from": from, "to": to, "skipped": skipped, "events": events},
        "seq": to,
        "timestamp": now.millis(),
    })
    .to_string()
}

/// A frame that is no event.
pub fn notice(kind: &str, channel: Option<Channel>, data: &Value, seq: i64, now: Ts) -> String {
    let mut frame = json!({"type": kind, "data": data, "seq": seq, "timestamp": now.millis()});
    if let (Some(channel), Some(fields)) = (channel, frame.as_object_mut()) {
        fields.insert("channel".to_owned(), Value::from(channel.name()));
    }
    frame.to_string()
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

fn robot(robot: Option<RobotUuid>, names: &dyn RobotNames) -> (Value, Value) {
    match robot {
        None => (Value::Null, Value::Null),
        Some(uuid) => match names.find(uuid) {
            Some((id, name)) => (Value::from(id), Value::from(name)),
            None => (Value::from(uuid.to_string()), Value::Null),
        },
    }
}

fn data(event: &MonitorEvent, names: &dyn RobotNames) -> Value {
    let mut data = match &event.source {
        Source::Message(message) => of_message(message),
        Source::Command(command) => of_command(event.kind, command),
        Source::Run(run, _place) => of_run(event, run),
        Source::Alert(alert) => json!({
            "alertId": alert.id,
            "level": alert.level,
            "code": alert.code,
            "status": alert.status,
            "ruleId": alert.rule_id,
            "sessionId": alert.session_id,
            "messageId": alert.message_id,
            "instanceId": alert.run_id,
            "data": alert.data.read::<Value>().unwrap_or_default(),
            "count": alert.count,
            "firstAt": alert.first_at.iso(),
            "lastAt": alert.last_at.iso(),
        }),
        Source::Notification(notification) => json!({
            "notificationId": notification.id,
            "alertId": notification.alert_id,
            "channelId": notification.channel_id,
            "channelType": notification.channel_type,
            "status": notification.state,
            "attempts": notification.attempts,
            "error": notification.error,
            "data": notification.body.read::<Value>().unwrap_or_default(),
        }),
    };
    if let Some(fields) = data.as_object_mut() {
        let (id, name) = robot(event.robot, names);
        fields.insert("robotId".to_owned(), id);
        fields.insert("robotName".to_owned(), name);
        fields.insert("timestamp".to_owned(), Value::from(event.at.iso()));
    }
    data
}

fn of_message(message: &SessionMessage) -> Value {
    json!({
        "sessionId": message.session_id,
        "messageId": message.id,
        "direction": message.direction,
        "userName": message.received_name,
        "userId": message.sender_id.as_deref().unwrap_or(&message.received_name),
        "groupName": message.group_name,
        "groupRemark": message.group_remark,
        "roomType": message.room_type,
        "textType": message.text_type,
        "atMe": message.at_me,
        "content": cut(&message.spoken),
        "status": "received",
    })
}

fn of_command(kind: Kind, command: &RobotCommand) -> Value {
    let item: Value = serde_json::from_str(&command.item).unwrap_or_default();
    let list = |name: &str| item.get(name).cloned().unwrap_or_else(|| json!([]));
    let parsed = |text: &Option<String>| -> Value {
        text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| json!([]))
    };
    let mut data = json!({
        "sendId": command.id,
        "commandId": command.id,
        "type": command.command_type,
        "commandName": command_code::native_name(command.command_type),
        "label": command_code::label(command.command_type),
        "status": command.state,
        "attempt": command.attempt,
        "sessionId": command.session_id,
        "messageId": command.message_id,
        "titleList": list("titleList"),
    });
    let Some(fields) = data.as_object_mut() else { return data };
    match kind {
        Kind::MessageSent => {
            let content = ["receivedContent", "objectName", "fileUrl"]
                .into_iter()
                .find_map(|name| item.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()));
            fields.insert("direction".to_owned(), Value::from("out"));
            fields.insert("content".to_owned(), Value::from(cut(content.unwrap_or_default())));
        }
        Kind::CommandResult => {
            fields.insert(
                "result".to_owned(),
                json!({
                    "errorCode": command.error_code,
                    "errorReason": command.error_reason,
                    "successList": parsed(&command.success_list),
                    "failList": parsed(&command.fail_list),
                }),
            );
        }
        _ => {}
    }
    data
}

fn of_run(event: &MonitorEvent, run: &RunSaved) -> Value {
    let mut data = json!({
        "instanceId": run.id,
        "flowId": run.flow_id,
        "sessionId": run.session_id,
        "messageId": run.messages.first(),
        "status": run.status,
    });
    let Some(fields) = data.as_object_mut() else { return data };
    match event.node() {
        Some(node) => {
            fields.insert("nodeId".to_owned(), Value::from(node.node_id.clone()));
            fields.insert("nodeName".to_owned(), Value::from(node.node_name.clone()));
            fields.insert("nodeType".to_owned(), Value::from(node.node_type.as_str()));
            fields.insert("status".to_owned(), json!(node.status));
            fields.insert("duration".to_owned(), Value::from(node.duration_ms));
            fields.insert("attempt".to_owned(), Value::from(node.attempt));
            fields.insert("error".to_owned(), json!(node.error));
            fields.insert("output".to_owned(), output(node));
            let copied: &[&str] = match event.kind {
                Kind::IntentRecognized => &["intent", "confidence", "intentConfidence", "model"],
                Kind::AiReplyGenerated => {
                    &["aiResponse", "reply", "model", "tokensIn", "tokensOut", "costMicros"]
                }
                _ => &[],
            };
            for name in copied {
                if let Some(value) = node.output.get(name) {
                    fields.insert((*name).to_owned(), value.clone());
                }
            }
        }
        None => {
            fields.insert("messageIds".to_owned(), json!(run.messages));
            fields.insert("errorCode".to_owned(), json!(run.error_code));
            fields.insert("duration".to_owned(), json!(run.duration_ms));
        }
    }
    data
}

/// A node's output; one that is too large for a live frame is told by its size and read with the run.
fn output(node: &NodeRecord) -> Value {
    let bytes = node.output.to_string().len();
    if bytes <= OUTPUT_BYTES { node.output.clone() } else { json!({"isCut": true, "bytes": bytes}) }
}
