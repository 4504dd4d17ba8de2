//! Kills between the acknowledgement of a chat message and its callback.
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{ChatMessage, Hook, Platform, PlatformAnswer, PlatformConfig, Received};

use super::{QUIET, crash};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(before_and_in_the_middle_of_a_call, a_recorded_failure, before_an_inline_reply);

const ALL: &str = "SELECT state AS value FROM callback_deliveries";

async fn wait_delivered(server: &TestServer, count: usize) {
    until(Duration::from_secs(30), "every callback is delivered", async || {
        let states = server.database().sql(ALL);
        (states.len() == count && states.iter().all(|state| state == "delivered")).then_some(())
    })
    .await;
}

async fn platform(message: Script) -> Platform {
    Platform::start(PlatformConfig { message, ..PlatformConfig::default() }).await.unwrap()
}

/// One call hangs and holds the only place, one endpoint has sent half an answer, the rest was never called: all are made, the
/// first ones once more under their ids, and each chat in its order.
async fn before_and_in_the_middle_of_a_call(backend: Backend) {
    let mut server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("callbacks.in_flight", 1)
        .set("callbacks.budget_ms", 30_000)
        .set("callbacks.order_wait_ms", 60_000)
        .start()
        .await;
    for (round, first) in
        [PlatformAnswer::Hang, PlatformAnswer::Drip(Duration::from_secs(1))].into_iter().enumerate()
    {
        let (robot, rest) = server.robot().await;
        let platform = platform(Script::always(first)).await;
        rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
        rest.update_info(&robot.robot_id, &json!({"enableSignature": true}))
            .await
            .unwrap()
            .expect_ok()
            .unwrap();
        let phone = server.phone(&robot).await;
        let mut server_ids = BTreeMap::new();
        let messages: Vec<_> = (0..9)
            .map(|number| ChatMessage::text(&format!("客户{}", number % 3), &format!("message {number}")))
            .collect();
        for message in &messages {
            let receipt = phone.say_until_acked(message.clone(), SOON).await.unwrap();
            server_ids.insert(message.message_id.clone(), receipt.server_message_id);
        }
        let before = platform.next(Hook::Message, SOON).await.unwrap();
        assert_eq!(platform.counters().messages, 1, "there is one place");
        // Before the kill: what waits is called as soon as the server is back. The call under way keeps its only place.
        platform.set_script(Hook::Message, Script::always(PlatformAnswer::Ok));
        crash(&mut server, Some(&phone)).await;
        phone.reconnect(SOON).await.unwrap();
        for message in &messages {
            // The phone did not see its acknowledgement and says everything again.
            let again = phone.say_until_acked(message.clone(), SOON).await.unwrap();
            assert_eq!(Some(&again.server_message_id), server_ids.get(&message.message_id));
        }
        wait_delivered(&server, 9 * (round + 1)).await;
        crash(&mut server, Some(&phone)).await;
        tokio::time::sleep(QUIET).await;
        assert_eq!(platform.counters().messages, 10, "the one that was cut off, and each once");
        let calls = platform.received(Hook::Message);
        let again: Vec<_> = calls.iter().filter(|call| call.json == before.json).collect();
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].header("webhook-id"), before.header("webhook-id"));
        for chat in 0..3 {
            let name = format!("客户{chat}");
            let of_chat: Vec<_> =
                calls.iter().filter(|call| call.field("receivedName") == name).map(spoken).collect();
            let wanted: Vec<_> = (0..3).map(|row| format!("message {}", row * 3 + chat)).collect();
            assert_eq!(of_chat, wanted, "in the order of the chat");
        }
    }
}

fn spoken(call: &Received) -> String {
    call.field("spoken").to_owned()
}

/// Without retries a failure that is recorded is the end; with retries the next attempt is made after the kill.
async fn a_recorded_failure(backend: Backend) {
    let mut server =
        TestServer::builder(backend).set("callbacks.retry_delays_ms", "2000,2000,2000").start().await;
    let (robot, rest) = server.robot().await;
    let platform = platform(Script::always(PlatformAnswer::Status(500))).await;
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    rest.post_message(&robot.robot_id, &ChatMessage::text("张三", "once"))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    until(SOON, "the failure is recorded", async || (server.database().sql(ALL) == ["failed"]).then_some(()))
        .await;
    crash(&mut server, None).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(platform.counters().messages, 1);

    let signed = json!({"callbackRetry": true, "enableSignature": true});
    let owner = server.admin().await;
    owner.put(&format!("/api/robots/{}", robot.robot_id), &signed).await.unwrap().expect_ok().unwrap();
    rest.post_message(&robot.robot_id, &ChatMessage::text("张三", "again"))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let first =
        platform.next_where(Hook::Message, SOON, |call| call.field("spoken") == "again").await.unwrap();
    until(SOON, "the attempt is recorded", async || {
        let attempts =
            "SELECT CAST(attempts AS TEXT) AS value FROM callback_deliveries WHERE state = 'pending'";
        (server.database().sql(attempts) == ["1"]).then_some(())
    })
    .await;
    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Ok));
    crash(&mut server, None).await;
    let second =
        platform.next_where(Hook::Message, SOON, |call| call.field("spoken") == "again").await.unwrap();
    assert_eq!((second.header("webhook-id"), &second.json), (first.header("webhook-id"), &first.json));
    until(SOON, "the second attempt is recorded", async || {
        server.database().sql(ALL).contains(&"delivered".to_owned()).then_some(())
    })
    .await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(platform.counters().messages, 3);
}

/// The reply in an answer becomes one command, whenever the kill falls.
async fn before_an_inline_reply(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let platform = platform(Script::always(PlatformAnswer::Inline("re {spoken}".into()))).await;
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    for round in 0..4_u64 {
        let text = format!("question {round}");
        rest.post_message(&robot.robot_id, &ChatMessage::text("张三", &text))
            .await
            .unwrap()
            .expect_ok()
            .unwrap();
        if round > 0 {
            platform.next_where(Hook::Message, SOON, |call| call.field("spoken") == text).await.unwrap();
        }
        // The answer is on its way, or is being written, or is written.
        tokio::time::sleep(Duration::from_millis(round * 3)).await;
        crash(&mut server, None).await;
    }
    wait_delivered(&server, 4).await;
    let phone = server.phone(&robot).await;
    let mut contents = Vec::new();
    for _ in 0..4 {
        contents.push(phone.serve_next(SOON).await.unwrap().content().to_owned());
    }
    contents.sort_unstable();
    assert_eq!(contents, ["re question 0", "re question 1", "re question 2", "re question 3"]);
    phone.expect_no_command(Duration::from_secs(1)).await.unwrap();
}
