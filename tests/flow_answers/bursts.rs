//! Messages of one sender that come quickly are one turn.
use super::{LATE, QUIET, Scene, builder};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(a_burst_is_one_turn, an_alert_does_not_wait, a_restart_in_a_burst);

async fn a_burst_is_one_turn(backend: Backend) {
    let server =
        builder(backend).set("session.burst_quiet_ms", 2_000).set("session.burst_max_ms", 20_000).start();
    let scene = Scene::of(server.await).await;
    let first = scene.said("张三", "你好").await;
    let second = scene.said("张三", "我想问一下").await;
    let third = scene.said("张三", "怎么退款").await;
    let other = scene.said("李四", "在吗").await;
    let mut titles = vec![scene.reply().await.titles(), scene.reply().await.titles()];
    titles.sort();
    assert_eq!(titles, [["张三"], ["李四"]]);
    scene.phone.expect_no_command(QUIET).await.unwrap();
    for message in [&first, &other] {
        scene.wait_reason(message, "answered").await;
    }
    for message in [&second, &third] {
        assert_eq!(scene.reason(message), ("merged".to_owned(), first.clone()));
    }
    let context = scene.run(&first, "context");
    assert!(context.contains("你好\\n我想问一下\\n怎么退款"), "{context}");
}

async fn an_alert_does_not_wait(backend: Backend) {
    let server =
        builder(backend).set("session.burst_quiet_ms", 60_000).set("session.burst_max_ms", 60_000).start();
    let scene = Scene::of(server.await).await;
    let first = scene.said("张三", "你好").await;
    let risk = scene.said("张三", "你们是骗子，我要报警").await;
    // The one before it is not kept waiting either: order.
    for message in [&first, &risk] {
        scene.reply().await;
        scene.wait_reason(message, "answered").await;
    }
    assert_eq!((scene.replies_to(&first), scene.replies_to(&risk)), (1, 1));
}

async fn a_restart_in_a_burst(backend: Backend) {
    let server =
        builder(backend).set("session.burst_quiet_ms", 3_000).set("session.burst_max_ms", 20_000).start();
    let mut scene = Scene::of(server.await).await;
    let first = scene.said("张三", "一").await;
    let second = scene.said("张三", "二").await;
    scene.server.restart().await;
    scene.phone.reconnect(LATE).await.unwrap();
    scene.reply().await;
    scene.wait_reason(&first, "answered").await;
    until(LATE, "the second is merged", async || (scene.reason(&second).0 == "merged").then_some(())).await;
    scene.phone.expect_no_command(QUIET).await.unwrap();
}
