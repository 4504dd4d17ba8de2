//! The log of callbacks, replays, test events, endpoints, and replies that are fetched instead of sent.
use serde_json::{Value, json};
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{Hook, Platform, PlatformAnswer, PlatformConfig};

use super::{QUIET, delivery, platform, say};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(log_replay_and_test, pull_mode);

async fn log_replay_and_test(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let platform = platform(PlatformAnswer::Status(500)).await;
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let message = say(&rest, &robot, "张三", "重放我").await;
    let failed = delivery(&admin, &message, "failed").await;
    let first = platform.next(Hook::Message, SOON).await.unwrap();
    assert_eq!(
        (&failed["kind"], &failed["lastStatus"], &failed["robotId"]),
        (&json!("message"), &json!(500), &json!(robot.robot_id))
    );
    let id = failed["id"].as_str().unwrap().to_owned();
    let detail = admin
        .get(&format!("/api/callbacks/deliveries/{id}"))
        .await
        .unwrap()
        .expect_ok()
        .unwrap()
        .envelope
        .data;
    assert_eq!(
        (&detail["body"]["spoken"], &detail["history"][0]["status"], &detail["hasFile"]),
        (&json!("重放我"), &json!(500), &json!(false))
    );
    assert!(detail["history"][0]["durationMs"].is_i64());

    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Ok));
    let replay = admin
        .post(&format!("/api/callbacks/deliveries/{id}/replay"), &json!({}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    assert_eq!(replay.envelope.data["replayOf"], id.as_str());
    let again = platform.next(Hook::Message, SOON).await.unwrap();
    assert_eq!((again.field("messageId"), &again.body), (message.as_str(), &first.body), "the same content");
    let replayed = replay.text("/id").unwrap();
    let settled = crate::support::until(SOON, "the replay is delivered", async || {
        let row = admin.get(&format!("/api/callbacks/deliveries/{replayed}")).await.unwrap().envelope.data;
        (row["state"] == "delivered").then_some(row)
    })
    .await;
    assert_eq!(settled["replayOf"], id.as_str());

    let test = admin
        .post("/api/callbacks/test", &json!({"robotId": robot.robot_id}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let sample = platform.next(Hook::Message, SOON).await.unwrap();
    assert_eq!(sample.json.as_object().unwrap().len(), 12);
    assert!(test.text("/id").is_ok());
    let elsewhere = json!({"robotId": robot.robot_id, "url": platform.url(Hook::Other)});
    admin.post("/api/callbacks/test", &elsewhere).await.unwrap().expect_ok().unwrap();
    platform.next(Hook::Other, SOON).await.unwrap();

    for (query, count) in [
        (String::new(), 4),
        ("state=failed".to_owned(), 1),
        ("kind=message&state=delivered".to_owned(), 1),
        ("kind=test".to_owned(), 2),
        (format!("robotId={}&pageSize=1", robot.robot_id), 4),
        ("kind=result".to_owned(), 0),
    ] {
        let total = crate::support::until(SOON, "settled", async || {
            let found =
                admin.get(&format!("/api/callbacks/deliveries?{query}")).await.unwrap().expect_ok().unwrap();
            (found.envelope.data["total"] == count).then_some(())
        });
        total.await;
    }
    let endpoints = admin.get("/api/callbacks/endpoints").await.unwrap().expect_ok().unwrap().envelope.data;
    let endpoint = endpoints["list"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["url"] == platform.url(Hook::Message).as_str())
        .unwrap();
    assert_eq!(
        (&endpoint["robotId"], &endpoint["consecutiveFailures"], &endpoint["pausedSince"]),
        (&json!(robot.robot_id), &json!(0), &Value::Null)
    );
    assert!(endpoint["successRate"].as_f64().is_some_and(|rate| rate > 0.0 && rate < 1.0), "{endpoint}");
    let resume = format!("/api/callbacks/endpoints/{}/resume", endpoint["id"].as_str().unwrap());
    admin.post(&resume, &json!({})).await.unwrap().expect_ok().unwrap();

    let stranger = server.user("13800000003", "user").await.rest;
    stranger
        .get(&format!("/api/callbacks/deliveries/{id}"))
        .await
        .unwrap()
        .expect_error(404, "delivery_not_found")
        .unwrap();
    let answer = stranger.post(&format!("/api/callbacks/deliveries/{id}/replay"), &json!({})).await.unwrap();
    answer.expect_error(404, "delivery_not_found").unwrap();
    stranger.post(&resume, &json!({})).await.unwrap().expect_error(404, "endpoint_not_found").unwrap();
    let none = stranger.get("/api/callbacks/deliveries").await.unwrap().expect_ok().unwrap();
    assert_eq!(none.envelope.data["total"], 0);
}

async fn pull_mode(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("callbacks.pull_interval_ms", 100)
        .set("callbacks.pull_timeout_secs", 2)
        .start()
        .await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let inline = PlatformAnswer::Inline("拉到了".into());
    let pull = Script::list([PlatformAnswer::Empty, PlatformAnswer::Ok, inline], PlatformAnswer::Empty);
    let platform = Platform::start(PlatformConfig { pull, ..PlatformConfig::default() }).await.unwrap();
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let settings = json!({"pullUrl": platform.url(Hook::Pull)});
    admin.put(&format!("/api/robots/{}", robot.robot_id), &settings).await.unwrap().expect_ok().unwrap();
    let phone = server.phone(&robot).await;

    let message = say(&rest, &robot, "张三", "有回复吗").await;
    assert_eq!(phone.serve_next(SOON).await.unwrap().content(), "拉到了");
    for _ in 0..3 {
        let asked = platform.next(Hook::Pull, SOON).await.unwrap();
        assert_eq!(
            (asked.method.as_str(), &asked.query),
            ("GET", &format!("robotId={}&messageId={message}", robot.robot_id))
        );
    }
    assert!(platform.next(Hook::Pull, QUIET).await.is_err(), "the reply ends it");

    let message = say(&rest, &robot, "张三", "没有回复").await;
    crate::support::until(SOON, "the pull is over", async || {
        let row =
            admin.get(&format!("/api/callbacks/deliveries?messageId={message}")).await.unwrap().envelope.data
                ["list"][0]
                .clone();
        row["finishedAt"].is_string().then_some(())
    })
    .await;
    assert!((5..=21).contains(&platform.received(Hook::Pull).len()), "every 100 ms for 2 s");
    phone.expect_no_command(QUIET).await.unwrap();

    let only = json!({"callbackUrl": null});
    admin.put(&format!("/api/robots/{}", robot.robot_id), &only).await.unwrap().expect_ok().unwrap();
    platform.set_script(Hook::Pull, Script::always(PlatformAnswer::Inline("只靠拉取".into())));
    say(&rest, &robot, "张三", "只拉取").await;
    assert_eq!(phone.serve_next(SOON).await.unwrap().content(), "只靠拉取");
}
