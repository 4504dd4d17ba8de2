use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

fn status_and_fields(item: Value) -> Result<CheckedCommand, (u16, BTreeSet<String>)> {
    check("", item).map_err(|rejection| {
        (rejection.status(), rejection.fields().keys().cloned().collect::<BTreeSet<_>>())
    })
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

use base64::Engine;

/// A good item of each documented type.
fn good() -> Vec<Value> {
    vec![
        json!({"type": 203, "titleList": ["测试群"], "receivedContent": "你好~\n第二行", "atList": ["仑哥", "@所有人"]}),
        json!({"type": 204, "titleList": ["测试群1"], "receivedName": "仑哥", "originalContent": "你好", "textType": 1, "receivedContent": "您好"}),
        json!({"type": 205, "titleList": ["转发群"], "receivedName": "甲", "originalContent": "美团", "nameList": ["仑哥"], "extraText": "", "textType": 0}),
        json!({"type": 206, "groupName": "测试群01", "selectList": ["仑哥"], "groupAnnouncement": "欢迎", "groupRemark": "备注", "groupTemplate": "模板"}),
        json!({"type": 207, "groupName": "测试群01", "newGroupName": "测试群02", "selectList": ["甲"], "showMessageHistory": false, "removeList": ["乙"]}),
        json!({"type": 208, "titleList": ["仑哥"], "objectName": "logo2", "extraText": "附言"}),
        json!({"type": 209, "titleList": ["仑哥"], "objectName": "文件"}),
        json!({"type": 210, "titleList": ["仑哥"], "objectName": "点餐", "receivedContent": "x", "originalContent": "pages/i"}),
        json!({"type": 211, "titleList": ["仑哥"], "objectName": "收集表"}),
        json!({"type": 212}),
        json!({"type": 213, "friend": {"phone": "13010001000", "markName": "备注名", "tagList": ["API"], "leavingMsg": "你好"}}),
        json!({"type": 213, "friend": {"name": "原昵称", "markName": "新备注名"}}),
        json!({"type": 214, "titleList": ["群"], "receivedName": "甲"}),
        json!({"type": 218, "titleList": ["仑哥"], "objectName": "logo.png", "fileUrl": "https://cdn.example/logo.png", "fileType": "image"}),
        json!({"type": 218, "titleList": ["仑哥"], "objectName": "a.bin", "fileBase64": base64(&[7; 90]), "fileType": "*"}),
        json!({"type": 219, "groupName": "测试群01"}),
        json!({"type": 220, "groupName": "外部群", "friend": {"name": "昵称", "leavingMsg": "你好"}}),
        json!({"type": 221, "titleList": ["内部同事"], "receivedContent": "待办"}),
        json!({"type": 222}),
        json!({"type": 223, "objectName": "企业A"}),
        json!({"type": 224, "titleList": ["仑哥"], "objectName": "标题", "originalContent": "https://a.example"}),
        json!({"type": 225, "groupName": "测试群01", "friend": {"name": "昵称", "markName": "备注名"}}),
        json!({"type": 226, "titleList": ["测试群007"], "originalContent": "你好~", "textType": 1}),
        json!({"type": 227, "titleList": ["群"], "messageList": [{"nameList": ["a"]}], "nameList": ["甲"]}),
        json!({"type": 228, "titleList": ["群"], "messageList": [], "nameList": ["甲"]}),
        json!({"type": 229, "weworkMessageList": [{"type": 203}], "nameList": ["甲"], "extraText": "单点发送"}),
        json!({"type": 230, "weworkMessageList": [], "nameList": ["甲"]}),
        json!({"type": 233, "fileUrl": "https://a.example/qr.png"}),
        json!({"type": 234, "friend": {"name": "小白"}}),
        json!({"type": 238, "anything": {"new": [1, 2.5, "x"]}}),
        json!({"type": 304}),
        json!({"type": 305, "originalContent": "msg_1_a"}),
        json!({"type": 305, "messageId": "msg_1_a"}),
        json!({"type": 501, "selectList": ["测试群01"]}),
        json!({"type": 503}),
        json!({"type": 507}),
        json!({"type": 509, "fileUrl": "/sdcard/log.txt"}),
        json!({"type": 512, "groupName": "测试群01"}),
        json!({"type": "203", "titleList": ["甲"], "receivedContent": "x"}),
    ]
}

#[test]
fn good_items_survive_and_lose_nothing_but_their_file() {
    for item in good() {
        let checked = status_and_fields(item.clone()).unwrap_or_else(|refusal| panic!("{item}: {refusal:?}"));
        let stored: Value = serde_json::from_str(&checked.item).unwrap();
        let mut expected = item.clone();
        expected["type"] = Value::from(checked.command_type);
        if let Some(text) = expected.as_object_mut().unwrap().remove("fileBase64") {
            assert_eq!(checked.file.as_deref(), Some([7_u8; 90].as_slice()), "{text}");
        } else {
            assert_eq!(checked.file, None);
        }
        assert_eq!(stored, expected);
        assert!(!checked.item.contains(": ") && !checked.item.contains('\n'));
    }
}

#[test]
fn refusals_name_their_fields() {
    let eleven: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let webp = [b"RIFF\0\0\0\0WEBPVP8 ".as_slice(), &[0; 80]].concat();
    for (item, status, fields) in [
        (json!(7), 400, vec![""]),
        (json!({}), 400, vec!["type"]),
        (json!({"type": 202}), 400, vec!["type"]),
        (json!({"type": 900}), 400, vec!["type"]),
        (json!({"type": 203.5}), 400, vec!["type"]),
        (json!({"type": 203}), 400, vec!["titleList"]),
        (json!({"type": 203, "titleList": []}), 400, vec!["titleList"]),
        (json!({"type": 203, "titleList": null}), 400, vec!["titleList"]),
        (json!({"type": 203, "titleList": "甲"}), 400, vec!["titleList"]),
        (json!({"type": 203, "titleList": ["甲", 1]}), 400, vec!["titleList[1]"]),
        (json!({"type": 203, "titleList": ["甲", ""]}), 400, vec!["titleList[1]"]),
        (json!({"type": 203, "titleList": many}), 422, vec!["titleList"]),
        (json!({"type": 203, "titleList": ["字".repeat(65)]}), 422, vec!["titleList[0]"]),
        (json!({"type": 203, "titleList": ["甲"], "receivedContent": 5}), 400, vec!["receivedContent"]),
        (json!({"type": 204, "titleList": ["甲"]}), 400, vec!["originalContent", "textType"]),
        (
            json!({"type": 204, "titleList": ["甲"], "originalContent": "x", "textType": "y"}),
            400,
            vec!["textType"],
        ),
        (json!({"type": 205, "titleList": ["甲"]}), 400, vec!["nameList"]),
        (json!({"type": 206}), 400, vec!["groupName"]),
        (json!({"type": 206, "groupName": "a-b"}), 422, vec!["groupName"]),
        (json!({"type": 206, "groupName": "好", "groupRemark": "a b"}), 422, vec!["groupRemark"]),
        (json!({"type": 207, "groupName": "a-b", "newGroupName": "x@y"}), 422, vec!["newGroupName"]),
        (json!({"type": 208, "titleList": ["甲"]}), 400, vec!["objectName"]),
        (json!({"type": 213}), 400, vec!["friend"]),
        (json!({"type": 213, "friend": {"phone": ""}}), 400, vec!["friend"]),
        (
            json!({"type": 213, "friend": {"phone": 1, "tagList": [1]}}),
            400,
            vec!["friend", "friend.phone", "friend.tagList"],
        ),
        (json!({"type": 213, "friend": {"name": "a", "markName": "a(b"}}), 422, vec!["friend.markName"]),
        (json!({"type": 218, "titleList": ["甲"], "objectName": "a"}), 400, vec!["fileType", "fileUrl"]),
        (
            json!({"type": 218, "titleList": eleven, "objectName": "a", "fileType": "*", "fileUrl": "https://a.example/x"}),
            422,
            vec!["titleList"],
        ),
        (
            json!({"type": 218, "titleList": ["甲"], "objectName": "a", "fileType": "exe", "fileUrl": "https://a.example/x"}),
            400,
            vec!["fileType"],
        ),
        (
            json!({"type": 218, "titleList": ["甲"], "objectName": "a", "fileType": "*", "fileUrl": "file:///etc/passwd"}),
            400,
            vec!["fileUrl"],
        ),
        (
            json!({"type": 218, "titleList": ["甲"], "objectName": "a", "fileType": "image", "fileUrl": "https://a.example/x.WEBP"}),
            422,
            vec!["fileUrl"],
        ),
        (
            json!({"type": 218, "titleList": ["甲"], "objectName": "a", "fileType": "*", "fileBase64": "QUJD"}),
            422,
            vec!["fileBase64"],
        ),
        (
            json!({"type": 218, "titleList": ["甲"], "objectName": "a", "fileType": "*", "fileBase64": "!".repeat(120)}),
            400,
            vec!["fileBase64"],
        ),
        (
            json!({"type": 218, "titleList": ["甲"], "objectName": "a", "fileType": "*", "fileBase64": base64(&webp)}),
            422,
            vec!["fileBase64"],
        ),
        (json!({"type": 219}), 400, vec!["groupName"]),
        (json!({"type": 220, "groupName": "x"}), 400, vec!["friend.name"]),
        (json!({"type": 223}), 400, vec!["objectName"]),
        (json!({"type": 225, "groupName": "x", "friend": {"name": "y"}}), 400, vec!["friend.markName"]),
        (json!({"type": 234, "friend": {"name": "y", "phone": "1"}}), 400, vec!["friend.phone"]),
        (json!({"type": 305}), 400, vec!["originalContent"]),
        (json!({"type": 501, "selectList": []}), 400, vec!["selectList"]),
        (json!({"type": 512, "groupName": " "}), 400, vec!["groupName"]),
        (json!({"type": 304, "priority": 101}), 400, vec!["priority"]),
        (json!({"type": 304, "expiresIn": 0}), 400, vec!["expiresIn"]),
    ] {
        let expected: BTreeSet<String> = fields.into_iter().map(str::to_owned).collect();
        assert_eq!(status_and_fields(item.clone()).unwrap_err(), (status, expected), "{item}");
    }
}

#[test]
fn an_empty_phone_means_modify() {
    let checked =
        check("", json!({"type": 213, "friend": {"phone": "", "name": "甲", "markName": "乙"}})).unwrap();
    assert_eq!(checked.item, r#"{"friend":{"markName":"乙","name":"甲"},"type":213}"#);
}

#[test]
fn up_goes_to_the_top_and_old_names_only_warn() {
    for (up, priority) in [
        (json!(1), Some(100)),
        (json!(true), Some(100)),
        (json!("1"), Some(100)),
        (json!(0), Some(5)),
        (json!(false), Some(5)),
    ] {
        let item =
            json!({"type": 203, "titleList": ["a b"], "receivedContent": "x", "up": up, "priority": 5});
        let checked = check("list[3].", item).unwrap();
        assert_eq!(checked.priority, priority);
        assert_eq!(
            checked.warnings.first().map(|warning| warning.field.as_str()),
            Some("list[3].titleList[0]")
        );
        assert!(!checked.item.contains("priority"));
    }
}

#[test]
fn lists_have_bounds_and_paths() {
    let item = json!({"type": 304});
    assert_eq!(check_list(vec![item.clone(); 100]).unwrap().len(), 100);
    assert_eq!(check_list(vec![item.clone(); 101]).unwrap_err().status(), 422);
    assert_eq!(check_list(Vec::new()).unwrap_err().status(), 400);
    let rejection = check_list(vec![item, json!({"type": 206, "groupName": "a-b"})]).unwrap_err();
    assert_eq!(rejection.status(), 422);
    assert!(rejection.fields().contains_key("list[1].groupName"));
}

#[test]
fn the_size_counts_the_file_as_base64() {
    let item = json!({"type": 218, "titleList": ["仑哥"], "objectName": "a", "fileBase64": base64(&[1; 3_000]), "fileType": "*"});
    let checked = check("", item).unwrap();
    assert_eq!(usize::try_from(checked.size_bytes).unwrap(), checked.item.len() + 4_000);
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(Value::from("https://a.example/x.png")),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(field(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn field() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "titleList",
        "receivedContent",
        "originalContent",
        "textType",
        "nameList",
        "groupName",
        "friend",
        "phone",
        "name",
        "markName",
        "objectName",
        "fileUrl",
        "fileType",
        "fileBase64",
        "selectList",
        "up",
        "priority",
        "expiresIn",
        "x",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn validation_never_panics(number in 195..520_i32, map in prop::collection::hash_map(field(), json_value(), 0..8)) {
        let mut item: Map<String, Value> = map.into_iter().collect();
        item.insert("type".to_owned(), Value::from(number));
        match check("list[0].", Value::Object(item)) {
            Err(rejection) => prop_assert!(!rejection.fields().is_empty()),
            Ok(checked) => {
                // What was stored is good as it is.
                let stored: Value = serde_json::from_str(&checked.item).unwrap();
                if checked.file.is_none() {
                    let again = check("list[0].", stored).unwrap();
                    prop_assert_eq!(again.item, checked.item);
                }
            }
        }
    }

    #[test]
    fn good_items_with_unknown_fields_keep_them(place in 0..39_usize, extra in json_value()) {
        prop_assume!(!extra.is_null());
        let mut item = good().remove(place % good().len());
        item["unknownField"] = extra.clone();
        let checked = check("", item).unwrap();
        let stored: Value = serde_json::from_str(&checked.item).unwrap();
        prop_assert_eq!(&stored["unknownField"], &extra);
    }
}
