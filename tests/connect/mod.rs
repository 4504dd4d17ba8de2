//! The native socket: frames, keep-alives, close codes, limits.
use std::time::Duration;

use chrono::Utc;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use workbot_robot_sim::phone::Heartbeat;
use workbot_robot_sim::{Device, Phone, SimError};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::socket::Bare;
use crate::support::until;

on_both!(frames, who_may_connect, bad_frames, presence_and_limits);

fn is_now(millis: &Value) -> bool {
    millis.as_i64().is_some_and(|millis| millis.abs_diff(Utc::now().timestamp_millis()) < 60_000)
}

async fn frames(backend: Backend) {
    let server = TestServer::builder(backend).set("presence.heartbeat_interval_ms", 7_000).start().await;
    let (robot, rest) = server.robot().await;
    let mut socket = Bare::open(server.url(), &robot.token, &[]).await.unwrap();

    let connected = socket.frame().await;
    assert_eq!(
        (&connected["type"], &connected["data"]["robotId"]),
        (&json!("connected"), &json!(robot.robot_id))
    );
    assert_eq!(connected["data"]["heartbeatIntervalMs"], 7_000);
    assert!(is_now(&connected["timestamp"]) && is_now(&connected["data"]["timestamp"]), "{connected}");
    assert!(connected["messageId"].is_string());

    let config = socket.frame().await;
    assert_eq!((&config["type"], &config["data"]["configType"]), (&json!("config"), &json!("robot")));
    let version = config["data"]["version"].as_i64().unwrap();
    let settings = &config["data"]["config"];
    assert_eq!(
        (&settings["replyAll"], &settings["openCallback"], &settings["heartbeatIntervalMs"]),
        (&json!(0), &json!(0), &json!(7_000))
    );
    assert!(settings["name"].is_string());
    socket
        .text(json!({"type": "config_ack", "data": {"configType": "robot", "version": version}}).to_string())
        .await;
    rest.update_info(&robot.robot_id, &json!({"replyAll": 1})).await.unwrap().expect_ok().unwrap();
    let changed = socket.frame().await;
    assert_eq!((&changed["type"], &changed["data"]["config"]["replyAll"]), (&json!("config"), &json!(1)));
    assert!(changed["data"]["version"].as_i64().unwrap() > version);
    let nack = json!({"type": "config_nack", "data": {"configType": "robot", "version": version + 1, "reason": "不支持"}});
    socket.text(nack.to_string()).await;

    socket.text(r#"{"type":"ping"}"#).await;
    let pong = socket.frame().await;
    assert_eq!((&pong["type"], is_now(&pong["timestamp"])), (&json!("pong"), true));
    let beat = json!({"type": "heartbeat", "data": {"timestamp": 17, "memoryUsage": 30, "batteryLevel": 80, "networkType": "wifi"},
        "timestamp": 17, "messageId": "app_1"});
    socket.text(beat.to_string()).await;
    let answer = socket.frame().await;
    assert_eq!((&answer["type"], &answer["data"]["timestamp"]), (&json!("heartbeat_response"), &json!(17)));
    assert!(is_now(&answer["data"]["serverTime"]), "{answer}");
    socket.send(Message::Ping(b"echo".to_vec().into())).await;
    assert_eq!(socket.next().await, Message::Pong(b"echo".to_vec().into()));

    socket.text(r#"{"type":"something_new","data":{"x":1}}"#).await;
    let report = json!({"type": "error", "data": {"errorCode": 501, "errorMessage": "无障碍服务已关闭", "timestamp": 1}});
    socket.text(report.to_string()).await;
    socket.expect_silence(Duration::from_millis(200)).await;

    let sent = rest.send_text(&robot.robot_id, &["张三"], "你好").await.unwrap().expect_ok().unwrap();
    let id = sent.text("/messageId").unwrap();
    let push = socket.frame().await;
    assert_eq!((&push["type"], push["data"]["commandId"].as_str()), (&json!("command"), Some(id.as_str())));
    let data = &push["data"];
    assert_eq!(
        (&data["commandType"], &data["type"], &data["priority"], &data["attempt"]),
        (&json!("send_message"), &json!(203), &json!(0), &json!(1))
    );
    assert_eq!(
        data["params"],
        json!({"target": "张三", "titleList": ["张三"], "content": "你好", "messageType": "text", "atList": []})
    );
    assert!(chrono::DateTime::parse_from_rfc3339(data["createdAt"].as_str().unwrap()).is_ok());
    assert!(data.get("redelivered").is_none_or(|redelivered| redelivered == false));
    socket.text(json!({"type": "ack", "data": {"commandId": id}}).to_string()).await;
    rest.wait_state(&id, SOON, |state| state == "confirmed").await.unwrap();
    socket.text(json!({"type": "result", "data": {"commandId": id, "status": "success"}}).to_string()).await;
    rest.wait_state(&id, SOON, |state| state == "succeeded").await.unwrap();

    let foreign = json!({"type": "heartbeat", "data": {"timestamp": 18, "robotId": "robot_1_x"}, "robotId": "robot_1_x"});
    socket.text(foreign.to_string()).await;
    assert_eq!(socket.frame().await["data"]["timestamp"], 18, "the token decides who speaks");
    socket.send(Message::Close(None)).await;
}

async fn who_may_connect(backend: Backend) {
    let server = TestServer::start(backend).await;
    let admin = server.admin().await;
    let code = server.codes(1).await.remove(0);
    let robot = server.rest().activated(&code, &Device::new("phone-a")).await.unwrap();
    match Bare::open(server.url(), "", &[]).await {
        Err(SimError::Refused { status: 401, body, .. }) => assert!(body.contains("unauthorized"), "{body}"),
        other => panic!("{:?}", other.err()),
    }
    for token in ["x", "eyJhbGciOiJub25lIn0.e30.", &robot.refresh_token] {
        let mut socket = Bare::open(server.url(), token, &[]).await.unwrap();
        assert_eq!(socket.only_close_code().await, 4001, "{token}");
    }
    let admin_token =
        server.cli(&["token", "--phone", "13800000001"]).await["token"].as_str().unwrap().to_owned();
    let mut socket = Bare::open(server.url(), &admin_token, &[]).await.unwrap();
    assert_eq!(socket.only_close_code().await, 4001, "a user's token is no robot's");
    let mut socket = Bare::open(server.url(), &robot.token, &[("X-Device-Id", "phone-b")]).await.unwrap();
    assert_eq!(socket.only_close_code().await, 4003);
    let bearer = format!("Bearer {}", robot.token);
    let mut socket = Bare::open(server.url(), "", &[("Authorization", &bearer), ("X-Device-Id", "phone-a")])
        .await
        .unwrap();
    assert_eq!(socket.frame().await["type"], "connected");

    admin
        .post(&format!("/api/robots/{}/disable", robot.robot_id), &json!({}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    assert_eq!(socket.close_code().await, 4001, "disabling closes the socket");
    let mut socket = Bare::open(server.url(), &robot.token, &[]).await.unwrap();
    assert_eq!(socket.only_close_code().await, 4001);
    let refused =
        server.rest().with_token(&robot.token).send_text(&robot.robot_id, &["a"], "x").await.unwrap();
    refused.expect_error(403, "robot_disabled").unwrap();
    admin
        .post(&format!("/api/robots/{}/enable", robot.robot_id), &json!({}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let mut socket = Bare::online(server.url(), &robot.token).await;
    admin.delete(&format!("/api/robots/{}", robot.robot_id)).await.unwrap().expect_ok().unwrap();
    assert!(matches!(socket.close_code().await, 4001 | 4002), "deleting closes the socket");
    let mut socket = Bare::open(server.url(), &robot.token, &[]).await.unwrap();
    assert_eq!(socket.only_close_code().await, 4002);
}

async fn bad_frames(backend: Backend) {
    let server = TestServer::start(backend).await;
    let robots = server.activated_robots(4).await;
    let mut socket = Bare::online(server.url(), &robots[0].token).await;
    for (number, bad) in ["", "x", "[]", "{}", r#"{"type":7}"#, "{\"type\":\"ping\"", "null"]
        .iter()
        .cycle()
        .take(19)
        .enumerate()
    {
        socket.text(*bad).await;
        let answer = socket.frame().await;
        assert_eq!(answer["type"], "error", "{bad:?}, number {number}");
        assert!(
            answer["data"]["errorCode"].is_number() && answer["data"]["errorMessage"].is_string(),
            "{answer}"
        );
    }
    socket.text(r#"{"messageId":"app_7","type":"ack","data":{}}"#).await;
    let answer = socket.frame().await;
    assert_eq!((&answer["type"], &answer["data"]["refMessageId"]), (&json!("error"), &json!("app_7")));
    let wrong = json!({"type": "message", "messageId": "app_8", "data": {"spoken": "x", "receivedName": "a", "roomType": 9, "textType": 1}});
    socket.text(wrong.to_string()).await;
    assert_eq!(socket.frame().await["data"]["refMessageId"], "app_8");
    socket.text(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.frame().await["type"], "pong", "19 bad frames are borne");
    socket.text("{").await;
    assert_eq!(socket.close_code().await, 4029);

    let mut socket = Bare::online(server.url(), &robots[1].token).await;
    socket.bytes_as_text(b"{\"type\":\"ping\xff\"}").await;
    assert_eq!(socket.close_code().await, 1007);
    let mut socket = Bare::online(server.url(), &robots[2].token).await;
    socket.send(Message::binary(b"{\"type\":\"ping\"}".to_vec())).await;
    assert_eq!(socket.close_code().await, 1003);
    let mut socket = Bare::online(server.url(), &robots[3].token).await;
    socket.text(format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(15_000_000))).await;
    assert_eq!(socket.frame().await["type"], "pong", "large is not too large");
    assert_eq!(socket.close_code_of_too_large(17 * 1_024 * 1_024).await, 1009);
}

async fn presence_and_limits(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("presence.native_offline_secs", 2)
        .set("presence.heartbeat_interval_ms", 500)
        .start()
        .await;
    let admin = server.admin().await;
    let robots = server.activated_robots(3).await;
    let status = async |robot: &str| {
        let answer = admin.get(&format!("/api/robots/{robot}")).await.unwrap().expect_ok().unwrap();
        answer.text("/status").unwrap()
    };
    assert_eq!(status(&robots[0].robot_id).await, "offline");
    let lively = server.phone(&robots[0]).await;
    let mut config = server.manual(&robots[1]);
    config.heartbeat = Heartbeat::Off;
    let silent = Phone::connect(config).await.unwrap();
    assert_eq!(status(&robots[1].robot_id).await, "online");
    silent.go_silent().await.unwrap();
    until(SOON, "the silent phone is offline", async || {
        (status(&robots[1].robot_id).await == "offline").then_some(())
    })
    .await;
    silent.resume_reading().await.unwrap();
    let ended = silent.wait_ended(SOON).await.unwrap();
    assert!(matches!(ended, SimError::Closed { code: 4000, .. } | SimError::Lost(_)), "{ended}");
    assert_eq!(status(&robots[0].robot_id).await, "online");
    assert!(lively.counters().heartbeat_answers > 2);
    lively.disconnect().await.unwrap();
    until(SOON, "a lost phone is offline", async || {
        (status(&robots[0].robot_id).await == "offline").then_some(())
    })
    .await;

    let polling = server.rest().with_token(&robots[2].token);
    until(SOON, "a heartbeat by HTTP counts as presence", async || {
        let beat = polling.heartbeat().await.unwrap().expect_ok().unwrap();
        assert!(is_now(&beat.envelope.data["serverTime"]), "{}", beat.body);
        (status(&robots[2].robot_id).await == "online").then_some(())
    })
    .await;
    let mut refused = None;
    for count in 1..=16 {
        match Bare::open(server.url(), &robots[2].token, &[]).await {
            Ok(_socket) => assert!(count <= 15, "the 16th connect within a minute was taken"),
            Err(SimError::Refused { status: 429, retry_after, .. }) => {
                assert!(count > 15, "connect {count} was refused");
                refused = retry_after;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused.is_some_and(|seconds| (1..=60).contains(&seconds)), "{refused:?}");
}
