//! What a message goes through: rules alone, a model, the alert path; and with how many commits.
use serde_json::Value;
use workbot_robot_sim::{Mode, ModelScript};

use super::{QUIET, Scene, builder};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::SOON;

on_both!(rules_alone, a_model, a_risk, a_model_that_fails, commits);

/// A fresh server without any key answers the first message it ever gets.
async fn rules_alone(backend: Backend) {
    let scene = Scene::start(backend).await;
    let message = scene.said("张三", "怎么申请退款？").await;
    let reply = scene.reply().await;
    assert!(!reply.content().is_empty() && !reply.content().contains("{{"), "{reply:?}");
    assert_eq!(reply.titles(), ["张三"]);
    scene.wait_reason(&message, "answered").await;
    scene.wait_run(&message, "completed").await;
    scene.phone.expect_no_command(QUIET).await.unwrap();
    assert_eq!(scene.replies_to(&message), 1);
    let context: Value = serde_json::from_str(&scene.run(&message, "context")).unwrap();
    let path: Vec<_> =
        context["executionPath"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let standard = [
        "message_receive",
        "intent",
        "decision",
        "ai_reply",
        "message_dispatch",
        "send_command",
        "command_status",
        "end",
    ];
    assert_eq!(path, standard);
    assert_eq!(
        (context["commandStatus"].as_str(), context["sendId"].as_str()),
        (Some("succeeded"), Some(reply.id.as_str()))
    );
}

async fn a_model(backend: Backend) {
    let (scene, models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    let before = models.counters();
    let message = scene.said("李四", "我要退款").await;
    let reply = scene.reply().await;
    assert!(reply.content().contains("我要退款"), "the model's words: {reply:?}");
    scene.wait_run(&message, "completed").await;
    assert_eq!(scene.reason(&message), ("answered".to_owned(), String::new()));
    let after = models.counters();
    assert_eq!((after.calls - before.calls, after.intents - before.intents), (2, 1), "one intent, one reply");
    let context: Value = serde_json::from_str(&scene.run(&message, "context")).unwrap();
    assert_eq!((&context["intent"], &context["personaType"]), (&"service".into(), &"assistant".into()));
    // The next question knows what was said before.
    scene.said("李四", "多久到账").await;
    scene.reply().await;
    let last = models.calls().pop().unwrap();
    let told = last.body.to_string();
    assert!(told.contains("我要退款") && told.contains("多久到账"), "{told}");
}

async fn a_risk(backend: Backend) {
    let (scene, _models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    let message = scene.said("王五", "你们是骗子").await;
    let reply = scene.reply().await;
    assert!(reply.content().contains("您的消息已被标记为风险，客服稍后会处理"), "{reply:?}");
    scene.wait_run(&message, "completed").await;
    let context: Value = serde_json::from_str(&scene.run(&message, "context")).unwrap();
    let path: Vec<_> =
        context["executionPath"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(path.len(), 11, "{path:?}");
    assert_eq!(path[3..7], ["alert_save", "alert_rule", "execute_notification", "ai_reply"]);
    let alert = format!(
        "SELECT level || ' ' || code || ' ' || status AS value FROM alert_history WHERE message_id = '{message}' AND run_id IS NOT NULL AND rule_id IS NULL"
    );
    assert_eq!(scene.server.database().sql(&alert), ["critical risk_message active"]);
}

/// A model that answers nothing: the rules do, and the message says so.
async fn a_model_that_fails(backend: Backend) {
    let (scene, models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    models.set_default(ModelScript::always(Mode::Status(500)));
    let message = scene.said("赵六", "怎么申请退款？").await;
    let reply = scene.reply().await;
    assert!(!reply.content().is_empty() && !reply.content().contains("您好，关于"), "{reply:?}");
    scene.wait_run(&message, "completed").await;
    assert_eq!(scene.reason(&message).0, "rule_reply");
    assert_eq!(scene.replies_to(&message), 1);
}

/// From the message to the phone: five commits with a model, three without.
async fn commits(backend: Backend) {
    let rules = Scene::start(backend).await;
    assert_eq!(commits_of_a_message(&rules).await, 3, "message, run with reply, claim");
    let (scene, _models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    assert_eq!(commits_of_a_message(&scene).await, 5, "message, run, intent, reply, claim");
}

/// Transactions with a promise in them between a message and its command on the socket; the phone confirms nothing. What the
/// server does by itself meanwhile is told apart by trying again.
async fn commits_of_a_message(scene: &Scene) -> u64 {
    let mut least = u64::MAX;
    for number in 0..3 {
        let before = promises(scene).await;
        scene.said(&format!("客户{number}"), "我要退款").await;
        let command = scene.phone.next_command(SOON).await.unwrap();
        least = least.min(promises(scene).await - before);
        scene.phone.ack(&command).await.unwrap();
    }
    least
}

async fn promises(scene: &Scene) -> u64 {
    let page = scene.server.rest().get("/metrics").await.unwrap().body;
    let line = page.lines().find_map(|line| line.strip_prefix("workbot_journal_promise_batches_total "));
    line.unwrap_or_else(|| panic!("no such metric: {page}")).parse().unwrap()
}
