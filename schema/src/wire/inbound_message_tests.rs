use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(fields: Value, envelope_id: Option<&str>) -> Result<InboundMessage, Vec<&'static str>> {
    let Value::Object(fields) = fields else { panic!("not an object") };
    InboundMessage::from_fields(fields, envelope_id)
        .map_err(|problems| problems.into_iter().map(|problem| problem.field).collect())
}

fn long() -> Value {
    json!({"robotId": "robot_other", "spoken": "你好", "rawSpoken": "@管家 你好", "receivedName": "仑哥",
        "groupName": "测试群1", "groupRemark": "备注", "roomType": 1, "atMe": "true", "textType": 1,
        "timestamp": "2025-01-01T00:00:00Z", "messageId": "m1"})
}

fn with(field: &str, value: Value) -> Value {
    let mut fields = long();
    fields[field] = value;
    fields
}

#[test]
fn long_form() {
    let message = read(long(), None).unwrap();
    assert_eq!((message.spoken.as_str(), message.raw_spoken.as_str()), ("你好", "@管家 你好"));
    assert_eq!((message.room_type, message.at_me, message.text_type), (1, true, 1));
    assert_eq!(message.app_message_id.as_deref(), Some("m1"));
    assert_eq!(message.sent_at.unwrap().iso(), "2025-01-01T00:00:00.000Z");
    assert_eq!(read(long(), Some("frame")).unwrap().app_message_id.as_deref(), Some("frame"));
}

#[test]
fn private_chats_have_no_group() {
    let message = read(with("roomType", json!(2)), None).unwrap();
    assert_eq!((message.group_name.as_str(), message.group_remark.as_str()), ("", ""));
}

#[test]
fn short_form_knows_four_rooms() {
    for (chat_type, sender, room_type) in [
        ("single", "zhang", 4),
        ("single", "wm123", 2),
        ("single", "wo123", 2),
        ("group", "zhang", 3),
        ("group", "wm123", 1),
    ] {
        let fields = json!({"senderId": sender, "senderName": "张三", "messageType": "image", "content": "x",
            "chatType": chat_type, "groupName": "群", "timestamp": 1_700_000_000_000_i64});
        let message = read(fields, Some("a")).unwrap();
        assert_eq!(message.room_type, room_type, "{chat_type} {sender}");
        assert_eq!((message.text_type, message.received_name.as_str()), (2, "张三"));
        assert_eq!(message.group_name, if message.is_group() { "群" } else { "" });
    }
}

#[test]
fn refusals_name_their_field() {
    for (fields, problems) in [
        (with("roomType", json!(5)), vec!["roomType"]),
        (with("roomType", json!("x")), vec!["roomType"]),
        (with("textType", json!(1000)), vec!["textType"]),
        (with("textType", json!("a")), vec!["textType"]),
        (with("receivedName", json!(" ")), vec!["receivedName"]),
        (json!({}), vec!["spoken", "receivedName", "roomType"]),
        (json!({"chatType": "single"}), vec!["content"]),
        (json!({"chatType": "room", "senderId": "a", "content": "x"}), vec!["chatType"]),
    ] {
        assert_eq!(read(fields.clone(), None).unwrap_err(), problems, "{fields}");
    }
}

#[test]
fn lenient_values() {
    for (value, at_me) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("True"), true),
        (json!(1), true),
        (json!("false"), false),
        (json!(0), false),
        (json!(null), false),
        (json!([]), false),
    ] {
        assert_eq!(read(with("atMe", value.clone()), None).unwrap().at_me, at_me, "{value}");
    }
    for (value, text_type) in [(json!(null), 1), (json!("2"), 2), (json!(999), 999), (json!(0), 0)] {
        assert_eq!(read(with("textType", value.clone()), None).unwrap().text_type, text_type, "{value}");
    }
    for value in [json!("yesterday"), json!(-1), json!(i64::MAX), json!({})] {
        assert_eq!(read(with("timestamp", value), None).unwrap().sent_at, None);
    }
}

#[test]
fn nulls_are_replaced_and_counted() {
    let message = read(with("spoken", json!("a\0b\0")), Some("i\0d")).unwrap();
    assert_eq!(message.spoken, "a\u{fffd}b\u{fffd}");
    assert_eq!((message.app_message_id.as_deref(), message.replaced_nulls), (Some("i\u{fffd}d"), 3));
}

#[test]
fn long_ids_are_hashed() {
    let id = read(long(), Some(&"长".repeat(129))).unwrap().app_message_id.unwrap();
    assert!(id.starts_with("sha256:") && id.len() <= APP_ID_CHARS);
    let kept = "长".repeat(128);
    assert_eq!(read(long(), Some(&kept)).unwrap().app_message_id, Some(kept));
}

#[test]
fn own_messages_differ_from_others() {
    let own = read(with("fromSelf", json!(true)), None).unwrap();
    let other = read(long(), None).unwrap();
    assert!(own.is_from_self && own.content_hash() != other.content_hash());
    assert_eq!(other.content_hash().len(), 32);
    let robot = RobotUuid::generate();
    assert_eq!(own.session_id(robot), other.session_id(robot));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| proptest::collection::vec(inner, 0..4).prop_map(Value::from))
}

proptest! {
    #[test]
    fn never_panics_and_keeps_its_bounds(
        fields in proptest::collection::hash_map(
            proptest::sample::select(vec![
                "spoken", "rawSpoken", "receivedName", "roomType", "textType", "atMe", "timestamp", "messageId",
                "fileBase64", "chatType", "content", "senderId", "senderName", "groupName", "fromSelf",
            ]),
            any_value(),
            0..15,
        ),
        envelope_id in proptest::option::of(".{0,200}"),
    ) {
        let fields: Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Ok(message) = InboundMessage::from_fields(fields, envelope_id.as_deref()) {
            prop_assert!((1..=4).contains(&message.room_type) && (0..=999).contains(&message.text_type));
            prop_assert!(message.app_message_id.is_none_or(|id| id.chars().count() <= APP_ID_CHARS));
            prop_assert!(!message.received_name.is_empty() && !message.spoken.contains('\0'));
        }
    }
}
