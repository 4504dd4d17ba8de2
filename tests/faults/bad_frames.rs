//! Bad frames of every kind on the phone's socket: an error frame or a close code for each, and other phones notice nothing.
use serde_json::{Value, json};

use super::one_command;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::instance::resident_kib;
use crate::support::server::{SOON, TestServer};
use crate::support::socket::Bare;
use crate::support::wire::{Wire, frame, header};

on_both!(bad_fields, unknown_things_are_kept, bad_wire);

const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const CONTINUES: u8 = 0x00;

fn table() -> Vec<Value> {
    vec![
        json!({"type": "heartbeat", "data": {"timestamp": 1, "memoryUsage": 1, "batteryLevel": 1, "networkType": "wifi"}, "timestamp": 1, "messageId": "app_1"}),
        json!({"type": "message", "data": {"spoken": "x", "rawSpoken": "x", "receivedName": "a", "groupName": "g", "groupRemark": "",
            "roomType": 1, "atMe": true, "textType": 1, "timestamp": 1, "fileBase64": ""}, "messageId": "app_2"}),
        json!({"type": "message", "data": {"senderId": "s", "senderName": "a", "messageType": "text", "content": "x", "chatType": "group",
            "groupName": "g", "timestamp": 1}, "messageId": "app_3"}),
        json!({"type": "ack", "data": {"commandId": "msg_1_unknown", "attempt": 1}}),
        json!({"type": "result", "data": {"commandId": "msg_1_unknown", "status": "success", "errorCode": 0, "errorMessage": "", "attempt": 1,
            "result": {}, "successList": [], "failList": []}}),
        json!({"type": "error", "data": {"errorCode": 1, "errorMessage": "x", "timestamp": 1}}),
        json!({"type": "config_ack", "data": {"configType": "robot", "version": 1}}),
        json!({"type": "config_nack", "data": {"configType": "robot", "version": 1, "reason": "x"}}),
    ]
}

fn bad_values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x\u{0}y"),
        json!("长".repeat(30_000)),
        json!([]),
        json!([[1], null]),
        json!({"a": {"b": []}}),
    ];
    values.push(json!("不认识"));
    values
}

/// Every field of every frame, wrong in every way: the socket stays, and each message is answered.
async fn bad_fields(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("limits.bad_frames_per_minute", 10_000)
        .start()
        .await;
    let robots = server.activated_robots(2).await;
    let rest = server.rest().with_token(&robots[1].token);
    let phone = server.phone(&robots[1]).await;
    let mut socket = Bare::online(server.url(), &robots[0].token).await;
    let before_kib = resident_kib(server.program().pid());
    let (mut sent, mut errors, mut acked) = (0, 0, 0);
    let mut barrier = 0_u64;
    for good in table() {
        let mut bad = vec![good.clone(), json!({"x": good.clone()})];
        for field in good.as_object().unwrap().keys() {
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(field);
            bad.push(without);
            for value in bad_values() {
                let mut changed = good.clone();
                changed[field] = value;
                bad.push(changed);
            }
        }
        for field in good["data"].as_object().unwrap().keys() {
            let mut without = good.clone();
            without["data"].as_object_mut().unwrap().remove(field);
            bad.push(without);
            for value in bad_values() {
                let mut changed = good.clone();
                changed["data"][field] = value;
                bad.push(changed);
            }
        }
        for frame in &bad {
            socket.text(frame.to_string()).await;
            sent += 1;
        }
        // Answers come in any order, but a heartbeat that is answered proves that the server reads on.
        barrier += 1;
        socket
            .text(json!({"type": "heartbeat", "data": {"timestamp": 1_000_000 + barrier}}).to_string())
            .await;
        loop {
            let answer = socket.frame().await;
            match answer["type"].as_str().unwrap() {
                "error" => {
                    errors += 1;
                    let data = &answer["data"];
                    assert!(data["errorCode"].is_number() && data["errorMessage"].is_string(), "{answer}");
                }
                "message_ack" => acked += 1,
                "heartbeat_response" if answer["data"]["timestamp"] == 1_000_000 + barrier => break,
                "heartbeat_response" | "pong" | "message_nack" => {}
                other => panic!("{other}: {answer}"),
            }
        }
    }
    one_command(&phone, &rest, &robots[1].robot_id, "beside").await;
    let after_kib = resident_kib(server.program().pid());
    println!(
        "{backend:?}: {sent} frames, {errors} errors, {acked} messages acknowledged; {before_kib} KiB to {after_kib} KiB"
    );
    assert!(errors > 100 && acked > 10);
    assert!(after_kib < before_kib + 60 * 1_024, "{before_kib} KiB before, {after_kib} KiB after");
    socket.text(r#"{"type":"ping"}"#).await;
    while socket.frame().await["type"] != "pong" {}
}

/// What a phone of tomorrow says is kept: unknown fields, unknown codes, mended texts.
async fn unknown_things_are_kept(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    for (code, retried) in [(999_999, false), (-7, false), (777_777, false)] {
        let sent = rest.send_text(&robot.robot_id, &["张三"], "x").await.unwrap().expect_ok().unwrap();
        let command = phone.next_command(SOON).await.unwrap();
        let result = json!({"type": "result", "brandNew": [1], "data": {"commandId": command.id, "status": "failed", "errorCode": code,
            "errorMessage": "新\u{0}的原因", "anotherField": {"deep": [1, {"er": null}]}, "failList": ["张三", 7]}});
        phone.send_raw(result.to_string()).await.unwrap();
        let id = sent.text("/messageId").unwrap();
        let record = rest.wait_state(&id, SOON, |state| state == "failed").await.unwrap();
        assert_eq!(
            (&record["errorCode"], &record["errorReason"]),
            (&json!(code), &json!("新\u{fffd}的原因")),
            "{retried}"
        );
        assert_eq!(record["failList"], json!(["张三", "7"]));
    }
    phone
        .send_raw(json!({"type": "message", "messageId": "app\u{0}1", "data": {"spoken": "一\u{0}二", "receivedName": "张三", "roomType": 2,
            "textType": 77, "mood": "good"}}).to_string())
        .await
        .unwrap();
    let ack = phone.next_frame("message_ack", SOON).await.unwrap();
    assert_eq!(ack["data"]["messageId"], "app\u{fffd}1");
    assert_eq!(server.database().sql("SELECT spoken AS value FROM session_messages"), ["一\u{fffd}二"]);
    let report =
        json!({"type": "error", "data": {"errorCode": 123_456, "errorMessage": "新的错误", "more": 1}});
    phone.send_raw(report.to_string()).await.unwrap();
    phone.send_raw(r#"{"type":"dance","data":{"steps":[1,2,3]}}"#).await.unwrap();
    one_command(&phone, &rest, &robot.robot_id, "after").await;
    assert_eq!(phone.counters().connects, 1);
}

/// Frames that break the protocol or its bounds: the right close code, little memory, and the other phone goes on.
async fn bad_wire(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("limits.connects_per_minute", 10_000)
        .start()
        .await;
    let robots = server.activated_robots(2).await;
    let rest = server.rest().with_token(&robots[1].token);
    let phone = server.phone(&robots[1]).await;
    let before_kib = resident_kib(server.program().pid());
    let mut reserved = frame(TEXT, b"{}");
    reserved[0] |= 0x40;
    let mut unmasked = vec![TEXT, 2];
    unmasked.extend(b"{}");
    let mut utf8 = frame(TEXT_BEGINS, b"{\"type\":\"\xe4");
    utf8.extend(frame(0x80, b"\xff\"}"));
    for (name, bytes, code) in [
        ("a frame of a tebibyte", header(TEXT, 1 << 40), 1009),
        ("a frame of all there is", header(TEXT, (1 << 63) - 1), 1009),
        ("a length with its highest bit", header(TEXT, u64::MAX), 1002),
        ("17 MiB", header(TEXT, 17 << 20), 1009),
        ("reserved bits", reserved, 1002),
        ("no mask", unmasked, 1002),
        ("an unknown opcode", frame(0x83, b"x"), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        ("a text within a text", [frame(TEXT_BEGINS, b"x"), frame(TEXT, b"y")].concat(), 1002),
        ("a long ping", frame(0x89, &[7; 126]), 1002),
        ("a ping in pieces", frame(0x09, b"x"), 1002),
        ("a bad close code", frame(0x88, &[0x03, 0xed]), 1002),
        ("binary", frame(0x82, b"x"), 1003),
        ("no UTF-8", utf8, 1007),
    ] {
        let mut wire = Wire::open(server.url(), &robots[0].token).await;
        wire.write(&bytes).await;
        assert_eq!(wire.close_code().await, Some(code), "{name}");
    }
    let empty = frame(CONTINUES, b"").repeat(1_000);
    let mut wire = Wire::open(server.url(), &robots[0].token).await;
    wire.write(&frame(TEXT_BEGINS, b"{")).await;
    let code = wire.close_code_of_flood(empty, 1_000).await;
    assert!(matches!(code, Some(1008) | None), "a million empty continuations: {code:?}");
    let mut wire = Wire::open(server.url(), &robots[0].token).await;
    wire.write(&frame(TEXT_BEGINS, b"{")).await;
    let code = wire.close_code_of_flood(frame(CONTINUES, b" ").repeat(10_000), 100).await;
    assert!(matches!(code, Some(1008 | 1009) | None), "a million tiny continuations: {code:?}");
    let wire = Wire::open(server.url(), &robots[0].token).await;
    let code = wire.close_code_of_flood([header(TEXT, 50 << 20), vec![b'A'; 1 << 20]].concat(), 50).await;
    assert!(matches!(code, Some(1009) | None), "50 MiB: {code:?}");

    let mut socket = Bare::online(server.url(), &robots[0].token).await;
    for deep in [
        "[".repeat(100_000),
        "{\"data\":".repeat(100_000),
        format!("{{\"type\":\"message\",\"data\":{}1{}}}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
    ] {
        socket.text(deep).await;
        assert_eq!(socket.frame().await["type"], "error");
    }
    for surrogate in [r#"{"type":"message","data":{"spoken":"\ud800"}}"#, r#"{"type":"\udfff"}"#] {
        socket.text(surrogate).await;
        assert_eq!(socket.frame().await["type"], "error");
    }
    socket
        .text(r#"{"type":"ping","type":"message","messageId":"twice","data":{"spoken":"a","spoken":"b","receivedName":"c","roomType":2,"textType":1}}"#)
        .await;
    assert_eq!(socket.frame().await["type"], "message_ack", "of a key that stands twice the last one counts");
    let after_kib = resident_kib(server.program().pid());
    println!("{backend:?}: {before_kib} KiB before, {after_kib} KiB after");
    assert!(after_kib < before_kib + 80 * 1_024, "{before_kib} KiB before, {after_kib} KiB after");
    one_command(&phone, &rest, &robots[1].robot_id, "after").await;
    assert_eq!(phone.counters().connects, 1);
}
