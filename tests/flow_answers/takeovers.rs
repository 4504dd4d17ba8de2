//! People: somebody types on the robot's phone, a customer asks for one, time gives the conversation back.
use std::time::Duration;

use workbot_robot_sim::{ChatMessage, Mode, ModelScript};

use super::{LATE, QUIET, Scene, builder};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(typing_silences_the_robot, typing_in_a_turn, a_customer_wants_a_person);

fn typed(to: &str, text: &str) -> ChatMessage {
    ChatMessage::text(to, text).with("fromSelf", true)
}

async fn taken_over(scene: &Scene, user: &str) {
    let sql = format!("SELECT COALESCE(taken_over_by, '') AS value FROM sessions WHERE user_name = '{user}'");
    until(LATE, "a person has the conversation", async || {
        (scene.server.database().sql(&sql).first().map(String::as_str) == Some("phone")).then_some(())
    })
    .await;
}

async fn typing_silences_the_robot(backend: Backend) {
    let server = builder(backend).set("session.takeover_idle_secs", 4).start().await;
    let scene = Scene::of(server).await;
    let first = scene.said("张三", "怎么退款").await;
    scene.reply().await;
    scene.wait_reason(&first, "answered").await;
    scene.say(typed("张三", "我来处理")).await;
    taken_over(&scene, "张三").await;
    let silenced = scene.said("张三", "好的").await;
    scene.wait_reason(&silenced, "taken_over").await;
    let other = scene.said("李四", "怎么退款").await;
    scene.reply().await;
    scene.wait_reason(&other, "answered").await;
    // Four seconds without a person, and the robot answers again.
    until(LATE, "the robot answers again", async || {
        let message = scene.said("张三", "还在吗").await;
        let settled = until(LATE, "it is settled", async || {
            Some(scene.reason(&message).0).filter(|reason| !reason.is_empty())
        })
        .await;
        (settled == "answered").then_some(())
    })
    .await;
    assert_eq!(scene.replies_to(&silenced), 0);
}

/// Somebody types while the model thinks, and while a reply waits for the phone: neither is sent.
async fn typing_in_a_turn(backend: Backend) {
    let (scene, models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    models.set_default(ModelScript::always(Mode::slow(Duration::from_secs(3))));
    let calls = models.count(super::MODEL);
    let thinking = scene.said("张三", "怎么退款").await;
    models.wait_count(super::MODEL, calls + 1, LATE).await.unwrap();
    scene.say(typed("张三", "我来回复")).await;
    scene.wait_reason(&thinking, "taken_over").await;
    scene.wait_run(&thinking, "failed").await;
    assert_eq!(scene.run(&thinking, "error_code"), "taken_over");

    models.set_default(ModelScript::always(Mode::Ok));
    scene.phone.disconnect().await.unwrap();
    let waiting = scene.said("王五", "怎么退款").await;
    scene.wait_run(&waiting, "waiting").await;
    scene.say(typed("王五", "我来回复")).await;
    scene.wait_reason(&waiting, "taken_over").await;
    scene.phone.reconnect(LATE).await.unwrap();
    scene.phone.expect_no_command(QUIET).await.unwrap();
    assert_eq!((scene.replies_to(&thinking), scene.replies_to(&waiting)), (0, 1));
}

async fn a_customer_wants_a_person(backend: Backend) {
    let scene = Scene::start(backend).await;
    let asked = scene.said("张三", "转人工").await;
    scene.reply().await;
    scene.wait_reason(&asked, "answered").await;
    let after = scene.said("张三", "在吗").await;
    scene.wait_reason(&after, "taken_over").await;
    scene.phone.expect_no_command(QUIET).await.unwrap();
}
