use super::*;
use crate::fake::{FakeBot, Faults};

fn identities(count: usize) -> Vec<Identity> {
    let identity = |index: usize| Identity {
        robot_id: format!("robot_{index}"),
        robot_uuid: String::new(),
        token: format!("robot_{index}"),
        refresh_token: String::new(),
        expires_at: String::new(),
        is_new_activation: true,
    };
    (0..count).map(identity).collect()
}

fn config(bot: &FakeBot, robots: usize) -> FleetConfig {
    FleetConfig {
        seconds: 1,
        drain_deadline: Duration::from_millis(500),
        settle: Duration::from_millis(50),
        ..FleetConfig::new(&bot.url, identities(robots))
    }
}

#[tokio::test]
async fn an_honest_server_gets_a_clean_report() {
    let bot = FakeBot::start(Faults::default()).await;
    let mut fleet = Fleet::new(FleetConfig {
        load: Load::Open { per_second: 200 },
        messages_per_second: 50,
        spreads_sources: true,
        ..config(&bot, 5)
    })
    .unwrap();
    let report = fleet.run().await.unwrap();
    assert!(report.is_clean() && report.is_drained, "{report}");
    assert_eq!((report.connect.online, report.connect.failed), (5, 0));
    let commands = report.ledger.commands;
    assert!(commands.accepted > 20 && commands.executed == commands.accepted, "{report}");
    assert!(report.ledger.messages.acked > 5, "{report}");
    assert_eq!(report.ledger.latencies.push.count(), commands.accepted);
    assert!(report.to_string().ends_with("lost 0, doubled 0"));
    fleet.stop().await.unwrap();
}

#[tokio::test]
async fn losses_and_doublings_are_found() {
    let bot = FakeBot::start(Faults { lose_every: 10, double_every: 7 }).await;
    let mut fleet = Fleet::new(config(&bot, 3)).unwrap();
    fleet.connect_all().await.unwrap();
    fleet.submit_each(20).await;
    let report = fleet.drain().await;
    assert!(!report.is_drained && !report.is_clean());
    // Of 60: the tenth ones are lost; of the sevenths one (the 70th) would be lost instead.
    assert_eq!((report.ledger.commands.accepted, report.lost(), report.doubled()), (60, 6, 8));
    assert_eq!(report.ledger.commands.out_of_order, 0);
}

#[tokio::test]
async fn a_closed_loop_keeps_its_places_busy() {
    let bot = FakeBot::start(Faults::default()).await;
    let mut fleet =
        Fleet::new(FleetConfig { load: Load::Closed { in_flight: 4 }, ..config(&bot, 2) }).unwrap();
    let report = fleet.run().await.unwrap();
    assert!(report.is_clean() && report.ledger.commands.accepted > 20, "{report}");
}
