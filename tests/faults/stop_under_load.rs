//! SIGTERM while commands, messages and callbacks are under way: the server ends well, and after the next start nothing is lost.
use std::time::Duration;

use super::Traffic;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(ends_well, tells_the_phones);

async fn ends_well(backend: Backend) {
    let mut server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("limits.connects_per_minute", 10_000)
        .set("callbacks.budget_ms", 30_000)
        .start()
        .await;
    let robots = server.activated_robots(10).await;
    let traffic = Traffic::new(server.url(), robots, 30, 12).await;
    let stops = async {
        for round in 0..4_u64 {
            tokio::time::sleep(Duration::from_millis(1_500 + round * 300)).await;
            assert!(server.terminate().await.success(), "round {round}");
            server.restart().await;
        }
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    };
    let report = traffic.run(&format!("{backend:?}, SIGTERM"), stops).await;
    assert!(report.ledger.commands.accepted > 100, "{report}");
}

async fn tells_the_phones(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    let sent = rest.send_text(&robot.robot_id, &["张三"], "under way").await.unwrap().expect_ok().unwrap();
    let command = phone.next_command(SOON).await.unwrap();
    server.program().signal("TERM");
    until(SOON, "the gate is closed", async || {
        let answer = rest.send_text(&robot.robot_id, &["张三"], "too late").await;
        answer.ok().filter(|answer| answer.status == 503)
    })
    .await;
    // The server waits for this one.
    phone.ack(&command).await.unwrap();
    let ended = phone.wait_ended(Duration::from_secs(20)).await.unwrap();
    assert_eq!(ended.close_code(), Some(1012), "{ended}");
    assert!(server.ended().await.success());
    server.restart().await;
    let record = rest.command(&sent.text("/messageId").unwrap()).await.unwrap().expect_ok().unwrap();
    assert_eq!(record.text("/state").unwrap(), "confirmed");
    phone.reconnect(SOON).await.unwrap();
    // Accepted before the gate was closed, if it was; the one under way never again.
    while let Ok(other) = phone.next_command(Duration::from_millis(500)).await {
        assert_ne!(other.id, command.id);
        assert_eq!(other.content(), "too late");
    }
}
