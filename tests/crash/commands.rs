//! Kills on the way of a command to its confirmation.
use serde_json::json;
use workbot_robot_sim::Rest;

use super::{SILENCE, carry_out, crash, ids_of, item, numbered, states_of, submit, take, wait_state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(
    before_the_push,
    right_after_the_answer,
    between_push_and_ack,
    between_ack_and_result,
    polled,
    cancelled_and_expired
);

/// The robot is away, and comes back after the kill.
async fn before_the_push(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let mut ids = submit(&rest, &robot, numbered("plain", 12)).await;
    let urgent = json!({"type": "text", "titleList": ["张三"], "content": "urgent", "priority": 9});
    let urgent = rest.send_message(&urgent).await.unwrap().expect_ok().unwrap().text("/messageId").unwrap();
    ids.insert(0, urgent);
    crash(&mut server, None).await;
    let phone = server.phone(&robot).await;
    for id in &ids {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!((&command.id, command.attempt, command.redelivered), (id, 1, false));
        carry_out(&phone, &rest, &command).await;
    }
    crash(&mut server, Some(&phone)).await;
    phone.reconnect(SOON).await.unwrap();
    phone.expect_no_command(SILENCE).await.unwrap();
    assert_eq!(phone.counters().memory.doubled, 0);
}

/// The robot is there, its window is full, and the kill falls as soon as the last one was accepted.
async fn right_after_the_answer(backend: Backend) {
    let mut server =
        TestServer::builder(backend).set("limits.enabled", false).set("commands.in_flight", 2).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    for round in 1..=3 {
        let ids = submit(&rest, &robot, numbered(&format!("round {round}"), 7)).await;
        crash(&mut server, Some(&phone)).await;
        phone.reconnect(SOON).await.unwrap();
        let mut first_seen: Vec<String> = Vec::new();
        while first_seen.len() < ids.len() {
            let command = phone.next_command(SOON).await.unwrap();
            // Two may have been pushed before the kill; the phone does not know that it saw them, but the server does.
            if first_seen.contains(&command.id) {
                assert!(command.redelivered, "{command:?}");
                assert!(
                    first_seen.len() <= 2,
                    "only what was pushed before the kill comes again: {command:?}"
                );
            } else {
                first_seen.push(command.id.clone());
            }
            carry_out(&phone, &rest, &command).await;
        }
        assert_eq!(first_seen, ids, "round {round}");
    }
    phone.expect_no_command(SILENCE).await.unwrap();
    assert_eq!(phone.counters().memory.doubled, 0);
}

/// Every frame was written, no confirmation came: each goes again under its id, as redelivered, before anything new.
async fn between_push_and_ack(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    let ids = submit(&rest, &robot, numbered("pushed", 8)).await;
    assert_eq!(ids_of(&take(&phone, 8).await), ids);
    let later = submit(&rest, &robot, numbered("later", 3)).await;
    for _ in 0..2 {
        crash(&mut server, Some(&phone)).await;
        phone.reconnect(SOON).await.unwrap();
        let again = take(&phone, 8).await;
        assert_eq!(ids_of(&again), ids);
        assert!(again.iter().all(|command| command.redelivered && command.attempt == 1), "{again:?}");
        phone.expect_no_command(SILENCE).await.unwrap();
    }
    crash(&mut server, Some(&phone)).await;
    phone.reconnect(SOON).await.unwrap();
    for (number, id) in ids.iter().chain(&later).enumerate() {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!((&command.id, command.redelivered), (id, number < 8));
        carry_out(&phone, &rest, &command).await;
        let record = rest.command(id).await.unwrap().expect_ok().unwrap().envelope.data;
        assert_eq!(states_of(&record), ["queued", "sent", "confirmed", "succeeded"], "{record}");
    }
    assert_eq!(phone.counters().memory.doubled, 0);
}

/// A confirmation that is durable is never pushed again; one that fell with the server may be, once, as redelivered.
async fn between_ack_and_result(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    submit(&rest, &robot, numbered("confirmed", 6)).await;
    let commands = take(&phone, 6).await;
    for command in &commands {
        phone.ack(command).await.unwrap();
        wait_state(&rest, &command.id, "confirmed").await;
    }
    crash(&mut server, Some(&phone)).await;
    phone.reconnect(SOON).await.unwrap();
    phone.expect_no_command(SILENCE).await.unwrap();
    for command in &commands {
        phone.result(command, workbot_robot_sim::Outcome::success(command)).await.unwrap();
        wait_state(&rest, &command.id, "succeeded").await;
    }

    submit(&rest, &robot, numbered("in the instant", 6)).await;
    let commands = take(&phone, 6).await;
    for command in &commands {
        phone.ack(command).await.unwrap();
    }
    crash(&mut server, Some(&phone)).await;
    phone.reconnect(SOON).await.unwrap();
    while let Ok(again) = phone.next_command(SILENCE).await {
        assert!(again.redelivered && commands.iter().any(|command| command.id == again.id), "{again:?}");
        phone.ack(&again).await.unwrap();
    }
    for command in &commands {
        phone.result(command, workbot_robot_sim::Outcome::success(command)).await.unwrap();
        wait_state(&rest, &command.id, "succeeded").await;
    }
    crash(&mut server, Some(&phone)).await;
    phone.reconnect(SOON).await.unwrap();
    phone.expect_no_command(SILENCE).await.unwrap();
    assert_eq!(phone.counters().memory.doubled, 0);
}

/// An app that asks by HTTP: what it was shown and did not confirm is shown again.
async fn polled(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let ids = submit(&rest, &robot, numbered("polled", 3)).await;
    assert_eq!(poll(&rest, &robot.robot_id).await, ids);
    crash(&mut server, None).await;
    assert_eq!(poll(&rest, &robot.robot_id).await, ids, "nothing was confirmed");
    rest.ack(&ids[0]).await.unwrap().expect_ok().unwrap();
    rest.report_success(&robot.robot_id, &ids[1], &["张三"]).await.unwrap().expect_ok().unwrap();
    crash(&mut server, None).await;
    assert_eq!(poll(&rest, &robot.robot_id).await, ids[2..], "an answered confirmation is durable");
    wait_state(&rest, &ids[0], "confirmed").await;
    wait_state(&rest, &ids[1], "succeeded").await;
}

async fn poll(rest: &Rest, robot: &str) -> Vec<String> {
    let answer = rest.poll(robot, 0).await.unwrap().expect_ok().unwrap();
    let list = answer.envelope.data["list"].as_array().unwrap().clone();
    list.iter().map(|command| command["commandId"].as_str().unwrap().to_owned()).collect()
}

/// What was answered as cancelled is not pushed, what expires while the server is away expires, and a key keeps its answer.
async fn cancelled_and_expired(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let ids = submit(&rest, &robot, numbered("waits", 3)).await;
    rest.cancel(&ids[1]).await.unwrap().expect_status(200).unwrap();
    let short = json!({"robotId": robot.robot_id, "list": [item("short")], "expiresIn": 1});
    let short = rest.post("/api/robot/commands", &short).await.unwrap().expect_ok().unwrap();
    let keyed = rest.with_header("Idempotency-Key", "order-1");
    let once = keyed.send_text(&robot.robot_id, &["张三"], "once").await.unwrap().expect_ok().unwrap();
    let once = once.text("/messageId").unwrap();
    crash(&mut server, None).await;
    wait_state(&rest, &short.text("/messageIds/0").unwrap(), "expired").await;
    wait_state(&rest, &ids[1], "cancelled").await;
    let again = keyed.send_text(&robot.robot_id, &["张三"], "once").await.unwrap().expect_ok().unwrap();
    assert_eq!(
        (again.text("/messageId").unwrap(), again.header("idempotency-replayed")),
        (once.clone(), Some("true"))
    );
    let phone = server.phone(&robot).await;
    assert_eq!(ids_of(&take(&phone, 3).await), [ids[0].clone(), ids[2].clone(), once]);
    phone.expect_no_command(SILENCE).await.unwrap();
}
