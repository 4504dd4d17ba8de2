//! Everybody comes back at once.
use std::time::Duration;

use workbot_robot_sim::schedule::Backoff;
use workbot_robot_sim::{Fleet, FleetConfig, Load};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::instance::resident_kib;
use crate::support::server::TestServer;

on_both!(five_hundred_phones);

const PHONES: usize = 500;
const PATIENCE: Duration = Duration::from_secs(300);

/// Dropped all at once, then cut off by a kill: they are back, and what waited for them arrives once and in order.
async fn five_hundred_phones(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let codes = server.codes(PHONES).await;
    let identities = Fleet::activate(server.url(), &codes).await.unwrap();
    let mut config = FleetConfig::new(server.url(), identities);
    config.load = Load::Idle;
    config.reconnect = Backoff {
        first: Duration::from_millis(100),
        max: Duration::from_secs(2),
        stubborn: true,
        ..Backoff::default()
    };
    // Generous: the machine may be busy with other things.
    (config.drain_deadline, config.submit_deadline) = (PATIENCE, PATIENCE);
    config.connect_deadline = PATIENCE;
    (config.is_idempotent, config.is_persistent) = (true, true);
    config.state_checks = 200;
    config.parallel_connects = PHONES;
    let mut fleet = Fleet::new(config).unwrap();
    let connect = fleet.connect_all().await.unwrap();
    assert_eq!((connect.online, connect.failed), (u64::try_from(PHONES).unwrap(), 0), "{connect:?}");
    let before_kib = resident_kib(server.program().pid());
    for _ in 0..2 {
        assert_eq!(fleet.drop_all(Duration::from_secs(1)).await, PHONES);
        fleet.submit_each(3).await;
    }
    assert!(fleet.ledger().wait_drained(PATIENCE).await);
    let after_kib = resident_kib(server.program().pid());
    server.kill().await;
    let restarted = tokio::time::Instant::now();
    server.restart().await;
    fleet.submit_each(2).await;
    let report = fleet.drain().await;
    println!(
        "{backend:?}: {report}\nconnected in {:?}, all carried out {:?} after the restart began, {before_kib} KiB to {after_kib} KiB",
        connect.took,
        restarted.elapsed()
    );
    assert!(report.is_drained, "{report}");
    assert_eq!((report.lost(), report.doubled()), (0, 0), "{report}");
    assert_eq!(report.ledger.commands.out_of_order, 0, "{report}");
    assert_eq!(report.ledger.commands.executed, u64::try_from(PHONES * 8).unwrap(), "{report}");
    fleet.stop().await.unwrap();
}
