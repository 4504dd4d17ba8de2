use proptest::prelude::{any, prop_oneof, proptest};
use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::downstream::{self, CommandProblem};
use super::frame::{FrameProblem, UpBody, read};
use super::item::UpItem;
use super::snapshot::Sender;
use super::{cipher, log_line};
use crate::commands::CommandState;

fn body(frame: &Value) -> UpBody {
    read(&frame.to_string()).unwrap().body
}

fn item(item: &Value) -> UpItem {
    match body(&json!({"socketType": 2, "messageId": "m", "list": [item]})) {
        UpBody::Items(mut items) if items.len() == 1 => items.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn kinds_of_frames() {
    for (text, expected) in [
        (r#"{"type":11}"#, UpBody::Heartbeat),
        (r#"{"type":"11"}"#, UpBody::Heartbeat),
        (r#"{"td":1700000000000}"#, UpBody::Clock),
        (r#"{"td":null}"#, UpBody::Clock),
        (r#"{"socketType":0,"list":[]}"#, UpBody::Heartbeat),
        (r#"{"socketType":1,"messageId":"M","list":[],"encryptedList":"","encryptType":0}"#, UpBody::Confirm),
        (r#"{"socketType":"1","messageId":"M"}"#, UpBody::Confirm),
        (r#"{"socketType":1.0,"messageId":"M","encryptedList":"x","encryptType":1}"#, UpBody::Confirm),
        (r#"{"socketType":2}"#, UpBody::Items(vec![])),
        (r#"{"socketType":2,"list":null}"#, UpBody::Items(vec![])),
        (r#"{"socketType":2,"list":[7,null,{"type":999}]}"#, UpBody::Items(vec![UpItem::Other(999)])),
        (r#"{"socketType":9}"#, UpBody::Unknown),
        (r#"{"hello":1}"#, UpBody::Unknown),
        (r#"{"list":[{"type":301,"log":"x"}]}"#, UpBody::Items(vec![UpItem::Log("x".into())])),
    ] {
        assert_eq!(read(text).unwrap().body, expected, "{text}");
    }
    assert!(read(r#"{"td":1}"#).unwrap().is_proof() && !read(r#"{"socketType":2}"#).unwrap().is_proof());
    for (text, expected) in [
        ("", FrameProblem::NotJson),
        ("{", FrameProblem::NotJson),
        ("[]", FrameProblem::NotObject),
        ("11", FrameProblem::NotObject),
    ] {
        assert_eq!(read(text), Err(expected), "{text}");
    }
}

#[test]
fn encrypted_lists() {
    let sealed = |list: &str| cipher::encrypt(list).unwrap();
    let frame = |hex: &str, kind: &Value| {
        read(&json!({"socketType": 2, "list": [], "encryptedList": hex, "encryptType": kind}).to_string())
            .map(|frame| frame.body)
    };
    let log = UpBody::Items(vec![UpItem::Log("你好".into())]);
    assert_eq!(frame(&sealed(r#"[{"type":301,"log":"你好"}]"#), &json!(1)), Ok(log.clone()));
    assert_eq!(frame(&sealed(r#"[{"type":301,"log":"你好"}]"#).to_lowercase(), &json!("1")), Ok(log));
    assert_eq!(frame(&sealed(r#"[{"type":301}]"#), &json!(0)), Ok(UpBody::Items(vec![])));
    assert_eq!(frame(&sealed("7"), &json!(1)), Err(FrameProblem::NotList));
    assert_eq!(frame(&sealed("not json"), &json!(1)), Err(FrameProblem::NotList));
    for hex in ["A", "ABC", "AB", "xyz"] {
        assert!(matches!(frame(hex, &json!(1)), Err(FrameProblem::Cipher(_))), "{hex}");
    }
    let results = json!({"socketType": 3, "messageId": "M", "encryptType": 1,
        "encryptedList": sealed(r#"[{"errorCode":"201101","rawMsg":"{}"}]"#)});
    assert!(matches!(body(&results), UpBody::Results(reports) if reports[0].result.error_code == 201_101));
}

#[test]
fn results_of_commands() {
    let frame = r#"{"socketType":3,"messageId":"1784417250785046528","list":[{"rawMsg":"{\"messageId\":\"1784417250785046528\",\"titleList\":[\"测试群\"],\"receivedContent\":\"你好\",\"type\":203}","errorCode":0,"errorReason":"","runTime":1700000000000,"timeCost":4.512,"successList":["测试群"],"failList":[],"type":0},{"errorCode":"101012","errorReason":"x\u0000\u003c","runTime":0,"timeCost":1700000000.1,"failList":"乙","metaJson":"{\"addSelectFailList\":[\"丙\"]}"},{"rawMsg":"no json"}],"encryptedList":"","encryptType":0}"#;
    let frame = read(frame).unwrap();
    assert_eq!((frame.message_id.as_deref(), frame.replaced_nulls), (Some("1784417250785046528"), 1));
    let UpBody::Results(reports) = frame.body else { panic!("no results") };
    let [sent, failed, strange] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!((sent.command_type, sent.result.verdict()), (Some(203), CommandState::Succeeded));
    assert_eq!((sent.result.run_time_ms, sent.result.time_cost_secs), (Some(1_700_000_000_000), Some(4.512)));
    assert_eq!(sent.result.success_list, ["测试群"]);
    assert_eq!((failed.command_type, failed.result.verdict()), (None, CommandState::Failed));
    assert_eq!((failed.result.run_time_ms, failed.result.time_cost_secs), (None, None));
    assert_eq!(failed.result.error_reason, "x\u{fffd}<");
    assert_eq!(failed.result.fail_list, ["乙"]);
    assert_eq!(failed.selection["addSelectFailList"], json!(["丙"]));
    assert_eq!((strange.command_type, strange.result.error_code), (None, 0));
    let friends = json!({"socketType": 3, "list": [{"rawMsg": {"type": "507", "nameList": ["甲", "乙"]}}]});
    assert!(matches!(body(&friends), UpBody::Results(reports)
        if reports[0].command_type == Some(507) && reports[0].names == ["甲", "乙"]));
}

#[test]
fn snapshot_of_the_protocol() {
    let snapshot = json!({"messageList": [
        {"sender": 2, "textType": 0, "itemMessageList": [{"feature": 0, "text": "你已添加了仑哥，现在可以开始聊天了。"}], "nameList": []},
        {"sender": "0", "textType": "1", "itemMessageList": [{"feature": 0, "text": "上午 10:00"}, {"feature": 2, "text": "@管家 你好"},
            {"feature": 2, "text": "第二行"}, {"feature": 2}], "nameList": ["仑哥", "＠微信"], "imageSize": 3},
        {"sender": 1, "textType": 1, "itemMessageList": [{"feature": 2, "text": "您好"}]}, 7],
        "roomType": 1, "titleList": ["测试群1备注名", " 测试群1 "], "type": 101});
    let UpItem::Snapshot(snapshot) = item(&snapshot) else { panic!("no snapshot") };
    assert_eq!(
        (snapshot.room_type, snapshot.titles.as_slice()),
        (1, ["测试群1备注名".into(), "测试群1".into()].as_slice())
    );
    let seen: Vec<_> =
        snapshot.bubbles.iter().map(|bubble| (bubble.sender, bubble.text_type, bubble.text())).collect();
    assert_eq!(
        seen,
        [
            (Sender::System, 0, String::new()),
            (Sender::Other, 1, "@管家 你好\n第二行".into()),
            (Sender::Own, 1, "您好".into())
        ]
    );
}

#[test]
fn items_of_queries() {
    let UpItem::Group(group) =
        item(&json!({"type": 501, "groupName": "g", "groupOwner": "甲", "groupNumber": "12",
        "nameList": ["甲", "乙"], "groupRemark": ""}))
    else {
        panic!("no group")
    };
    assert_eq!((group.name.as_str(), group.member_count, group.members.len()), ("g", Some(12), 2));
    assert_eq!((group.remark, group.owner.as_deref()), (None, Some("甲")));
    let shown = item(&json!({"type": 214, "titleList": ["g"], "receivedName": "甲"}));
    assert!(matches!(shown, UpItem::Group(group) if group.name == "g"));
    assert_eq!(item(&json!({"type": 501})), UpItem::Other(501));
    assert_eq!(
        item(&json!({"type": 502, "friend": {"name": "小明", "newFriend": true}})),
        UpItem::NewFriend("小明".into())
    );
    assert_eq!(item(&json!({"type": 502, "friend": []})), UpItem::Other(502));
    let UpItem::MyInfo(me) = item(
        &json!({"type": 503, "myInfo": {"name": "管家", "alias": "", "showName": " 小管 ", "phone": 138}}),
    ) else {
        panic!("no info")
    };
    assert_eq!(
        (me.name.as_deref(), me.show_name.as_deref(), me.corporation),
        (Some("管家"), Some("小管"), None)
    );
    assert!(matches!(item(&json!({"type": 503})), UpItem::MyInfo(me) if me.name.is_none()));
    let qrcode = json!({"type": 504, "groupName": "g", "groupRemark": "r", "qrcode": "https://work.weixin.qq.com/gm/x"});
    assert!(matches!(item(&qrcode), UpItem::GroupQrcode { remark: Some(remark), .. } if remark == "r"));
    let recent =
        json!({"type": 505, "messageList": [{"itemMessageList": [{"text": "群名"}, {"text": "10:00"}]}, {}]});
    assert_eq!(item(&recent), UpItem::RecentChats(vec!["群名".into()]));
    assert_eq!(
        item(&json!({"type": 506, "titleList": ["企业A", 7]})),
        UpItem::Corporations(vec!["企业A".into(), "7".into()])
    );
    assert_eq!(item(&json!({"type": 302, "log": "执行异常"})), UpItem::ErrorLog("执行异常".into()));
}

#[test]
fn frames_for_the_app() {
    let start: Value = serde_json::from_str(downstream::START).unwrap();
    assert_eq!(start, json!({"socketType": 2, "list": [{"type": 202}, {"type": 503}]}));
    let frame = downstream::command(
        "M1",
        r#"{"type":203,"titleList":["测试群"],"receivedContent":"a<b"}"#,
        None,
        false,
    );
    assert_eq!(
        frame.as_deref(),
        Ok(
            r#"{"socketType":2,"messageId":"M1","apiSend":1,"list":[{"type":203,"titleList":["测试群"],"receivedContent":"a<b"}]}"#
        )
    );
    let sealed: Value =
        serde_json::from_str(&downstream::command("M", r#"{"type":202}"#, None, true).unwrap()).unwrap();
    assert_eq!(sealed["encryptedList"], "21D65E1BB0DA6AA36C7C99D821B1DC00");
    assert_eq!((&sealed["list"], &sealed["encryptType"]), (&json!([]), &json!(1)));
    for (item, expected) in [
        (r#"{"type":218}"#, json!({"fileBase64": "QUJD", "type": 218})),
        ("{ }", json!({"fileBase64": "QUJD"})),
    ] {
        let frame: Value =
            serde_json::from_str(&downstream::command("M", item, Some("QUJD"), false).unwrap()).unwrap();
        assert_eq!(frame["list"][0], expected);
    }
    for item in ["", "[]", "{", "7"] {
        assert_eq!(downstream::command("M", item, None, false), Err(CommandProblem::NotObject), "{item}");
    }
    let toast: Value = serde_json::from_str(&downstream::toast(501_011)).unwrap();
    assert_eq!(
        toast,
        json!({"socketType": 2, "list": [{"type": 102, "errorCode": 501_011, "errorReason": "机器人编号不存在"}]})
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        proptest::strategy::Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[\\x00-\\x7f你好：:]{0,12}".prop_map(Value::from),
        proptest::sample::select(vec![101, 301, 501, 502, 503, 504, 505, 1, 2, 3, 11]).prop_map(Value::from),
    ];
    let names = vec![
        "type",
        "socketType",
        "list",
        "messageList",
        "itemMessageList",
        "nameList",
        "titleList",
        "friend",
        "myInfo",
        "rawMsg",
        "metaJson",
        "td",
        "messageId",
        "encryptedList",
        "encryptType",
        "log",
        "sender",
        "text",
        "feature",
        "errorCode",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(names.clone()), inner), 0..8).prop_map(
                |fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            ),
        ]
    })
}

proptest! {
    #[test]
    fn no_frame_panics(frame in any_json(), text in any::<String>()) {
        drop(read(&frame.to_string()));
        drop(read(&text));
        drop(log_line::read(&text));
        drop(log_line::read(&format!("连接建立: {text} appVersion: {text}")));
    }
}
