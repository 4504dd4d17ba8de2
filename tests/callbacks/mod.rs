//! What third parties are told, how it is signed, what their answers do, and that a bad endpoint harms nobody else.
mod deliveries;
mod events;
mod failures;
mod signatures;

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{
    Behaviour, ChatMessage, Hook, Identity, Outcome, Phone, Platform, PlatformAnswer, PlatformConfig, Rest,
};

use crate::commands::{queue, state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(messages_are_told, replies, results_are_told);

/// Long enough to be sure that nothing comes.
pub const QUIET: Duration = Duration::from_millis(400);

/// A platform that answers as told.
pub async fn platform(answer: PlatformAnswer) -> Platform {
    Platform::start(PlatformConfig { message: Script::always(answer), ..PlatformConfig::default() })
        .await
        .unwrap()
}

/// Sends a private text up by REST; answers the message's id.
pub async fn say(rest: &Rest, robot: &Identity, sender: &str, text: &str) -> String {
    let answer = rest.post_message(&robot.robot_id, &ChatMessage::text(sender, text)).await.unwrap();
    answer.expect_ok().unwrap().text("/messageId").unwrap()
}

/// The state a delivery of a message ended with, and its record.
pub async fn delivery(admin: &Rest, message: &str, wanted: &str) -> Value {
    crate::support::until(SOON, wanted, async || {
        let list = admin
            .get(&format!("/api/callbacks/deliveries?messageId={message}"))
            .await
            .unwrap()
            .expect_ok()
            .unwrap();
        let row = list.envelope.data["list"][0].clone();
        (row["state"] == wanted).then_some(row)
    })
    .await
}

fn keys(body: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

async fn messages_are_told(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let platform = platform(PlatformAnswer::Ok).await;
    let bound =
        rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    assert_eq!(
        (&bound.envelope.data["openCallback"], &bound.envelope.data["replyAll"]),
        (&json!(1), &json!(1))
    );

    let group = ChatMessage::group_text("测试群1", "张三", "你好啊")
        .with("groupRemark", "测试群1备注名")
        .with("timestamp", "2024-12-01T10:30:00Z");
    let stored = rest.post_message(&robot.robot_id, &group).await.unwrap().expect_ok().unwrap();
    let told = platform.next(Hook::Message, SOON).await.unwrap();
    let (body, wanted) = (
        &told.json,
        json!({
            "robotId": robot.robot_id, "robotUuid": robot.robot_uuid, "spoken": "你好啊", "rawSpoken": "@机器人 你好啊", "receivedName": "张三",
            "groupName": "测试群1", "groupRemark": "测试群1备注名", "roomType": 1, "atMe": true, "textType": 1,
            "timestamp": "2024-12-01T10:30:00.000Z", "messageId": stored.text("/messageId").unwrap(),
        }),
    );
    assert_eq!(body, &wanted);
    assert_eq!((told.method.as_str(), told.header("content-type")), ("POST", Some("application/json")));
    assert_eq!(told.header("x-robot-id"), Some(robot.robot_id.as_str()));
    assert!(told.header("x-request-id").is_some_and(|id| !id.is_empty()));
    for unsigned in ["x-signature", "webhook-id", "webhook-signature"] {
        assert_eq!(told.header(unsigned), None);
    }

    say(&rest, &robot, "李四", "在吗").await;
    let told = platform.next(Hook::Message, SOON).await.unwrap();
    assert_eq!(
        (told.field("groupName"), told.field("groupRemark"), &told.json["roomType"]),
        ("", "", &json!(2))
    );
    assert!(DateTime::parse_from_rfc3339(told.field("timestamp")).is_ok());

    let other = ChatMessage::group_text("测试群1", "张三", "不是给你的").with("atMe", false);
    let cases = [
        (json!({"replyAll": 1}), &other, true),
        (json!({"replyAll": 0}), &other, false),
        (json!({"replyAll": 0}), &group, true),
        (json!({"replyAll": -1}), &group, false),
        (json!({"replyAll": 1, "openCallback": 0}), &group, false),
    ];
    for (number, (settings, message, is_told)) in cases.into_iter().enumerate() {
        rest.update_info(&robot.robot_id, &settings).await.unwrap().expect_ok().unwrap();
        let message =
            message.clone().with_id(format!("app_{number}")).with("rawSpoken", format!("第 {number} 条"));
        rest.post_message(&robot.robot_id, &message).await.unwrap().expect_ok().unwrap();
        match platform.next(Hook::Message, if is_told { SOON } else { QUIET }).await {
            Ok(told) => assert!(
                is_told && told.field("rawSpoken") == format!("第 {number} 条"),
                "{settings}: {}",
                told.json
            ),
            Err(error) => assert!(!is_told, "{settings}: {error}"),
        }
    }
    rest.update_info(&robot.robot_id, &json!({"replyAll": 1, "openCallback": 1}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let own = ChatMessage::text("张三", "我自己写的").with("fromSelf", true);
    rest.post_message(&robot.robot_id, &own).await.unwrap().expect_ok().unwrap();
    assert!(
        platform.next(Hook::Message, QUIET).await.is_err(),
        "what the operator typed on the phone is not told"
    );
}

async fn replies(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let platform = platform(PlatformAnswer::Inline("回复 {name}：{spoken}".into())).await;
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let phone = server.phone(&robot).await;

    say(&rest, &robot, "张三", "你好").await;
    let command = phone.serve_next(SOON).await.unwrap();
    assert_eq!((command.number, command.content()), (203, "回复 张三：你好"));
    assert_eq!((&command.params["titleList"], &command.params["atList"]), (&json!(["张三"]), &json!([])));
    let receipt =
        phone.say_until_acked(ChatMessage::group_text("测试群1", "李四", "在吗"), SOON).await.unwrap();
    let command = phone.serve_next(SOON).await.unwrap();
    assert_eq!(
        (&command.params["titleList"], &command.params["atList"]),
        (&json!(["测试群1"]), &json!(["李四"]))
    );
    let record = state(&rest, &command.id, "succeeded").await;
    assert_eq!(record["replyTo"], receipt.server_message_id.as_str());
    let life = |record: &Value| {
        let at = |name: &str| DateTime::parse_from_rfc3339(record[name].as_str().unwrap()).unwrap();
        (at("expiresAt") - at("createdAt")).num_seconds()
    };
    assert!((1_790..=1_810).contains(&life(&record)), "replies are not sent hours later");

    let admin = server.admin().await;
    for (answer, outcome) in [
        (PlatformAnswer::Code(500, "稍后再试".into()), "failed"),
        (
            PlatformAnswer::Body("{\"code\":0,\"data\":{\"type\":5000,\"info\":{\"text\":\"\"}}}".into()),
            "delivered",
        ),
        (PlatformAnswer::Body("好的".into()), "delivered"),
        (PlatformAnswer::Empty, "delivered"),
        (PlatformAnswer::Status(404), "failed"),
    ] {
        platform.set_script(Hook::Message, Script::always(answer.clone()));
        let message = say(&rest, &robot, "张三", &format!("{answer:?}")).await;
        delivery(&admin, &message, outcome).await;
    }
    phone.expect_no_command(QUIET).await.unwrap();

    platform.set_rest(server.rest());
    platform.add_token(&robot.robot_id, &robot.token);
    platform.set_script(
        Hook::Message,
        Script::always(PlatformAnswer::Later {
            text: "想好了：{spoken}".into(),
            delay: Duration::from_millis(50),
        }),
    );
    say(&rest, &robot, "张三", "想一想").await;
    assert_eq!(phone.serve_next(SOON).await.unwrap().content(), "想好了：想一想");
}

async fn results_are_told(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let platform = platform(PlatformAnswer::Ok).await;
    let bound = rest.bind_callback(id, 1, &platform.url(Hook::Result)).await.unwrap().expect_ok().unwrap();
    assert_eq!(
        bound.envelope.data["list"],
        json!([{"type": 1, "typeName": "指令结果回调", "callBackUrl": platform.url(Hook::Result)}])
    );
    let phone = server.phone(&robot).await;

    let sent = queue(&rest, id, "你好~").await;
    let command = phone.serve_next(SOON).await.unwrap();
    let told = platform.next(Hook::Result, SOON).await.unwrap();
    let body = &told.json;
    assert_eq!(
        keys(body),
        [
            "commandId",
            "errorCode",
            "errorReason",
            "failList",
            "messageId",
            "rawMsg",
            "robotId",
            "runTime",
            "successList",
            "timeCost",
            "type"
        ]
    );
    assert_eq!(
        (&body["robotId"], &body["messageId"], &body["commandId"]),
        (&json!(id), &json!(sent), &json!(command.id))
    );
    assert_eq!(
        (&body["errorCode"], &body["errorReason"], &body["type"]),
        (&json!(0), &json!(""), &json!(203))
    );
    assert_eq!((&body["successList"], &body["failList"]), (&json!(["张三"]), &json!([])));
    let raw: Value = serde_json::from_str(body["rawMsg"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&raw["type"], &raw["titleList"], &raw["receivedContent"]),
        (&json!(203), &json!(["张三"]), &json!("你好~"))
    );
    assert!(body["runTime"].is_i64() && body["timeCost"].is_number());
    assert_eq!(told.header("x-robot-id"), Some(id));

    let failing = queue(&rest, id, "失败").await;
    for attempt in 1..=4 {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(command.attempt, attempt);
        phone.result(&command, Outcome::failed(&command, 201_101, "查找聊天窗失败")).await.unwrap();
        phone.result(&command, Outcome::failed(&command, 201_101, "查找聊天窗失败")).await.unwrap();
    }
    let told = platform.next(Hook::Result, SOON).await.unwrap();
    assert_eq!(
        (told.field("messageId"), &told.json["errorCode"], told.field("errorReason")),
        (failing.as_str(), &json!(201_101), "查找聊天窗失败")
    );
    assert!(platform.next(Hook::Result, QUIET).await.is_err(), "only the last result is told, once");

    rest.bind_callback(id, 1, &platform.url(Hook::Other)).await.unwrap().expect_ok().unwrap();
    by_polling(&server, &rest, &robot, &phone, &platform).await;
    let left = rest.delete_callback(id, 1).await.unwrap().expect_ok().unwrap();
    assert_eq!(left.envelope.data["total"], 0);
    assert_eq!(rest.callbacks(id).await.unwrap().envelope.data["list"], json!([]));
    for kind in [2, 3, 7] {
        rest.bind_callback(id, kind, &platform.url(Hook::Result))
            .await
            .unwrap()
            .expect_error(400, "invalid_request")
            .unwrap();
    }
    let alias = json!({"robotId": id, "type": 5, "callbackUrl": platform.url(Hook::Event)});
    rest.post("/api/robot/robotInfo/callBack/bind", &alias).await.unwrap().expect_ok().unwrap();
}

async fn by_polling(server: &TestServer, rest: &Rest, robot: &Identity, phone: &Phone, platform: &Platform) {
    phone.stop().await.unwrap();
    let sent = queue(rest, &robot.robot_id, "轮询").await;
    rest.poll(&robot.robot_id, 5).await.unwrap().expect_ok().unwrap();
    rest.short_result(&sent, "success", &json!(null)).await.unwrap().expect_ok().unwrap();
    let told = platform.next(Hook::Other, SOON).await.unwrap();
    assert_eq!(told.field("messageId"), sent, "to the address bound last");
    let other = server.robot().await;
    let phone = server.automatic(&other.0, Behaviour::default()).await;
    let done = queue(&other.1, &other.0.robot_id, "别人的").await;
    state(&other.1, &done, "succeeded").await;
    assert!(platform.next(Hook::Other, QUIET).await.is_err(), "another robot's results are not told here");
    phone.stop().await.unwrap();
}
