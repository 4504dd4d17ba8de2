//! Rules about numbers: presence, callbacks, queues, commands.
use serde_json::json;
use workbot_robot_sim::{Behaviour, Hook, PlatformAnswer};

use super::{alert_when, alerts, create, so_many, start, third_party, webhook};
use crate::callbacks::say;
use crate::commands::queue;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(a_robot_that_is_away, failing_callbacks, a_backlog, failing_commands);

async fn a_robot_that_is_away(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("presence.native_offline_secs", 2)
        .set("presence.heartbeat_interval_ms", 500)
        .start()
        .await;
    let admin = server.admin().await;
    let told = third_party(PlatformAnswer::Ok).await;
    let channel = webhook(&admin, &told).await;
    let ((robot, _rest), (other, _other_rest)) = (server.robot().await, server.robot().await);
    let rule = json!({"name": "离线", "metric": "robot_offline", "operator": ">", "value": 1, "forSecs": 1,
        "level": "critical", "robotIds": [robot.robot_id], "channelIds": [channel]});
    let rule = create(&admin, "/api/alert-rules", rule).await;
    // A robot that never came is not away.
    let phones = [server.phone(&robot).await, server.phone(&other).await];
    for phone in &phones {
        phone.stop().await.unwrap();
    }
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    assert_eq!((&alert["robotId"], &alert["code"]), (&json!(robot.robot_id), &json!("robot_offline")));
    assert!(alert["data"]["value"].as_f64().unwrap() > 1.0, "{alert}");
    let call = told.next(Hook::Message, super::LATER).await.unwrap();
    assert_eq!(call.json["data"]["robotId"], json!(robot.robot_id));
    let _back = server.phone(&robot).await;
    let id = alert["id"].as_str().unwrap();
    let over = alert_when(&admin, id, "it is back", |alert| alert["status"] == "resolved").await;
    assert_eq!((&over["resolvedBy"], &over["count"]), (&json!("system"), &json!(1)));
}

async fn failing_callbacks(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    let ((robot, rest), (fine, fine_rest)) = (server.robot().await, server.robot().await);
    let (dead, alive) =
        (third_party(PlatformAnswer::Status(500)).await, third_party(PlatformAnswer::Ok).await);
    rest.bind_messages(&robot.robot_id, &dead.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    fine_rest.bind_messages(&fine.robot_id, &alive.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let rule = json!({"name": "回调", "metric": "callback_failure_rate", "value": 50, "windowSecs": 60});
    let rule = create(&admin, "/api/alert-rules", rule).await;
    for number in 0..4 {
        say(&rest, &robot, "张三", &number.to_string()).await;
        say(&fine_rest, &fine, "李四", &number.to_string()).await;
    }
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    assert_eq!((&alert["robotId"], &alert["level"]), (&json!(robot.robot_id), &json!("warning")));
    assert_eq!(alert["data"]["value"], json!(100.0));
    assert!(alert["data"]["total"].as_u64().unwrap() >= 3, "{alert}");
}

async fn a_backlog(backend: Backend) {
    let server = start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let rule = create(
        &admin,
        "/api/alert-rules",
        json!({"name": "积压", "metric": "backlog", "operator": "gte", "value": 3}),
    )
    .await;
    for number in 0..2 {
        queue(&rest, &robot.robot_id, &number.to_string()).await;
    }
    assert!(alerts(&admin, &rule).await.is_empty());
    queue(&rest, &robot.robot_id, "3").await;
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    assert_eq!((&alert["robotId"], &alert["data"]["value"]), (&json!(robot.robot_id), &json!(3.0)));
    let phone = server.automatic(&robot, Behaviour::default()).await;
    let id = alert["id"].as_str().unwrap();
    alert_when(&admin, id, "the queue is empty", |alert| alert["status"] == "resolved").await;
    phone.stop().await.unwrap();
}

async fn failing_commands(backend: Backend) {
    let server = start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let rule = json!({"name": "错误", "metric": "error_rate", "operator": "gt", "value": 50, "robotIds": [robot.robot_id]});
    let rule = create(&admin, "/api/alert-rules", rule).await;
    let phone = server.phone(&robot).await;
    for number in 0..3 {
        queue(&rest, &robot.robot_id, &number.to_string()).await;
        let command = phone.next_command(super::LATER).await.unwrap();
        phone
            .result(&command, workbot_robot_sim::Outcome::failed(&command, 201_102, "没有权限"))
            .await
            .unwrap();
    }
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    assert_eq!((&alert["code"], &alert["robotId"]), (&json!("error_rate"), &json!(robot.robot_id)));
}
