//! The database goes and comes while commands and messages flow: nothing lost, nothing doubled, no restart. PostgreSQL only.
use std::time::Duration;

use tokio::time::sleep;

use super::database_away::{behind_proxy, finish};
use super::{RECOVERY, Traffic};
use crate::support::database::{Backend, TestDatabase};
use crate::support::proxy::Line;

#[actix_web::test]
async fn nothing_is_lost() {
    let database = TestDatabase::empty(Backend::Postgres);
    let (proxy, launch) = behind_proxy(&database).await;
    let server = launch.start().await;
    server.wait_readiness(200, RECOVERY).await;
    let robots = server.robots(10).await;
    let traffic = Traffic::new(server.url(), robots, 20, 8).await;
    let faults = async {
        let pause = Duration::from_millis(1_500);
        for round in 0..3 {
            sleep(pause).await;
            proxy.cut();
            sleep(pause).await;
            let line = if round == 1 { Line::Refused } else { Line::Stalled };
            proxy.set(line);
            sleep(Duration::from_secs(if round == 0 { 10 } else { 4 })).await;
            proxy.set(Line::Open);
            server.wait_readiness(200, RECOVERY).await;
        }
        // Again and again in the middle of a commit.
        for cut in 0..20_u64 {
            sleep(Duration::from_millis(150 + cut * 7)).await;
            proxy.cut();
        }
        server.wait_readiness(200, RECOVERY).await;
        sleep(pause).await;
    };
    let report = traffic.run("database away", faults).await;
    assert!(report.ledger.commands.accepted > 50, "{report}");
    assert!(server.program().is_running());
    finish(&server).await;
}
