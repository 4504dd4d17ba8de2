use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;
use workbot_schema::commands::{CommandSource, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;
use workbot_schema::wire::native::RobotConfig;

use super::*;

const NOW: i64 = 1_700_000_000_123;

fn command(command_type: i32, item: &str) -> RobotCommand {
    let now = Ts::new(DateTime::from_timestamp_millis(NOW).unwrap());
    let new = NewCommand {
        id: "msg_1".into(),
        robot_uuid: RobotUuid::generate(),
        batch_id: None,
        command_type,
        item: item.to_owned(),
        file_name: None,
        size_bytes: 10,
        priority: 5,
        can_retry: true,
        source: CommandSource::Commands,
        request_id: None,
        message_id: None,
        session_id: None,
        resend_of: None,
        expires_at: now,
        created_at: now,
        is_offline: false,
    };
    new.into_row(1)
}

fn pushed(command_type: i32, item: &str, file: Option<&str>, is_redelivered: bool) -> Value {
    serde_json::from_str(&push(&command(command_type, item), file, is_redelivered, NOW).unwrap()).unwrap()
}

#[test]
fn a_text_is_pushed_in_words_of_the_app() {
    let item =
        r#"{"type":203,"titleList":["张\u4e09","李四"],"receivedContent":"hi \"you\"","atList":["王五"]}"#;
    let frame = pushed(203, item, None, true);
    assert_eq!(
        frame,
        json!({"type": "command", "timestamp": NOW, "messageId": "msg_1", "data": {
            "commandId": "msg_1", "commandType": "send_message", "priority": 5, "type": 203, "attempt": 1,
            "redelivered": true, "createdAt": "2023-11-14T22:13:20.123Z",
            "params": {"target": "张三", "titleList": ["张三", "李四"], "content": "hi \"you\"",
                "messageType": "text", "atList": ["王五"]}}})
    );
}

#[test]
fn other_items_are_spliced_as_they_are() {
    for (item, file, params) in [
        (r#"{"type":304}"#, None, json!({"target": "", "type": 304})),
        ("{}", None, json!({"target": ""})),
        ("{ }", Some("AA=="), json!({"target": "", "fileBase64": "AA=="})),
        (
            r#" {"titleList":["群"],"objectName":"a.png","number":1.50}"#,
            Some("AAAA"),
            json!({"target": "群", "fileBase64": "AAAA", "titleList": ["群"], "objectName": "a.png", "number": 1.5}),
        ),
    ] {
        let frame = pushed(218, item, file, false);
        assert_eq!(frame["data"]["params"], params, "{item}");
        assert_eq!(frame["data"]["commandType"], "send_file");
        assert_eq!(frame["data"].get("redelivered"), None);
    }
    assert_eq!(push(&command(218, "[1]"), None, false, NOW), None);
    assert_eq!(push(&command(203, "nonsense"), None, false, NOW), None);
}

#[test]
fn frames_are_understood() {
    for (text, expected) in [
        (r#"{"type":"ping"}"#, Inbound::Ping),
        (r#"{"type":"heartbeat","data":{"timestamp":7}}"#, Inbound::Heartbeat(json!(7))),
        (r#"{"type":"heartbeat","timestamp":8}"#, Inbound::Heartbeat(json!(8))),
        (
            r#"{"type":"ack","data":{"commandId":"msg_1","attempt":2}}"#,
            Inbound::Ack { id: "msg_1".into(), attempt: Some(2) },
        ),
        (
            r#"{"type":"ack","data":{"commandId":"msg_1"}}"#,
            Inbound::Ack { id: "msg_1".into(), attempt: None },
        ),
        (
            r#"{"type":"error","data":{"errorCode":3,"errorMessage":"a\u0000b"}}"#,
            Inbound::Error { code: Some(3), text: "a\u{fffd}b".into() },
        ),
        (r#"{"type":"config_ack","data":{"version":3}}"#, Inbound::ConfigAck { version: Some(3) }),
        (
            r#"{"type":"config_nack","data":{"version":3,"reason":"no"}}"#,
            Inbound::ConfigNack { version: Some(3), reason: "no".into() },
        ),
        (r#"{"type":"something_new","data":[1]}"#, Inbound::Unknown),
        (r#"{"type":"first","type":"ping"}"#, Inbound::Ping),
    ] {
        assert_eq!(decode(text), Ok(expected), "{text}");
    }
}

#[test]
fn messages_of_both_forms() {
    let long = r#"{"type":"message","messageId":"app_1","timestamp":1700000000000,"data":{"robotId":"other",
        "spoken":"a","receivedName":"b","roomType":2,"textType":1,"atMe":false,"messageId":"inner"}}"#;
    let Ok(Inbound::Message { reference, message }) = decode(long) else { panic!("no message") };
    assert_eq!((reference.as_deref(), message.app_message_id.as_deref()), (Some("app_1"), Some("app_1")));
    assert_eq!(message.sent_at.unwrap().millis(), 1_700_000_000_000);
    let short = r#"{"type":"message","data":{"senderId":"wm1","senderName":"b","messageType":"text","content":"c",
        "chatType":"single","messageId":"inner"}}"#;
    let Ok(Inbound::Message { reference, message }) = decode(short) else { panic!("no message") };
    assert_eq!((reference.as_deref(), message.room_type), (Some("inner"), 2));
}

#[test]
fn bad_frames_are_named() {
    for (text, reference, is_garbage) in [
        ("", None, true),
        ("[]", None, true),
        ("{", None, true),
        (r#"{"messageId":"m1"}"#, Some("m1"), true),
        (r#"{"type":7,"messageId":"m1"}"#, Some("m1"), true),
        (r#"{"type":"message","messageId":"m1","data":{}}"#, Some("m1"), false),
        (r#"{"type":"ack","messageId":"m1"}"#, Some("m1"), false),
        (r#"{"type":"result","messageId":"m1","data":{"commandId":"a","status":"?"}}"#, Some("m1"), false),
    ] {
        let bad = decode(text).unwrap_err();
        assert_eq!((bad.reference.as_deref(), bad.is_garbage), (reference, is_garbage), "{text}");
        assert!(!bad.text.is_empty());
    }
    let deep = format!(r#"{{"type":"message","data":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert!(decode(&deep).unwrap_err().is_garbage);
}

#[test]
fn replies() {
    let config =
        RobotConfig { name: "管家".into(), reply_all: 0, open_callback: 1, heartbeat_interval_ms: 10_000 };
    for (reply, kind, data) in [
        (
            Reply::Connected { robot_id: "r".into(), heartbeat_interval_ms: 10_000 },
            "connected",
            json!({"robotId": "r", "timestamp": NOW, "heartbeatIntervalMs": 10_000}),
        ),
        (Reply::Pong, "pong", Value::Null),
        (
            Reply::HeartbeatResponse(json!(5)),
            "heartbeat_response",
            json!({"timestamp": 5, "serverTime": NOW}),
        ),
        (
            Reply::MessageAck { reference: Some("a".into()), message_id: "b".into() },
            "message_ack",
            json!({"messageId": "a", "serverMessageId": "b"}),
        ),
        (
            Reply::MessageNack { reference: None, retry_after: 3 },
            "message_nack",
            json!({"messageId": null, "retryAfter": 3}),
        ),
        (
            Reply::Error { code: 400, text: "x".into(), reference: Some("m".into()) },
            "error",
            json!({"errorCode": 400, "errorMessage": "x", "refMessageId": "m"}),
        ),
        (
            Reply::Config { config, version: 4 },
            "config",
            json!({"configType": "robot", "version": 4, "config":
                {"name": "管家", "replyAll": 0, "openCallback": 1, "heartbeatIntervalMs": 10_000}}),
        ),
    ] {
        let frame: Value = serde_json::from_str(&encode(&reply, NOW, 1)).unwrap();
        assert_eq!((&frame["type"], &frame["data"]), (&json!(kind), &data));
        assert_eq!(frame["timestamp"], json!(NOW));
    }
}

proptest! {
    #[test]
    fn random_text_never_panics(text in ".{0,200}") {
        drop(decode(&text));
    }

    #[test]
    fn random_frames_never_panic(
        kind in proptest::sample::select(vec!["ping", "heartbeat", "message", "ack", "result", "error", "config_ack"]),
        data in "[\\[\\]{}:,\"a-z0-9 ]{0,60}",
        fields in proptest::collection::vec((proptest::sample::select(
            vec!["commandId", "attempt", "status", "errorCode", "successList", "roomType", "spoken"]), ".{0,9}"), 0..5),
    ) {
        drop(decode(&format!(r#"{{"type":"{kind}","data":{data}}}"#)));
        let object: Map<String, Value> = fields.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        drop(decode(&json!({"type": kind, "data": object}).to_string()));
    }
}
