//! Order and exactly once, among many conversations and repeated webhooks.
use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use workbot_robot_sim::{Behaviour, ChatMessage, Mode, ModelScript};

use super::{LATE, QUIET, Scene, builder};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(a_hundred_conversations, repeated_messages, conversations_in_groups);

/// A hundred people write five messages each, all at once: each gets five replies in the order of the messages.
async fn a_hundred_conversations(backend: Backend) {
    let (scene, _models) = Scene::with_model(
        builder(backend).set("session.turn_budget_ms", 60_000),
        ModelScript::always(Mode::slow(Duration::from_millis(20))),
    )
    .await;
    scene.phone.stop().await.unwrap();
    let _phone = scene.server.automatic(&scene.robot, Behaviour::default()).await;
    let talk = |person: usize| {
        let scene = &scene;
        async move {
            for number in 0..5 {
                scene.said(&format!("客户{person}"), &format!("第{number}条")).await;
            }
        }
    };
    join_all((0..100).map(talk)).await;
    let replies =
        "SELECT item AS value FROM robot_commands WHERE source = 'flow' AND item LIKE '%客户%' ORDER BY seq";
    let all = until(Duration::from_secs(120), "everybody is answered", async || {
        let all = scene.server.database().sql(replies);
        (all.len() >= 500).then_some(all)
    })
    .await;
    assert_eq!(all.len(), 500);
    let mut next: HashMap<String, usize> = HashMap::new();
    for item in all {
        let item: serde_json::Value = serde_json::from_str(&item).unwrap();
        let person = item["titleList"][0].as_str().unwrap().to_owned();
        let expected = next.entry(person.clone()).or_default();
        let text = item["receivedContent"].as_str().unwrap();
        assert!(text.contains(&format!("第{expected}条")), "{person} expects {expected}: {text}");
        *expected += 1;
    }
    assert_eq!(next.len(), 100);
}

/// The same message over every entrance, at once and later: one reply.
async fn repeated_messages(backend: Backend) {
    let scene = Scene::start(backend).await;
    let message = ChatMessage::text("张三", "怎么退款").with_id("app-1");
    let ids = join_all((0..8).map(|_time| scene.say(message.clone()))).await;
    assert!(ids.iter().all(|id| *id == ids[0]));
    scene.reply().await;
    scene.wait_run(&ids[0], "completed").await;
    assert_eq!(scene.say(message.clone()).await, ids[0]);
    assert_eq!(scene.phone.say_until_acked(message, LATE).await.unwrap().server_message_id, ids[0]);
    scene.phone.expect_no_command(QUIET).await.unwrap();
    assert_eq!(scene.replies_to(&ids[0]), 1);
}

/// In a group each sender has a conversation of their own; who does not mention the robot is not answered.
async fn conversations_in_groups(backend: Backend) {
    let scene = Scene::start(backend).await;
    let asked = scene.say(ChatMessage::group_text("客户群", "张三", "怎么退款")).await;
    let reply = scene.reply().await;
    assert_eq!(reply.titles(), ["客户群"]);
    assert_eq!(reply.params["atList"], json!(["张三"]));
    scene.wait_reason(&asked, "answered").await;
    let silent = scene.say(ChatMessage::group_text("客户群", "李四", "随便聊聊").with("atMe", false)).await;
    assert_eq!(scene.reason(&silent).0, "not_mentioned");
    scene
        .rest
        .update_info(&scene.robot.robot_id, &json!({"replyAll": -1}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let read_only = scene.say(ChatMessage::group_text("客户群", "张三", "还在吗")).await;
    assert_eq!(scene.reason(&read_only).0, "read_only");
    scene.phone.expect_no_command(QUIET).await.unwrap();
}
