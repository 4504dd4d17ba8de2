//! Two servers on one database: the second waits, and takes over when the first is gone, however it went.
use std::time::Duration;

use workbot_robot_sim::Phone;

use super::{RECOVERY, carry_out, one_command};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};
use crate::support::instance::Launch;
use crate::support::server::SOON;

on_both!(waits_and_takes_over);

async fn waits_and_takes_over(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let launch = |folder: &str| {
        // On PostgreSQL the servers may stand on two machines: each has a folder of its own, and they share the secrets.
        let folder = if backend == Backend::Sqlite { "data" } else { folder };
        Launch::new(&database.url, &database.folder().join(folder))
            .set("tokens.jwt_secret", "0123456789abcdef0123456789abcdef")
            .set("tokens.sealing_key", "00".repeat(32))
    };
    let first = launch("first").start().await;
    first.wait_readiness(200, RECOVERY).await;
    let robot = first.robots(1).await.remove(0);
    let rest = first.rest().with_token(&robot.token);
    let phone = Phone::connect(first.manual(&robot)).await.unwrap();
    one_command(&phone, &rest, &robot.robot_id, "first").await;
    let sent = rest.send_text(&robot.robot_id, &["张三"], "pushed").await.unwrap().expect_ok().unwrap();
    let pushed = phone.next_command(SOON).await.unwrap();
    assert_eq!(pushed.id, sent.text("/messageId").unwrap());

    let second = launch("second").start().await;
    let waiting = async || {
        assert_eq!(second.rest().get("/healthz").await.unwrap().status, 200);
        assert_eq!(second.readiness().await, Some(503));
        let refused = second.rest().with_token(&robot.token);
        let refused = refused.send_text(&robot.robot_id, &["张三"], "x").await.unwrap();
        let refused = refused.expect_error(503, "unavailable").unwrap();
        assert!(refused.retry_after().is_some(), "{:?}", refused.headers);
        assert!(Phone::connect(second.manual(&robot)).await.is_err());
    };
    for _ in 0..3 {
        waiting().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    first.kill().await;
    second.wait_readiness(200, RECOVERY).await;
    let third = launch("third").start().await;
    let rest = second.rest().with_token(&robot.token);
    let phone = Phone::connect(second.manual(&robot)).await.unwrap();
    let again = phone.next_command(SOON).await.unwrap();
    assert_eq!((&again.id, again.redelivered), (&pushed.id, true));
    carry_out(&phone, &rest, &again).await;
    one_command(&phone, &rest, &robot.robot_id, "second").await;
    assert_eq!(third.readiness().await, Some(503));
    assert!(second.terminate().await.success());
    third.wait_readiness(200, RECOVERY).await;
    let rest = third.rest().with_token(&robot.token);
    let phone = Phone::connect(third.manual(&robot)).await.unwrap();
    one_command(&phone, &rest, &robot.robot_id, "third").await;
    for server in [&first, &second, &third] {
        assert_eq!(server.errors_but(&[]), Vec::<String>::new());
    }
    assert!(third.terminate().await.success());
}
