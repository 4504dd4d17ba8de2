//! Results over the socket: retries of what may be retried, `unknown`, late results.
use std::time::{Duration, Instant};

use serde_json::json;
use workbot_robot_sim::command::Status;
use workbot_robot_sim::{Behaviour, Outcome};

use super::{history, queue, state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(retries, unknown_and_late);

async fn retries(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let robots = server.activated_robots(2).await;
    let (robot, rest) = (&robots[0], server.rest().with_token(&robots[0].token));
    let id = robot.robot_id.as_str();
    let phone = server.phone(robot).await;

    let hopeless = queue(&rest, id, "hopeless").await;
    let began = Instant::now();
    for attempt in 1..=4 {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!((&command.id, command.attempt), (&hopeless, attempt));
        assert!(!command.redelivered, "an attempt is no redelivery");
        assert!(
            began.elapsed() >= Duration::from_millis(900 * u64::from(attempt - 1)),
            "a second between attempts"
        );
        phone.ack(&command).await.unwrap();
        phone.result(&command, Outcome::failed(&command, 201_101, "查找聊天窗失败")).await.unwrap();
    }
    let record = state(&rest, &hopeless, "failed").await;
    assert_eq!(
        (&record["attempt"], &record["errorCode"], &record["errorReason"]),
        (&json!(4), &json!(201_101), &json!("查找聊天窗失败"))
    );
    let moves = history(&record);
    let sent: Vec<i64> =
        moves.iter().filter(|(state, _)| state == "sent").map(|(_, attempt)| *attempt).collect();
    assert_eq!(sent, [1, 2, 3, 4], "{moves:?}");

    for (code, success, wanted) in [
        (201_102, false, "failed"),
        (201_105, false, "failed"),
        (101_011, false, "failed"),
        (201_106, false, "failed"),
        (201_101, true, "partial"),
    ] {
        let sent = queue(&rest, id, "once").await;
        let command = phone.next_command(SOON).await.unwrap();
        let mut outcome = Outcome::failed(&command, code, "x");
        if success {
            outcome.success_list = vec!["甲".into()];
            outcome.status = Status::Partial;
        }
        phone.result(&command, outcome).await.unwrap();
        assert_eq!(state(&rest, &sent, wanted).await["attempt"], 1, "{code}");
    }
    phone.expect_no_command(Duration::from_millis(1_300)).await.unwrap();

    let overtaken = queue(&rest, id, "overtaken").await;
    let first = phone.next_command(SOON).await.unwrap();
    phone.result(&first, Outcome::failed(&first, 201_107, "x")).await.unwrap();
    let second = phone.next_command(SOON).await.unwrap();
    assert_eq!(second.attempt, 2);
    phone.result(&first, Outcome::success(&first)).await.unwrap();
    state(&rest, &overtaken, "succeeded").await;
    phone.stop().await.unwrap();

    let other = &robots[1];
    let rest = server.rest().with_token(&other.token);
    let behaviour = Behaviour { failures_first: 2, failure_code: 201_103, ..Behaviour::default() };
    let phone = server.automatic(other, behaviour).await;
    let third = queue(&rest, &other.robot_id, "third time lucky").await;
    assert_eq!(state(&rest, &third, "succeeded").await["attempt"], 3);
    assert_eq!((phone.counters().executed, phone.counters().memory.doubled), (3, 0));
}

async fn unknown_and_late(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("commands.result_timeout_secs", 2)
        .set("commands.in_flight", 2)
        .start()
        .await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let phone = server.phone(&robot).await;
    let (confirmed, ignored, next) = (
        queue(&rest, id, "confirmed").await,
        queue(&rest, id, "ignored").await,
        queue(&rest, id, "next").await,
    );
    let command = phone.next_command(SOON).await.unwrap();
    phone.ack(&command).await.unwrap();
    state(&rest, &confirmed, "confirmed").await;
    state(&rest, &confirmed, "unknown").await;
    state(&rest, &ignored, "unknown").await;
    let pushed = [phone.next_command(SOON).await.unwrap(), phone.next_command(SOON).await.unwrap()];
    assert_eq!(
        [pushed[0].id.as_str(), &pushed[1].id],
        [&ignored, &next],
        "a command that became unknown gives its place free"
    );
    phone.result(&pushed[1], Outcome::success(&pushed[1])).await.unwrap();
    state(&rest, &next, "succeeded").await;

    phone.reconnect(SOON).await.unwrap();
    phone.expect_no_command(Duration::from_millis(500)).await.unwrap();
    phone.result(&command, Outcome::success(&command)).await.unwrap();
    let late = state(&rest, &confirmed, "succeeded").await;
    let states: Vec<String> = history(&late).into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["queued", "sent", "confirmed", "unknown", "succeeded"]);
    phone.result(&command, Outcome::failed(&command, 201_102, "x")).await.unwrap();
    phone.result(&pushed[0], Outcome::failed(&pushed[0], 201_101, "x")).await.unwrap();
    state(&rest, &ignored, "failed").await;
    assert_eq!(
        rest.command(&confirmed).await.unwrap().text("/state").unwrap(),
        "succeeded",
        "final is final"
    );
}
