//! `kill -9` with WorkTool phones: the app knows an id for 30 seconds, and loses what it says while nobody listens.
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use workbot_robot_sim::dialect::worktool::AppConfig;
use workbot_robot_sim::random::Random;
use workbot_robot_sim::{AppFaults, FleetConfig, Load, WorktoolFleet};

use super::SILENCE;
use crate::on_both;
use crate::support::app_socket::AppSocket;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(
    between_push_and_confirmation,
    between_confirmation_and_result,
    around_a_screen,
    apps_and_kills_at_random,
    a_herd_of_apps_comes_back
);

const KILLS: u32 = 5;
const PHONES: usize = 12;
const HERD: usize = 250;

async fn server(backend: Backend) -> TestServer {
    TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("commands.result_timeout_secs", 20)
        .set("commands.file_result_timeout_secs", 20)
        .start()
        .await
}

async fn link(server: &TestServer) -> String {
    let made = server.cli(&["robots", "create", "--name", "管家", "--worktool"]).await;
    made["linkId"].as_str().unwrap().to_owned()
}

async fn links(server: &TestServer, count: usize) -> Vec<String> {
    let count = count.to_string();
    let made = server.cli(&["robots", "create", "--name", "管家", "--worktool", "--count", &count]).await;
    let robots = made["robots"].as_array().unwrap();
    robots.iter().map(|robot| robot["linkId"].as_str().unwrap().to_owned()).collect()
}

async fn send(server: &TestServer, link: &str, texts: &[&str]) {
    let item = |text: &&str| json!({"type": 203, "titleList": ["测试群"], "receivedContent": text});
    let body = json!({"socketType": 2, "list": texts.iter().map(item).collect::<Vec<_>>()});
    let answer = server.rest().post(&format!("/wework/sendRawMessage?robotId={link}"), &body).await.unwrap();
    assert_eq!(answer.envelope.code, 200, "{}", answer.body);
}

async fn states(server: &TestServer, wanted: &[&str]) {
    let query = "SELECT state AS value FROM robot_commands ORDER BY seq";
    until(SOON, &format!("{wanted:?}"), async || (server.database().sql(query) == wanted).then_some(()))
        .await;
}

fn id_of(frame: &Value) -> String {
    frame["messageId"].as_str().unwrap().to_owned()
}

/// Pushed twice under one id, each time before anything new, and in the order of the first pushes.
async fn between_push_and_confirmation(backend: Backend) {
    let mut server = server(backend).await;
    let link = link(&server).await;
    let mut app = AppSocket::online(server.url(), &link).await;
    send(&server, &link, &["一", "二", "三"]).await;
    let (first, second) = (app.text().await, app.text().await);
    for _ in 0..2 {
        server.kill().await;
        server.restart().await;
        app = AppSocket::online(server.url(), &link).await;
        assert_eq!((app.text().await, app.text().await), (first.clone(), second.clone()), "byte for byte");
        app.silent(SILENCE).await;
    }
    for frame in [&first, &second] {
        app.confirm(&id_of(&serde_json::from_str(frame).unwrap())).await;
    }
    states(&server, &["confirmed", "confirmed", "queued"]).await;
    app.silent(SILENCE).await;
}

/// A confirmation that is durable is never followed by a second push; its place stays taken, and its result is taken late.
async fn between_confirmation_and_result(backend: Backend) {
    let mut server = server(backend).await;
    let link = link(&server).await;
    let mut app = AppSocket::online(server.url(), &link).await;
    send(&server, &link, &["一", "二", "三"]).await;
    let frames = [app.frame().await, app.frame().await];
    for frame in &frames {
        app.confirm(&id_of(frame)).await;
    }
    states(&server, &["confirmed", "confirmed", "queued"]).await;
    server.kill().await;
    server.restart().await;
    app = AppSocket::online(server.url(), &link).await;
    app.silent(SILENCE).await;
    app.result(&id_of(&frames[0]), 0, &frames[0]["list"][0]).await;
    states(&server, &["succeeded", "confirmed", "sent"]).await;
    let third = app.frame().await;
    assert_eq!(third["list"][0]["receivedContent"], "三");
    app.confirm(&id_of(&third)).await;
    app.result(&id_of(&third), 0, &third["list"][0]).await;
    app.result(&id_of(&frames[1]), 201_102, &frames[1]["list"][0]).await;
    states(&server, &["succeeded", "failed", "succeeded"]).await;
}

/// A screen that was stored brings nothing again after the kill; one that fell with the server is found in the next.
async fn around_a_screen(backend: Backend) {
    let mut server = server(backend).await;
    let link = link(&server).await;
    let screen = |texts: &[&str]| {
        let bubble = |text: &&str| {
            json!({"sender": 0, "textType": 1, "nameList": ["甲"],
                "itemMessageList": [{"feature": 2, "text": text}]})
        };
        let bubbles: Vec<Value> = texts.iter().map(bubble).collect();
        json!({"type": 101, "roomType": 1, "titleList": ["测试群"], "messageList": bubbles})
    };
    let stored = async |server: &TestServer, wanted: &[&str]| {
        let query = "SELECT raw_spoken AS value FROM session_messages ORDER BY seq";
        until(SOON, &format!("{wanted:?}"), async || (server.database().sql(query) == wanted).then_some(()))
            .await;
    };
    let mut app = AppSocket::online(server.url(), &link).await;
    app.item("s1", &screen(&["第一句话在这里"])).await;
    stored(&server, &["第一句话在这里"]).await;
    for round in 0..3 {
        server.kill().await;
        server.restart().await;
        app = AppSocket::online(server.url(), &link).await;
        app.item(&format!("again{round}"), &screen(&["第一句话在这里"])).await;
    }
    // Nobody knows how much of this the server got before it fell.
    app.item("s2", &screen(&["第一句话在这里", "第二句话在这里"])).await;
    server.kill().await;
    server.restart().await;
    app = AppSocket::online(server.url(), &link).await;
    app.item("s3", &screen(&["第一句话在这里", "第二句话在这里", "第三句话在这里"])).await;
    stored(&server, &["第一句话在这里", "第二句话在这里", "第三句话在这里"]).await;
}

/// An app ten times as fast as the real one, faults included.
fn app() -> AppConfig {
    let real = WorktoolFleet::quick_app();
    AppConfig { beat_ms: 500, read_ms: 100, reread_ms: 500, ..real }
}

async fn apps_and_kills_at_random(backend: Backend) {
    let mut server = server(backend).await;
    server.expect_errors("the database is away");
    let links = links(&server, PHONES).await;
    let config = FleetConfig {
        load: Load::Open { per_second: 15 },
        seconds: 600,
        messages_per_second: 10,
        is_idempotent: true,
        is_persistent: true,
        repeat_permille: 50,
        state_checks: 100_000,
        drain_deadline: Duration::from_secs(240),
        seed: 5,
        ..FleetConfig::new(server.url(), Vec::new())
    };
    let faults = AppFaults {
        away: Duration::from_secs(3),
        slow_handshake: Duration::from_secs(1),
        ..AppFaults::standard()
    };
    let mut fleet = WorktoolFleet::new(config, links, app(), Some(faults)).unwrap();
    fleet.connect_all().await.unwrap();
    let mut random = Random::new(5);
    let kills = async {
        for _ in 0..KILLS {
            sleep(random.between(Duration::from_secs(2), Duration::from_secs(8))).await;
            server.kill().await;
            server.restart().await;
        }
        sleep(Duration::from_secs(8)).await;
    };
    let report = fleet.run_until(kills).await.unwrap();
    println!("{backend:?}, {KILLS} kills: {report}");
    assert!(report.is_drained, "{report}");
    assert_eq!((report.lost(), report.doubled()), (0, 0), "{report}");
    assert_eq!((report.ledger.commands.misdirected, report.ledger.commands.out_of_order), (0, 0), "{report}");
    assert!(report.ledger.commands.accepted > 50 && report.ledger.messages.acked > 20, "{report}");
    assert!(report.apps.lost_results > 0, "the faults were there: {report}");
}

/// Every app tries again every 5 seconds, for ever: after a restart all come at once, and what waited is carried out once.
async fn a_herd_of_apps_comes_back(backend: Backend) {
    let mut server = server(backend).await;
    let links = links(&server, HERD).await;
    let config = FleetConfig {
        load: Load::Idle,
        is_idempotent: true,
        is_persistent: true,
        state_checks: 300,
        spreads_sources: true,
        connect_deadline: Duration::from_secs(120),
        drain_deadline: Duration::from_secs(120),
        ..FleetConfig::new(server.url(), Vec::new())
    };
    let mut fleet = WorktoolFleet::new(config, links, WorktoolFleet::quick_app(), None).unwrap();
    let herd = u64::try_from(HERD).unwrap();
    let connect = fleet.connect_all().await.unwrap();
    assert_eq!((connect.online, connect.failed), (herd, 0), "{connect:?}");
    fleet.submit_each(1).await;
    server.kill().await;
    server.restart().await;
    fleet.submit_each(2).await;
    assert_eq!(fleet.wait_reading(2, Duration::from_secs(120)).await, herd, "all are back");
    let report = fleet.drain().await;
    println!("{backend:?}: {report}");
    assert!(report.is_drained, "{report}");
    assert_eq!((report.lost(), report.doubled()), (0, 0), "{report}");
    assert_eq!(report.ledger.commands.executed, herd * 3, "{report}");
    assert_eq!(report.ledger.commands.out_of_order, 0, "{report}");
}
