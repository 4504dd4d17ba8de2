//! `kill -9` in the middle of turns: at each checkpoint, again and again, and at random.
use std::time::Duration;

use workbot_robot_sim::{Behaviour, Mode, ModelScript};

use super::{LATE, MODEL, QUIET, Scene, builder};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(at_each_checkpoint, the_third_start, at_random);

/// The model hangs at the intent, then at the reply; the server is killed each time. The reply comes once.
async fn at_each_checkpoint(backend: Backend) {
    let (mut scene, models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    for (name, hangs) in [("张三", vec![Mode::Hang]), ("李四", vec![Mode::Ok, Mode::Hang])] {
        let calls = models.count(MODEL);
        let waited_for = u64::try_from(hangs.len()).unwrap();
        models.set_default(ModelScript::list(hangs, Mode::Ok));
        let message = scene.said(name, "我要退款").await;
        models.wait_count(MODEL, calls + waited_for, LATE).await.unwrap();
        scene.server.kill().await;
        scene.server.restart().await;
        scene.phone.reconnect(LATE).await.unwrap();
        let command = scene.phone.next_command(LATE).await.unwrap();
        assert_eq!(command.titles(), [name]);
        // Written, pushed, not confirmed: the same one comes again.
        scene.server.kill().await;
        scene.server.restart().await;
        scene.phone.reconnect(LATE).await.unwrap();
        let again = scene.reply().await;
        assert_eq!(again.id, command.id);
        scene.wait_run(&message, "completed").await;
        scene.phone.expect_no_command(QUIET).await.unwrap();
        assert_eq!((scene.replies_to(&message), scene.reason(&message).0.as_str()), (1, "answered"));
    }
}

/// A message whose turn ends the server each time is given up at its third start, and somebody is told.
async fn the_third_start(backend: Backend) {
    let (mut scene, models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    scene.server.expect_errors("third time");
    models.set_default(ModelScript::always(Mode::Hang));
    let message = scene.said("张三", "我要退款").await;
    for start in 1..=2 {
        until(LATE, "it is started", async || {
            (scene.run(&message, "starts") == start.to_string()).then_some(())
        })
        .await;
        until(LATE, "the model is asked", async || {
            (scene.run(&message, "status") == "running").then_some(())
        })
        .await;
        scene.server.kill().await;
        scene.server.restart().await;
    }
    scene.wait_reason(&message, "failed").await;
    assert!(scene.reason(&message).1.starts_with("crashed"), "{:?}", scene.reason(&message));
    scene.wait_run(&message, "failed").await;
    assert_eq!((scene.run(&message, "starts").as_str(), scene.replies_to(&message)), ("3", 0));
    let alert = format!(
        "SELECT code AS value FROM alert_history WHERE message_id = '{message}' AND code = 'crashed'"
    );
    assert_eq!(scene.server.database().sql(&alert), ["crashed"]);
    // The next message of the same conversation is answered.
    models.set_default(ModelScript::always(Mode::Ok));
    let next = scene.said("张三", "你好").await;
    scene.phone.reconnect(LATE).await.unwrap();
    scene.reply().await;
    scene.wait_reason(&next, "answered").await;
}

/// Kills at any moment while people write: everybody is answered, nobody twice.
async fn at_random(backend: Backend) {
    let (mut scene, _models) =
        Scene::with_model(builder(backend), ModelScript::always(Mode::slow(Duration::from_millis(30)))).await;
    // Who is killed in the middle three times is given up, and the log says so.
    scene.server.expect_errors("is given up");
    scene.phone.stop().await.unwrap();
    let phone = scene.server.automatic(&scene.robot, Behaviour::default()).await;
    let mut messages = Vec::new();
    for round in 0_u64..6 {
        for person in 0..5 {
            messages.push(scene.said(&format!("客户{person}"), &format!("第{round}轮，我要退款")).await);
        }
        // Somewhere in the turns: 30 ms a question, and fewer or more for the rest.
        tokio::time::sleep(Duration::from_millis(17 * round)).await;
        scene.server.kill().await;
        scene.server.restart().await;
    }
    for message in &messages {
        until(Duration::from_secs(90), "every message is settled and its run over", async || {
            let reason = scene.reason(message).0;
            (!reason.is_empty() && scene.run(message, "status") != "running").then_some(())
        })
        .await;
    }
    phone.stop().await.unwrap();
    for message in &messages {
        let (reason, replies) = (scene.reason(message).0, scene.replies_to(message));
        let is_given_up = reason == "failed" && scene.run(message, "error_code") == "crashed";
        assert!(
            if is_given_up { replies == 0 } else { replies == 1 },
            "{message}: {reason}, {replies} replies"
        );
    }
}
