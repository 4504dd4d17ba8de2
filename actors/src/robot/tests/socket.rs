use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use workbot_schema::batch::Record;
use workbot_schema::commands::CommandState;
use workbot_schema::ids::CommandId;
use workbot_schema::robots::RobotChanges;
use workbot_schema::wire::actor_snapshot::{ActorState, ExitReason};

use super::rig::Rig;
use crate::kernel::{PostError, post};
use crate::robot::MAILBOX;
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::supervisor::scene::until;

#[actix::test]
async fn a_phone_is_told_who_it_is_and_how_it_is_set() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.connect(&entry.uuid.to_string()).await;
    let connected = phone.next().await;
    assert_eq!(connected["data"]["robotId"], json!(entry.profile().robot.robot_id));
    assert_eq!(connected["data"]["heartbeatIntervalMs"], 10_000);
    let config = phone.next().await;
    assert_eq!((&config["data"]["configType"], &config["data"]["version"]), (&json!("robot"), &json!(1)));
    assert_eq!(config["data"]["config"]["name"], "甲");
    let changes = RobotChanges { name: Some("乙".to_owned()), ..RobotChanges::default() };
    let update = Record::UpdateRobot { id: entry.uuid, changes: Box::new(changes), expected: None };
    rig.scene.write(vec![update]).await;
    let config = phone.next().await;
    assert_eq!(config["data"]["config"]["name"], "乙");
    assert!(entry.is_connected());
    assert_eq!(rig.parts.registry.snapshot().iter().filter(|row| row.kind == "robot").count(), 1);
}

#[actix::test]
async fn commands_are_pushed_confirmed_and_reported() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    rig.text(&entry, "msg_1").await;
    let command = phone.command("msg_1").await;
    assert_eq!((&command["attempt"], &command["params"]["target"]), (&json!(1), &json!("张三")));
    assert_eq!(command.get("redelivered"), None);
    phone.ack("msg_1").await;
    rig.reaches("msg_1", CommandState::Confirmed).await;
    phone.send(json!({"type": "result", "data": {"commandId": "msg_1", "status": "success"}})).await;
    rig.reaches("msg_1", CommandState::Succeeded).await;
    rig.text(&entry, "msg_2").await;
    phone.command("msg_2").await;
    phone.send(json!({"type": "result", "data": {"commandId": "msg_2", "status": "failed"}})).await;
    assert_eq!(rig.reaches("msg_2", CommandState::Failed).await.error_code, Some(501_000));
}

#[actix::test]
async fn a_backlog_of_results_is_stored_whole() {
    const MINE: usize = 30;
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    let ids: Vec<String> = (0..MINE).map(|number| format!("msg_{number}")).collect();
    for id in &ids {
        rig.text(&entry, id).await;
        phone.command(id).await;
        phone.ack(id).await;
    }
    // More than may be under way at once, in one go; the first ones are of commands that are long forgotten.
    let forgotten = (0..200).map(|number| format!("old_{number}"));
    for id in forgotten.chain(ids.clone()) {
        phone.send(json!({"type": "result", "data": {"commandId": id, "status": "success"}})).await;
    }
    for id in &ids {
        rig.reaches(id, CommandState::Succeeded).await;
    }
    assert_eq!(rig.parts.counters.lost_reports.load(Ordering::Relaxed), 0);
}

#[actix::test]
async fn at_most_eight_are_on_their_way() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    for number in 0..10 {
        rig.text(&entry, &format!("msg_{number}")).await;
    }
    let mut phone = rig.phone(&entry).await;
    for number in 0..8 {
        phone.command(&format!("msg_{number}")).await;
    }
    phone.send(json!({"type": "ping"})).await;
    assert_eq!(phone.next().await["type"], "pong", "the ninth waits for a confirmation");
    phone.ack("msg_3").await;
    phone.command("msg_8").await;
    phone.ack("msg_0").await;
    phone.command("msg_9").await;
}

#[actix::test]
async fn what_was_not_confirmed_comes_again_and_first() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    for id in ["msg_1", "msg_2"] {
        rig.text(&entry, id).await;
        phone.command(id).await;
    }
    phone.ack("msg_2").await;
    rig.reaches("msg_2", CommandState::Confirmed).await;
    drop(phone);
    until(|| !entry.is_connected()).await;
    rig.text(&entry, "msg_3").await;
    rig.scene.advance(1);
    let mut phone = rig.phone(&entry).await;
    assert_eq!(phone.command("msg_1").await["redelivered"], true);
    assert_eq!(phone.command("msg_3").await.get("redelivered"), None);
    phone.send(json!({"type": "ping"})).await;
    assert_eq!(phone.next().await["type"], "pong");
}

#[actix::test]
async fn a_failed_attempt_is_tried_again() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    rig.text(&entry, "msg_1").await;
    phone.command("msg_1").await;
    let result =
        json!({"type": "result", "data": {"commandId": "msg_1", "status": "failed", "errorCode": 201_101}});
    phone.send(result).await;
    rig.reaches("msg_1", CommandState::Queued).await;
    rig.scene.advance(2);
    entry.wake();
    assert_eq!(phone.command("msg_1").await["attempt"], 2);
}

#[actix::test]
async fn files_are_put_back_into_the_push() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    let name = rig.parts.files.put(b"hello".to_vec()).await.unwrap();
    let item = json!({"type": 218, "titleList": ["群"], "objectName": "a.txt"});
    let mut command = rig.new_command(&entry, "msg_1", item);
    command.file_name = Some(name);
    rig.parts.commands.submit(&entry, vec![command], None).await.unwrap();
    let pushed = phone.command("msg_1").await;
    assert_eq!(
        (&pushed["commandType"], &pushed["params"]["fileBase64"]),
        (&json!("send_file"), &json!("aGVsbG8="))
    );
}

#[actix::test]
async fn messages_are_acknowledged_once_durable() {
    let rig = Rig::serve().await;
    // One that only reads: no reply comes between.
    let entry = rig.scene.robot(|robot| robot.settings.0.reply_all = -1).await;
    let mut phone = rig.phone(&entry).await;
    let message = json!({"type": "message", "messageId": "app_1", "data":
        {"spoken": "a", "receivedName": "b", "roomType": 2, "textType": 1, "atMe": false}});
    phone.send(message.clone()).await;
    let first = phone.next().await;
    assert_eq!((&first["type"], &first["data"]["messageId"]), (&json!("message_ack"), &json!("app_1")));
    phone.send(message).await;
    assert_eq!(phone.next().await["data"], first["data"]);
    phone.send(json!({"type": "message", "messageId": "app_2", "data": {"spoken": "a"}})).await;
    let error = phone.next().await;
    assert_eq!((&error["type"], &error["data"]["refMessageId"]), (&json!("error"), &json!("app_2")));
    let large = json!({"type": "message", "messageId": "app_3", "data": {"spoken": "字".repeat(100_000),
        "receivedName": "b", "roomType": 2, "textType": 1, "atMe": false}});
    phone.send(large).await;
    phone.send(json!({"type": "heartbeat", "data": {"timestamp": 7}})).await;
    let kinds =
        [phone.next().await, phone.next().await].map(|frame| frame["type"].as_str().unwrap().to_owned());
    assert!(
        kinds.contains(&"message_ack".to_owned()) && kinds.contains(&"heartbeat_response".to_owned()),
        "{kinds:?}"
    );
}

#[actix::test]
async fn garbage_is_answered_and_the_twentieth_closes() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    phone.send(json!({"type": "from_the_future"})).await;
    for _frame in 0..20 {
        phone.text("no json").await;
    }
    for _frame in 0..20 {
        assert_eq!(phone.next().await["type"], "error");
    }
    assert_eq!(phone.closed().await, 4029);
    until(|| !entry.is_connected()).await;
    assert!(rig.parts.registry.snapshot().iter().all(|row| row.kind != "robot"));
}

#[actix::test]
async fn control_frames_and_broken_rules() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    phone.stream.send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(phone.message().await, Some(Message::Pong("x".into())));
    post(&entry.socket().unwrap().orders, RobotOrder::Probe).unwrap();
    assert!(matches!(phone.message().await, Some(Message::Ping(_))));
    phone.stream.send(Message::binary(vec![1_u8])).await.unwrap();
    assert_eq!(phone.closed().await, 1003);
}

#[actix::test]
async fn orders_close_with_their_code() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    for (cause, code) in
        [(CloseCause::Refused, 4001), (CloseCause::Kicked, 4000), (CloseCause::Restarting, 1012)]
    {
        let mut phone = rig.phone(&entry).await;
        post(&entry.socket().unwrap().orders, RobotOrder::Close(cause)).unwrap();
        assert_eq!(phone.closed().await, code);
        until(|| !entry.is_connected()).await;
    }
}

#[actix::test]
async fn a_newer_login_replaces_the_older() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut first = rig.phone(&entry).await;
    rig.text(&entry, "msg_1").await;
    first.command("msg_1").await;
    rig.scene.advance(1);
    let mut second = rig.phone(&entry).await;
    assert_eq!(first.closed().await, 4009);
    assert_eq!(second.command("msg_1").await["redelivered"], true);
    assert!(entry.is_connected());
}

#[actix::test]
async fn strangers_get_a_close_frame_and_nothing_is_registered() {
    let rig = Rig::serve().await;
    let mut phone = rig.connect("nobody").await;
    assert!(
        matches!(phone.message().await, Some(Message::Close(Some(reason))) if u16::from(reason.code) == 4002)
    );
    assert!(rig.parts.registry.snapshot().iter().all(|row| row.kind != "robot"));
}

#[actix::test]
async fn a_phone_that_stops_reading_is_cut_off() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut frozen = rig.phone(&entry).await;
    // Answers of this size fill every buffer on the way, and then nobody runs the actor any more.
    let frame = json!({"type": "message", "messageId": "x".repeat(60_000), "data": {}}).to_string();
    while tokio::time::timeout(Duration::from_millis(500), frozen.stream.send(Message::text(frame.clone())))
        .await
        .is_ok()
    {}
    let orders = entry.socket().unwrap().orders;
    for _order in 0..MAILBOX {
        post(&orders, RobotOrder::Wake).unwrap();
    }
    assert_eq!(post(&orders, RobotOrder::Wake), Err(PostError::Full));
    entry.wake();
    assert!(!entry.has_work.load(Ordering::Relaxed), "the next wake-up is tried again");
    let mut next = rig.phone(&entry).await;
    rig.text(&entry, "msg_1").await;
    next.command("msg_1").await;
}

#[actix::test]
async fn a_panic_shows_and_the_next_connect_works() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    rig.text(&entry, "msg_1").await;
    phone.command("msg_1").await;
    phone.text(super::PANIC).await;
    while phone.message().await.is_some() {}
    until(|| !entry.is_connected()).await;
    let row = rig.parts.registry.snapshot().into_iter().find(|row| row.kind == "robot").unwrap();
    assert_eq!((row.state, row.last_exit), (ActorState::Failed, Some(ExitReason::Panicked)));
    rig.scene.advance(1);
    let mut phone = rig.phone(&entry).await;
    assert_eq!(phone.command("msg_1").await["redelivered"], true);
}

#[actix::test]
async fn an_operator_can_stop_the_actor() {
    let rig = Rig::serve().await;
    let entry = rig.robot().await;
    let mut phone = rig.phone(&entry).await;
    assert!(rig.parts.registry.request_stop(entry.profile().robot.robot_id.as_str()));
    assert_eq!(phone.closed().await, 4000);
    let missing = rig.parts.commands.confirm(&entry, &CommandId::from("msg_9"), None).await;
    assert!(missing.is_err());
}
