//! Kills at random moments while commands and messages flow: nothing lost, nothing doubled.
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::random::Random;
use workbot_robot_sim::schedule::Backoff;
use workbot_robot_sim::{Chaos, Fleet, FleetConfig, Ledger, Load, Platform, PlatformAnswer, PlatformConfig};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(killed_at_random, killed_at_random_in_chaos);

const KILLS: u32 = 10;
const ROBOTS: usize = 20;

async fn killed_at_random(backend: Backend) {
    run(backend, None, 7).await;
}

async fn killed_at_random_in_chaos(backend: Backend) {
    run(backend, Some(Chaos::standard()), 11).await;
}

async fn run(backend: Backend, chaos: Option<Chaos>, seed: u64) {
    let is_chaotic = chaos.is_some();
    let mut server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("limits.connects_per_minute", 10_000)
        .set("callbacks.budget_ms", 30_000)
        .start()
        .await;
    // On a machine that is busy with other things a commit may take too long; refused is not lost.
    server.expect_errors("the database is away");
    let ledger = Arc::new(Ledger::new());
    let reply = PlatformAnswer::Later { text: "re {spoken}".into(), delay: Duration::from_millis(5) };
    let platform = Platform::start(PlatformConfig {
        message: Script::always(reply),
        ledger: Some(Arc::clone(&ledger)),
        reply_deadline: Duration::from_secs(90),
        ..PlatformConfig::default()
    })
    .await
    .unwrap();
    let identities = server.activated_robots(ROBOTS).await;
    let mut config = FleetConfig::new(server.url(), identities);
    config.ledger = Arc::clone(&ledger);
    config.chaos = chaos;
    config.reconnect = Backoff {
        first: Duration::from_millis(20),
        max: Duration::from_millis(300),
        stubborn: true,
        ..Backoff::default()
    };
    config.load = Load::Open { per_second: 30 };
    config.seconds = 600;
    config.messages_per_second = 15;
    (config.wants_callback, config.wants_reply) = (true, true);
    (config.is_idempotent, config.is_persistent, config.repeat_permille) = (true, true, 50);
    config.urgent_permille = 100;
    config.state_checks = 100_000;
    config.drain_deadline = Duration::from_secs(180);
    config.seed = seed;
    let mut fleet = Fleet::new(config).unwrap();
    fleet.bind(&platform).await.unwrap();
    let mut random = Random::new(seed);
    let kills = async {
        for _ in 0..KILLS {
            let robots = random.below(u64::try_from(ROBOTS).unwrap()) + 1;
            until(SOON, "phones are back", async || (connected(&server).await >= robots).then_some(())).await;
            sleep(random.between(Duration::ZERO, Duration::from_millis(800))).await;
            let started = Instant::now();
            server.kill().await;
            server.restart().await;
            assert!(started.elapsed() < Duration::from_secs(60), "back after {:?}", started.elapsed());
        }
        sleep(Duration::from_millis(500)).await;
    };
    let report = fleet.run_until(kills).await.unwrap();
    fleet.stop().await.unwrap();
    println!("{backend:?}, chaos {is_chaotic}, {KILLS} kills: {report}");
    assert!(report.is_drained, "{report}");
    assert_eq!((report.lost(), report.doubled()), (0, 0), "{report}");
    assert_eq!(report.ledger.commands.misdirected, 0, "{report}");
    if !is_chaotic {
        assert_eq!(report.ledger.commands.out_of_order, 0, "{report}");
    }
    assert!(report.ledger.commands.accepted > 100 && report.ledger.messages.acked > 50, "{report}");
}

/// Robots with an open socket, as the metrics say.
async fn connected(server: &TestServer) -> u64 {
    let Ok(page) = server.rest().get("/metrics").await else { return 0 };
    let line = page.body.lines().find_map(|line| line.strip_prefix("workbot_robots_connected "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}
