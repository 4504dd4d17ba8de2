//! The same thing wanted many times at once: one wins, bounds hold, nothing happens twice.
use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use workbot_robot_sim::{Behaviour, ChatMessage, Device, Hook, Platform, PlatformConfig};

use crate::commands::{queue, state, text};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(one_winner, bounds_hold, one_message, taken_back_or_carried_out, expired_is_over);

/// How many try at once.
const TRIES: usize = 12;

async fn one_winner(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let rest = server.rest();
    let codes = server.codes(2).await;
    let devices: Vec<Device> = (0..TRIES).map(|number| Device::new(format!("phone-{number}"))).collect();
    let answers = join_all(devices.iter().map(|device| rest.activate(&codes[0], device))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.as_ref().unwrap().status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");

    let device = Device::new("phone");
    let answers = join_all((0..TRIES).map(|_| rest.activate(&codes[1], &device))).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().expect_ok().unwrap()).collect();
    let robots: BTreeSet<_> = answers.iter().map(|answer| answer.text("/robotId").unwrap()).collect();
    let firsts = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((robots.len(), firsts), (1, 1));
    let living = join_all(
        answers
            .iter()
            .map(|answer| rest.with_token(answer.text("/token").unwrap()))
            .map(async |robot| robot.heartbeat().await),
    )
    .await;
    let living = living.into_iter().filter(|answer| answer.as_ref().unwrap().status == 200).count();
    assert_eq!(living, 1, "only the last activation's token lives");

    let robot = rest.activated(&codes[1], &device).await.unwrap();
    let pairs = join_all((0..TRIES).map(|_| rest.refresh(&robot.refresh_token))).await;
    let pairs: BTreeSet<_> = pairs
        .into_iter()
        .map(|answer| answer.unwrap().expect_ok().unwrap().text("/refreshToken").unwrap())
        .collect();
    assert_eq!(pairs.len(), 1, "the same answer for all who ask at once");

    let admin = server.admin().await;
    let path = format!("/api/robots/{}", robot.robot_id);
    let version = admin.get(&path).await.unwrap().envelope.data["version"].clone();
    let bodies: Vec<Value> =
        (0..TRIES).map(|number| json!({"name": format!("名{number}"), "version": version})).collect();
    let answers = join_all(bodies.iter().map(|body| admin.put(&path, body))).await;
    let statuses: Vec<u16> = answers.into_iter().map(|answer| answer.unwrap().status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
}

async fn bounds_hold(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("limits.robots_per_user", 3)
        .set("commands.queue_max", 5)
        .start()
        .await;
    let (robot, rest) = server.robot().await;
    let answers = join_all((0..4 * TRIES).map(|_| rest.send_text(&robot.robot_id, &["a"], "x"))).await;
    let statuses: Vec<u16> = answers.into_iter().map(|answer| answer.unwrap().status).collect();
    let accepted = statuses.iter().filter(|status| **status == 200).count();
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    assert_eq!(accepted, 5, "as many as may wait, whoever else is refused meanwhile");
    rest.send_commands(&robot.robot_id, &[json!({"type": 304})]).await.unwrap().expect_ok().unwrap();

    let user = server.user("13800000006", "user").await.rest;
    let body = json!({"name": "一", "kind": "native"});
    let answers = join_all((0..TRIES).map(|_| user.post("/api/robots", &body))).await;
    let made = answers.into_iter().filter(|answer| answer.as_ref().unwrap().status == 200).count();
    assert_eq!(made, 3, "more robots than a user may have");

    // By hand and by activation at once.
    let user = server.user("13800000007", "user").await.rest;
    let codes =
        server.cli(&["codes", "create", "--count", "6", "--days", "9", "--user", "13800000007"]).await;
    let codes: Vec<&str> =
        codes["codes"].as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap()).collect();
    let devices: Vec<Device> = (0..codes.len()).map(|number| Device::new(format!("own-{number}"))).collect();
    let rest = server.rest();
    let by_code = join_all(codes.iter().zip(&devices).map(|(code, device)| rest.activate(code, device)));
    let by_hand = join_all((0..codes.len()).map(|_| user.post("/api/robots", &body)));
    let (by_code, by_hand) = tokio::join!(by_code, by_hand);
    let made = by_code.into_iter().chain(by_hand).map(|answer| answer.unwrap().status);
    let made: Vec<u16> = made.filter(|status| matches!(status, 200 | 201)).collect();
    assert_eq!(made.len(), 3, "{made:?}");
}

async fn one_message(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let platform = Platform::start(PlatformConfig::default()).await.unwrap();
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let phone = server.phone(&robot).await;
    let named = ChatMessage::text("张三", "有编号").with_id("app-1");
    let mut unnamed = ChatMessage::text("张三", "没有编号");
    unnamed.message_id = String::new();
    for message in [&named, &unnamed] {
        let answers = join_all((0..TRIES).map(|_| rest.post_message(&robot.robot_id, message))).await;
        let ids: BTreeSet<_> = answers
            .into_iter()
            .map(|answer| answer.unwrap().expect_ok().unwrap().text("/messageId").unwrap())
            .collect();
        assert_eq!(ids.len(), 1, "{message:?}");
    }
    let both = join_all(
        (0..2).map(|_| phone.say_until_acked(ChatMessage::text("李四", "两头").with_id("app-2"), SOON)),
    )
    .await;
    drop(both);
    platform.wait_counters(SOON, |counters| counters.messages >= 3).await.unwrap();
    assert!(
        platform
            .next_where(Hook::Message, Duration::from_millis(400), |call| !["有编号", "没有编号", "两头"]
                .contains(&call.field("spoken")))
            .await
            .is_err()
    );
    assert_eq!(platform.counters().messages, 3);
}

async fn taken_back_or_carried_out(backend: Backend) {
    const COMMANDS: usize = 60;
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let phone = server.automatic(&robot, Behaviour::default()).await;
    let outcomes = join_all((0..COMMANDS).map(async |number| {
        let command = queue(&rest, id, &number.to_string()).await;
        let answer = rest.cancel(&command).await.unwrap();
        assert!(matches!(answer.status, 200 | 409), "{}", answer.body);
        (command, answer.status == 200)
    }))
    .await;
    let mut cancelled = 0;
    for (command, is_cancelled) in &outcomes {
        state(&rest, command, if *is_cancelled { "cancelled" } else { "succeeded" }).await;
        cancelled += u64::from(*is_cancelled);
    }
    let executed = u64::try_from(COMMANDS).unwrap() - cancelled;
    let counters = phone.wait_counters(SOON, |counters| counters.executed >= executed).await.unwrap();
    assert_eq!(
        (counters.executed, counters.memory.doubled),
        (executed, 0),
        "what was taken back was not pushed"
    );

    // The same for clearing everything, again and again, while commands come in.
    let list: Vec<Value> = (0..10).map(|number| text(&number.to_string())).collect();
    let clear = [json!({"type": 304})];
    let made = join_all((0..20).map(async |number| {
        let list = if number % 4 == 3 { &clear[..] } else { &list[..] };
        let made = rest.send_commands(id, list).await.unwrap().expect_ok().unwrap();
        made.envelope.data["messageIds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    }))
    .await;
    let mut finished = counters.executed;
    for command in made.iter().flatten() {
        let record =
            rest.wait_state(command, SOON, |state| matches!(state, "succeeded" | "cancelled")).await.unwrap();
        finished += u64::from(record["state"] == "succeeded");
    }
    let counters = phone.counters();
    assert_eq!((counters.executed, counters.memory.doubled), (finished, 0));
}

async fn expired_is_over(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("commands.result_timeout_secs", 1)
        .start()
        .await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    let brief = json!({"type": "text", "titleList": ["a"], "content": "brief", "expiresIn": 2});
    let brief = rest.send_message(&brief).await.unwrap().expect_ok().unwrap().text("/messageId").unwrap();
    assert_eq!(phone.next_command(SOON).await.unwrap().id, brief);
    phone.disconnect().await.unwrap();
    phone.wait_ended(SOON).await.unwrap();
    let waiting = json!({"type": "text", "titleList": ["a"], "content": "waiting", "expiresIn": 1});
    let waiting = rest.send_message(&waiting).await.unwrap().expect_ok().unwrap().text("/messageId").unwrap();
    state(&rest, &waiting, "expired").await;
    until(SOON, "the pushed one is over, too", async || {
        let state = rest.command(&brief).await.unwrap().text("/state").unwrap();
        (state != "sent").then_some(state)
    })
    .await;
    phone.reconnect(SOON).await.unwrap();
    phone.expect_no_command(Duration::from_millis(500)).await.unwrap();
    let polled = rest.poll(&robot.robot_id, 0).await.unwrap().envelope.data["total"].clone();
    assert_eq!(polled, 0);
}
