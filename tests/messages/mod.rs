//! Chat messages that phones send up: every entrance, stored once, with their pictures, within limits.
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use workbot_robot_sim::platform::Received;
use workbot_robot_sim::{ChatMessage, Hook, Platform, PlatformConfig};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::socket::Bare;
use crate::support::until;

on_both!(forms, repeats, pictures, limits);

async fn platform() -> Platform {
    Platform::start(PlatformConfig::default()).await.unwrap()
}

async fn next(platform: &Platform) -> Received {
    platform.next(Hook::Message, SOON).await.unwrap()
}

async fn forms(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let platform = platform().await;
    rest.bind_messages(id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();

    let published = json!({"robotId": id, "spoken": "你好", "rawSpoken": "@机器人 你好", "receivedName": "张三", "groupName": "测试群1",
        "roomType": 1, "atMe": true, "textType": 1});
    let stored = rest.post("/api/robot/messages", &published).await.unwrap().expect_status(200).unwrap();
    assert_eq!((stored.envelope.code, stored.envelope.message.as_str()), (0, "消息已接收"));
    let told = next(&platform).await;
    assert_eq!(told.field("messageId"), stored.text("/messageId").unwrap());
    let long = json!({"spoken": "a\u{0}b", "receivedName": "李\u{0}四", "roomType": "2", "textType": 999, "timestamp": 1_733_049_000_000_i64, "x": {"y": []}});
    rest.post("/api/robot/messages", &long).await.unwrap().expect_ok().unwrap();
    let told = next(&platform).await;
    assert_eq!(
        (told.field("spoken"), told.field("rawSpoken"), told.field("receivedName")),
        ("a\u{fffd}b", "a\u{fffd}b", "李\u{fffd}四")
    );
    assert_eq!((&told.json["textType"], told.field("timestamp")), (&json!(999), "2024-12-01T10:30:00.000Z"));

    let phone = server.phone(&robot).await;
    for (sender, group, room_type) in [
        ("zhangsan", None, 4),
        ("wmXYZ", None, 2),
        ("zhangsan", Some("内部群"), 3),
        ("woXYZ", Some("外部群"), 1),
    ] {
        let message = ChatMessage::short(sender, "王五", &format!("短 {room_type}"), group);
        let receipt = phone.say_until_acked(message, SOON).await.unwrap();
        let told = next(&platform).await;
        assert_eq!(
            (told.field("messageId"), &told.json["roomType"]),
            (receipt.server_message_id.as_str(), &json!(room_type))
        );
        assert_eq!(
            (told.field("spoken"), told.field("receivedName"), told.field("groupName")),
            (&*format!("短 {room_type}"), "王五", group.unwrap_or(""))
        );
        assert_eq!(told.json["textType"], 1);
    }
    let receipt = phone
        .say_until_acked(ChatMessage::group_text("群", "赵六", "长").with("spoken", "长\u{0}"), SOON)
        .await
        .unwrap();
    let told = next(&platform).await;
    assert_eq!(
        (told.field("messageId"), told.field("spoken")),
        (receipt.server_message_id.as_str(), "长\u{fffd}")
    );
    assert_eq!(told.json["atMe"], true);

    let mut socket = Bare::online(server.url(), &robot.token).await;
    let frame = json!({"type": "message", "messageId": "app_ack", "timestamp": 1, "data": {"spoken": "ack", "receivedName": "a", "roomType": 2, "textType": 1}});
    socket.text(frame.to_string()).await;
    let ack = socket.frame().await;
    assert_eq!((&ack["type"], &ack["data"]["messageId"]), (&json!("message_ack"), &json!("app_ack")));
    assert!(ack["data"]["serverMessageId"].as_str().unwrap().starts_with("msg_"));

    for (body, fields) in [
        (json!({}), vec!["receivedName", "roomType", "spoken"]),
        (json!({"spoken": "x", "receivedName": "a", "roomType": 5}), vec!["roomType"]),
        (json!({"spoken": "x", "receivedName": "a", "roomType": 1, "textType": 1_000}), vec!["textType"]),
        (json!({"spoken": "x", "receivedName": " ", "roomType": 1, "textType": 1}), vec!["receivedName"]),
    ] {
        let answer = rest
            .post("/api/robot/messages", &body)
            .await
            .unwrap()
            .expect_error(400, "invalid_request")
            .unwrap();
        let names: Vec<_> = answer.envelope.data["fields"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, fields, "{body}");
    }
    let other =
        json!({"robotId": "robot_1_other", "spoken": "x", "receivedName": "a", "roomType": 2, "textType": 1});
    rest.post("/api/robot/messages", &other).await.unwrap().expect_error(404, "robot_not_found").unwrap();
    server.rest().post("/api/robot/messages", &published).await.unwrap().expect_status(401).unwrap();
}

async fn repeats(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.clone();
    let platform = platform().await;
    rest.bind_messages(&id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let post = async |message: &Value| {
        rest.post("/api/robot/messages", message)
            .await
            .unwrap()
            .expect_ok()
            .unwrap()
            .text("/messageId")
            .unwrap()
    };
    let body = |text: &str, app: Option<&str>| {
        let mut body = json!({"spoken": text, "receivedName": "张三", "roomType": 2, "textType": 1});
        if let Some(app) = app {
            body["messageId"] = app.into();
        }
        body
    };
    let phone = server.phone(&robot).await;
    let first = post(&body("同一条", Some("app-1"))).await;
    assert_eq!(post(&body("同一条", Some("app-1"))).await, first);
    assert_eq!(post(&body("改了字", Some("app-1"))).await, first, "the id decides");
    let same = ChatMessage::text("张三", "同一条").with_id("app-1");
    assert_eq!(
        phone.say_until_acked(same, SOON).await.unwrap().server_message_id,
        first,
        "over all entrances"
    );
    // Drained, not killed: a callback whose outcome a kill cut off would rightly be made once more.
    assert!(server.terminate().await.success());
    server.restart().await;
    assert_eq!(post(&body("同一条", Some("app-1"))).await, first, "over restarts");

    let began = Instant::now();
    let unnamed = post(&body("没有编号", None)).await;
    assert_eq!(post(&body("没有编号", None)).await, unnamed, "same room, sender and text within 3 s");
    assert_eq!(post(&body("没有编号", Some("app-2"))).await, unnamed, "one of the two has no id");
    assert_ne!(post(&body("另一句", None)).await, unnamed);
    let mut elsewhere = body("没有编号", None);
    elsewhere["receivedName"] = "李四".into();
    assert_ne!(post(&elsewhere).await, unnamed);
    let named = [post(&body("都有编号", Some("app-3"))).await, post(&body("都有编号", Some("app-4"))).await];
    assert_ne!(named[0], named[1], "two ids are two messages");
    let later = until(SOON, "the window is over", async || {
        let id = post(&body("没有编号", None)).await;
        (id != unnamed).then_some(id)
    })
    .await;
    assert!(began.elapsed() >= Duration::from_millis(2_900), "{later} came too early");

    platform.wait_counters(SOON, |counters| counters.messages >= 7).await.unwrap();
    let told: Vec<_> =
        platform.received(Hook::Message).iter().map(|call| call.field("messageId").to_owned()).collect();
    let mut distinct = told.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((told.len(), distinct.len()), (7, 7), "a repeated message is told once");
}

async fn pictures(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let platform = platform().await;
    rest.bind_messages(id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(
        (0..3_000_000_u32)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
            .take(11_000_000),
    );
    let image = |bytes: &[u8]| {
        let content = STANDARD.encode(bytes);
        ChatMessage::group_text("测试群1", "张三", "").with("textType", 2).with("fileBase64", content)
    };
    for bytes in [&png[..200], &png[..]] {
        rest.post_message(id, &image(bytes)).await.unwrap().expect_ok().unwrap();
        let told = next(&platform).await;
        assert_eq!((&told.json["textType"], told.json.as_object().unwrap().len()), (&json!(2), 13));
        assert!(
            STANDARD.decode(told.field("fileBase64")).unwrap() == bytes,
            "{} bytes came back different",
            bytes.len()
        );
    }
    let webp = b"RIFF$\0\0\0WEBPVP8 ";
    let refused =
        rest.post_message(id, &image(webp)).await.unwrap().expect_error(422, "rule_violated").unwrap();
    assert!(refused.envelope.data["fields"].get("fileBase64").is_some());
    let broken = image(b"").with("fileBase64", "!!!");
    rest.post_message(id, &broken).await.unwrap().expect_error(400, "invalid_request").unwrap();
    let too_large = image(&vec![0; 13 * 1_024 * 1_024]);
    let answer =
        rest.post_message(id, &too_large).await.unwrap().expect_error(413, "payload_too_large").unwrap();
    assert!(answer.envelope.request_id.is_some());

    let phone = server.phone(&robot).await;
    phone.say_until_acked(image(&png[..5_000_000]), SOON).await.unwrap();
    assert!(STANDARD.decode(next(&platform).await.field("fileBase64")).unwrap() == png[..5_000_000]);
    phone.say_until_acked(image(webp), SOON).await.unwrap();
    let told = next(&platform).await;
    assert_eq!(
        told.json.get("fileBase64"),
        None,
        "a phone's message is kept without a picture nobody can see"
    );
}

async fn limits(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.robot_inbound_per_minute", 30).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let platform = platform().await;
    rest.bind_messages(id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let mut taken = 0;
    let refused = loop {
        let answer = rest.post_message(id, &ChatMessage::text("张三", &taken.to_string())).await.unwrap();
        if answer.status != 200 {
            break answer.expect_error(429, "rate_limited").unwrap();
        }
        taken += 1;
    };
    assert!((30..=33).contains(&taken), "{taken}");
    assert!(refused.envelope.data["retryAfter"].as_u64().is_some_and(|seconds| seconds >= 1));
    rest.callbacks(id).await.unwrap().expect_ok().unwrap();

    let mut socket = Bare::online(server.url(), &robot.token).await;
    let frame = |app: &str| {
        json!({"type": "message", "messageId": app, "data": {"spoken": app, "receivedName": "a", "roomType": 2, "textType": 1}}).to_string()
    };
    let mut answers = Vec::new();
    for number in 0..4 {
        socket.text(frame(&format!("app_{number}"))).await;
        answers.push(socket.frame().await);
    }
    let nack =
        answers.iter().find(|answer| answer["type"] == "message_nack").expect("a refusal over the limit");
    assert!(nack["data"]["messageId"].as_str().is_some_and(|id| id.starts_with("app_")));
    assert!(nack["data"]["retryAfter"].as_u64().is_some_and(|seconds| seconds >= 1), "{nack}");
    drop(socket);

    // A phone that repeats what was refused loses nothing.
    let phone = server.phone(&robot).await;
    phone.say_until_acked(ChatMessage::text("张三", "终于"), Duration::from_secs(20)).await.unwrap();
    platform.next_where(Hook::Message, SOON, |told| told.field("spoken") == "终于").await.unwrap();
}
