//! The native socket: JSON frames `{type, data, timestamp, messageId}` on `/ws/connect`.
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Credentials, Dialect, Down, Up, Upgrade};
use crate::command::{Command, Outcome};

/// The native dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Native {
    /// Leaves `attempt` out of acks and results, as older apps do.
    pub omits_attempt: bool,
}

impl Dialect for Native {
    fn upgrade(&self, credentials: &Credentials) -> Upgrade {
        let mut headers = Vec::new();
        let mut target = "/ws/connect".to_owned();
        if credentials.in_header {
            headers.push(("Authorization".into(), format!("Bearer {}", credentials.token)));
        } else if !credentials.token.is_empty() {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("token", &credentials.token)
                .finish();
            target = format!("{target}?{query}");
        }
        if let Some(device_id) = &credentials.device_id {
            headers.push(("X-Device-Id".into(), device_id.clone()));
        }
        Upgrade { target, headers }
    }

    fn greeting(&self, _is_reconnect: bool, _now_ms: u64) -> Vec<String> {
        Vec::new()
    }

    fn heartbeat_interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn encode(&self, up: Up<'_>, now_ms: u64) -> Option<String> {
        let frame = match up {
            Up::Heartbeat => frame(
                "heartbeat",
                json!({"timestamp": now_ms, "batteryLevel": 80, "networkType": "wifi"}),
                now_ms,
            ),
            Up::Ping => json!({"type": "ping"}),
            Up::Ack { command } => frame("ack", Value::Object(self.confirm(command)), now_ms),
            Up::Result { command, outcome } => frame("result", self.result(command, outcome), now_ms),
            Up::Message(message) => {
                let mut data = message.fields.clone();
                data.entry("timestamp").or_insert_with(|| now_ms.into());
                json!({"type": "message", "data": data, "timestamp": now_ms, "messageId": message.message_id})
            }
            Up::ConfigAck { config_type, version } => {
                frame("config_ack", json!({"configType": config_type, "version": version}), now_ms)
            }
            Up::ConfigNack { config_type, version, reason } => frame(
                "config_nack",
                json!({"configType": config_type, "version": version, "reason": reason}),
                now_ms,
            ),
            Up::Error { code, message } => frame(
                "error",
                json!({"errorCode": code, "errorMessage": message, "timestamp": now_ms}),
                now_ms,
            ),
        };
        Some(frame.to_string())
    }

    fn decode(&self, text: &str) -> Vec<Down> {
        let frame: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        let data = frame.get("data").unwrap_or(&Value::Null);
        let down = match frame.get("type").and_then(Value::as_str) {
            Some("connected") => Down::Connected {
                robot_id: string(data, "robotId"),
                heartbeat: data.get("heartbeatIntervalMs").and_then(Value::as_u64).map(Duration::from_millis),
            },
            Some("command") => command(data).map_or(Down::Unknown, Down::Command),
            Some("heartbeat_response" | "pong") => Down::Alive,
            Some("message_ack") => Down::MessageAck {
                message_id: string(data, "messageId"),
                server_message_id: string(data, "serverMessageId"),
            },
            Some("message_nack") => Down::MessageNack {
                message_id: string(data, "messageId"),
                retry_after: data
                    .get("retryAfter")
                    .and_then(Value::as_f64)
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                    .unwrap_or(Duration::from_secs(1)),
            },
            Some("config") => Down::Config {
                config_type: string(data, "configType"),
                version: data.get("version").cloned().unwrap_or(Value::Null),
                config: data.get("config").cloned().unwrap_or(Value::Null),
            },
            Some("error") => {
                Down::Error { code: string(data, "errorCode"), message: string(data, "errorMessage") }
            }
            _ => Down::Unknown,
        };
        vec![down]
    }
}

impl Native {
    fn confirm(&self, command: &Command) -> Map<String, Value> {
        let mut data = Map::new();
        data.insert("commandId".into(), command.id.as_str().into());
        if !self.omits_attempt {
            data.insert("attempt".into(), command.attempt.into());
        }
        data
    }

    fn result(&self, command: &Command, outcome: &Outcome) -> Value {
        let mut data = self.confirm(command);
        data.insert("status".into(), outcome.status.word().into());
        data.insert("errorCode".into(), outcome.error_code.into());
        data.insert("errorMessage".into(), outcome.error_message.as_str().into());
        data.insert("successList".into(), json!(outcome.success_list));
        data.insert("failList".into(), json!(outcome.fail_list));
        if let Some(result) = &outcome.result {
            data.insert("result".into(), result.clone());
        }
        Value::Object(data)
    }
}

fn frame(kind: &str, data: Value, now_ms: u64) -> Value {
    json!({"type": kind, "data": data, "timestamp": now_ms, "messageId": format!("app_{}", uuid::Uuid::new_v4().simple())})
}

fn command(data: &Value) -> Option<Command> {
    let number = data.get("type").and_then(Value::as_i64).unwrap_or(0);
    let attempt = data.get("attempt").and_then(Value::as_u64).unwrap_or(1);
    Some(Command {
        id: data.get("commandId").and_then(Value::as_str)?.to_owned(),
        attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        priority: data.get("priority").and_then(Value::as_i64).unwrap_or(0),
        kind: string(data, "commandType"),
        number,
        params: data.get("params").cloned().unwrap_or(Value::Null),
        redelivered: data.get("redelivered").and_then(Value::as_bool).unwrap_or(false),
        created_at: data.get("createdAt").and_then(Value::as_str).map(str::to_owned),
    })
}

/// A string field; numbers are taken as their text, anything else as empty.
fn string(data: &Value, name: &str) -> String {
    match data.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ChatMessage;

    const PUSH: &str = r#"{"type":"command","data":{"commandId":"msg_1","commandType":"send_message",
        "params":{"target":"张三","titleList":["张三"],"content":"hi","messageType":"text","atList":[]},
        "priority":5,"type":203,"attempt":2,"createdAt":"2025-01-01T00:00:00Z","redelivered":true},
        "timestamp":1,"messageId":"s1"}"#;

    fn pushed() -> Command {
        match Native::default().decode(PUSH).remove(0) {
            Down::Command(command) => command,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_every_frame_of_the_contract() {
        let command = pushed();
        assert_eq!((command.key(), command.priority, command.number), (("msg_1".into(), 2), 5, 203));
        assert_eq!((command.content(), command.titles()), ("hi", vec!["张三".to_owned()]));
        assert!(command.redelivered);
        let cases = [
            (
                r#"{"type":"connected","data":{"robotId":"r","timestamp":1,"heartbeatIntervalMs":10000}}"#,
                "connected",
            ),
            (r#"{"type":"heartbeat_response","data":{"timestamp":1,"serverTime":2}}"#, "alive"),
            (r#"{"type":"pong","timestamp":1}"#, "alive"),
            (r#"{"type":"message_ack","data":{"messageId":"a","serverMessageId":"b"}}"#, "message_ack"),
            (r#"{"type":"message_nack","data":{"messageId":"a","retryAfter":2}}"#, "message_nack"),
            (r#"{"type":"config","data":{"configType":"robot","config":{},"version":3}}"#, "config"),
            (r#"{"type":"error","data":{"errorCode":400,"errorMessage":"x"}}"#, "error"),
            (r#"{"type":"command","data":{}}"#, "unknown"),
            (r#"{"type":"something_new"}"#, "unknown"),
            ("no json", "unknown"),
        ];
        for (text, name) in cases {
            assert_eq!(Native::default().decode(text)[0].name(), name, "{text}");
        }
    }

    #[test]
    fn writes_acks_results_and_messages() {
        let command = pushed();
        let value =
            |up| -> Value { serde_json::from_str(&Native::default().encode(up, 7).unwrap()).unwrap() };
        let ack = value(Up::Ack { command: &command });
        assert_eq!(ack["data"], json!({"commandId": "msg_1", "attempt": 2}));
        let outcome = Outcome::failed(&command, 201_101, "查找聊天窗失败");
        let result = value(Up::Result { command: &command, outcome: &outcome });
        assert_eq!(result["type"], "result");
        assert_eq!(
            (&result["data"]["status"], &result["data"]["errorCode"]),
            (&json!("failed"), &json!(201_101))
        );
        let message = ChatMessage::text("张三", "hello").with_id("app_1");
        let frame = value(Up::Message(&message));
        assert_eq!((&frame["messageId"], &frame["data"]["spoken"]), (&json!("app_1"), &json!("hello")));
        let silent = Native { omits_attempt: true };
        assert!(!silent.encode(Up::Ack { command: &command }, 7).unwrap().contains("attempt"));
    }

    #[test]
    fn the_token_goes_where_it_is_asked_to() {
        let mut credentials = Credentials { token: "a b".into(), ..Credentials::default() };
        assert_eq!(Native::default().upgrade(&credentials).target, "/ws/connect?token=a+b");
        credentials.in_header = true;
        let upgrade = Native::default().upgrade(&credentials);
        assert_eq!((upgrade.target.as_str(), upgrade.headers.len()), ("/ws/connect", 1));
    }
}
