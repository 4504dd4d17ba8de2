//! Kills around the result of a command: its retry, its callback.
use serde_json::json;
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{Hook, Outcome, Platform, PlatformAnswer, PlatformConfig};

use super::{QUIET, SILENCE, crash, numbered, submit, take, wait_state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(between_failure_and_retry, before_the_result_callback);

/// A reported failure is tried again after the kill as well: once, as the next attempt.
async fn between_failure_and_retry(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    let id = submit(&rest, &robot, numbered("fails", 1)).await.remove(0);
    for attempt in 1..=3 {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!((&command.id, command.attempt, command.redelivered), (&id, attempt, false));
        phone.ack(&command).await.unwrap();
        phone.result(&command, Outcome::failed(&command, 201_101, "查找聊天窗失败")).await.unwrap();
        wait_state(&rest, &id, "queued").await;
        crash(&mut server, Some(&phone)).await;
        phone.reconnect(SOON).await.unwrap();
    }
    let last = phone.next_command(SOON).await.unwrap();
    assert_eq!(last.attempt, 4);
    phone.result(&last, Outcome::failed(&last, 201_101, "查找聊天窗失败")).await.unwrap();
    wait_state(&rest, &id, "failed").await;
    crash(&mut server, Some(&phone)).await;
    phone.reconnect(SOON).await.unwrap();
    phone.expect_no_command(SILENCE).await.unwrap();
    let counters = phone.counters().memory;
    assert_eq!((counters.doubled, counters.unasked_attempts), (0, 0));
}

/// The endpoint hangs, or has answered half: the call is made once more under its id, and only once.
async fn before_the_result_callback(backend: Backend) {
    let mut server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("callbacks.budget_ms", 30_000)
        .start()
        .await;
    let platform = Platform::start(PlatformConfig {
        result: Script::always(PlatformAnswer::Hang),
        ..PlatformConfig::default()
    })
    .await
    .unwrap();
    let (robot, rest) = server.robot().await;
    rest.update_info(&robot.robot_id, &json!({"enableSignature": true})).await.unwrap().expect_ok().unwrap();
    rest.bind_callback(&robot.robot_id, 1, &platform.url(Hook::Result)).await.unwrap().expect_ok().unwrap();
    let phone = server.phone(&robot).await;
    submit(&rest, &robot, numbered("reported", 4)).await;
    let commands = take(&phone, 4).await;
    for command in &commands {
        phone.ack(command).await.unwrap();
        phone.result(command, Outcome::success(command)).await.unwrap();
        wait_state(&rest, &command.id, "succeeded").await;
    }
    let before = platform.next(Hook::Result, SOON).await.unwrap();
    assert!(before.header("webhook-id").is_some_and(|id| !id.is_empty()), "{:?}", before.headers);
    // Before the kill: what waits is called as soon as the server is back.
    platform.set_script(Hook::Result, Script::always(PlatformAnswer::Ok));
    crash(&mut server, Some(&phone)).await;
    // A result that comes again says nothing new: no second callback.
    phone.reconnect(SOON).await.unwrap();
    for command in &commands {
        phone.result(command, Outcome::success(command)).await.unwrap();
    }
    until(SOON, "every result callback is delivered", async || {
        let states = server.database().sql("SELECT state AS value FROM callback_deliveries");
        (states.len() == 4 && states.iter().all(|state| state == "delivered")).then_some(())
    })
    .await;
    let repeated = platform.received(Hook::Result);
    let again =
        |call: &&workbot_robot_sim::Received| call.header("webhook-id") == before.header("webhook-id");
    assert!(repeated.iter().any(|call| again(&call) && call.json == before.json), "{repeated:?}");
    crash(&mut server, Some(&phone)).await;
    let calls = platform.counters().results;
    tokio::time::sleep(QUIET).await;
    assert_eq!(platform.counters().results, calls, "what was taken is not called again");
    for command in &commands {
        let of_this = |call: &&workbot_robot_sim::Received| call.field("commandId") == command.id;
        let calls: Vec<_> = repeated.iter().chain([&before]).filter(of_this).collect();
        let mut ids: Vec<_> = calls.iter().map(|call| call.header("webhook-id").unwrap()).collect();
        ids.dedup();
        assert!(ids.len() == 1 && calls.len() <= 2, "{}: {ids:?}, {} calls", command.id, calls.len());
    }
}
