//! What becomes of a reply after it was written: results, robots that are away, callbacks that fail.
use serde_json::{Value, json};
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{ChatMessage, Hook, Outcome, Platform, PlatformAnswer, PlatformConfig};

use super::{LATE, QUIET, Scene, builder};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(
    a_result_is_recorded_in_the_run,
    a_result_during_a_restart,
    a_robot_that_is_away,
    a_reply_that_waits_too_long,
    a_callback_that_fails
);

async fn a_result_is_recorded_in_the_run(backend: Backend) {
    let scene = Scene::start(backend).await;
    let message = scene.said("张三", "怎么退款").await;
    let command = scene.phone.next_command(LATE).await.unwrap();
    scene.wait_run(&message, "waiting").await;
    assert_eq!(scene.reason(&message).0, "answered", "confirmed or not, it is answered");
    // Waiting for a result does not hold the next message.
    scene.said("张三", "在吗").await;
    let next = scene.phone.next_command(LATE).await.unwrap();
    scene.phone.ack(&command).await.unwrap();
    scene.phone.result(&command, Outcome::failed(&command, 201_102, "发送消息失败")).await.unwrap();
    scene.wait_run(&message, "completed").await;
    scene.wait_reason(&message, "failed").await;
    let nodes: Value = serde_json::from_str(&scene.run(&message, "nodes")).unwrap();
    let status = nodes.as_array().unwrap().iter().find(|node| node["nodeType"] == "command_status").unwrap();
    assert_eq!(
        (&status["output"]["status"], &status["output"]["errorCode"]),
        (&json!("failed"), &json!(201_102))
    );
    scene.phone.ack(&next).await.unwrap();
}

/// The result comes while nobody lives who could hear of it; the run hears of it when its time has come.
async fn a_result_during_a_restart(backend: Backend) {
    let mut scene = Scene::start(backend).await;
    let message = scene.said("张三", "怎么退款").await;
    let command = scene.phone.next_command(LATE).await.unwrap();
    scene.wait_run(&message, "waiting").await;
    scene.server.kill().await;
    scene.server.restart().await;
    scene.phone.reconnect(LATE).await.unwrap();
    scene.phone.ack(&command).await.unwrap();
    scene.phone.result(&command, Outcome::success(&command)).await.unwrap();
    scene.wait_run(&message, "completed").await;
    assert!(scene.run(&message, "context").contains(r#""commandStatus":"succeeded""#));
    assert_eq!((scene.replies_to(&message), scene.reason(&message).0.as_str()), (1, "answered"));
}

async fn a_robot_that_is_away(backend: Backend) {
    // Long enough for the phone to go before the turn begins.
    let server = builder(backend).set("session.burst_quiet_ms", 6_000).set("session.burst_max_ms", 6_000);
    let scene = Scene::of(server.start().await).await;
    let admin = scene.server.admin().await;
    scene.phone.say_until_acked(ChatMessage::text("张三", "怎么退款"), LATE).await.unwrap();
    scene.phone.disconnect().await.unwrap();
    until(LATE, "the server sees that the phone has gone", async || {
        let robot = admin.get(&format!("/api/robots/{}", scene.robot.robot_id)).await.unwrap();
        (robot.expect_ok().unwrap().text("/status").unwrap() == "offline").then_some(())
    })
    .await;
    let message = scene.server.database().sql("SELECT id AS value FROM session_messages").remove(0);
    scene.wait_run(&message, "waiting").await;
    assert_eq!(scene.reason(&message).0, "queued_offline");
    scene.phone.reconnect(LATE).await.unwrap();
    scene.reply().await;
    scene.wait_run(&message, "completed").await;
    scene.wait_reason(&message, "answered").await;
    assert_eq!(scene.replies_to(&message), 1);
}

async fn a_reply_that_waits_too_long(backend: Backend) {
    let server = builder(backend).set("session.reply_expiry_secs", 1).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    phone.stop().await.unwrap();
    let scene = Scene { server, robot, rest, phone };
    let message = scene.said("张三", "怎么退款").await;
    scene.wait_reason(&message, "expired").await;
    scene.wait_run(&message, "completed").await;
}

/// The third party does not take the message; the robot's own flow answers, once.
async fn a_callback_that_fails(backend: Backend) {
    let scene = Scene::start(backend).await;
    let config =
        PlatformConfig { message: Script::always(PlatformAnswer::Status(500)), ..PlatformConfig::default() };
    let platform = Platform::start(config).await.unwrap();
    let id = &scene.robot.robot_id;
    scene.rest.bind_messages(id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let alone = scene.said("张三", "怎么退款").await;
    scene.wait_reason(&alone, "callback_failed").await;
    scene.phone.expect_no_command(QUIET).await.unwrap();
    scene.rest.update_info(id, &json!({"fallbackToFlow": true})).await.unwrap().expect_ok().unwrap();
    let message = scene.said("张三", "怎么换货").await;
    scene.reply().await;
    scene.wait_reason(&message, "answered").await;
    scene.wait_run(&message, "completed").await;
    assert_eq!((scene.replies_to(&message), scene.replies_to(&alone)), (1, 0));
    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Ok));
    let taken = scene.said("张三", "谢谢").await;
    scene.wait_reason(&taken, "answered").await;
    scene.phone.expect_no_command(QUIET).await.unwrap();
}
