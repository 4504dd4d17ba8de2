//! The disk is full, which a limit of the operating system on the size of files stands for. SQLite only: PostgreSQL keeps its own disk.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use workbot_robot_sim::{ChatMessage, Outcome, Phone, Rest};

use super::{RECOVERY, SILENCE, Traffic, carry_out, one_command};
use crate::support::database::{Backend, TestDatabase};
use crate::support::instance::{Instance, Launch};
use crate::support::server::SOON;
use crate::support::until;

const EXPECTED: [&str; 3] = ["the database is away", "disk", "checkpoint"];
/// Writes over the limit fail; they do not end the process.
const SCRIPT: &str = "trap '' XFSZ; exec \"$@\"";

/// Sets how large the server's files may become from now on; none lifts the limit.
fn limit(server: &Instance, bytes: Option<u64>) {
    let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let fsize = format!("--fsize={soft}:unlimited");
    let status =
        Command::new("prlimit").args(["--pid", &server.program().pid().to_string(), &fsize]).status();
    assert!(status.unwrap().success());
}

fn largest_file(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap());
    files.filter(std::fs::Metadata::is_file).map(|file| file.len()).max().unwrap_or(0)
}

async fn start(database: &TestDatabase) -> Instance {
    let mut launch = Launch::new(&database.url, &database.folder().join("data"));
    launch.script = SCRIPT;
    let server = launch.start().await;
    server.wait_readiness(200, RECOVERY).await;
    server
}

/// Sends until even a small command is refused and the server says so; the ids of those that were taken.
async fn fill(server: &Instance, rest: &Rest, robot: &str) -> Vec<String> {
    let mut accepted = Vec::new();
    let texts = ["满".repeat(1_000), "满".repeat(100), "x".to_owned()];
    let (mut text, mut refusals) = (texts.iter(), 0);
    let mut next = text.next();
    while server.readiness().await != Some(503) {
        let answer = rest.send_text(robot, &["张三"], next.unwrap_or(&texts[2])).await.unwrap();
        if answer.status == 200 {
            accepted.push(answer.text("/messageId").unwrap());
        } else {
            // Something smaller may still find room.
            let refused = answer.expect_error(503, "unavailable").unwrap();
            assert!(refused.retry_after().is_some(), "{:?}", refused.headers);
            (next, refusals) = (text.next(), refusals + 1);
        }
        assert!(accepted.len() < 5_000 && refusals < 100, "{} taken, {refusals} refused", accepted.len());
    }
    accepted
}

/// Room runs out while commands are taken: each is either refused or kept.
#[actix_web::test]
async fn room_runs_out() {
    let database = TestDatabase::empty(Backend::Sqlite);
    let server = start(&database).await;
    let robot = server.robots(1).await.remove(0);
    let rest = server.rest().with_token(&robot.token);
    let phone = Phone::connect(server.manual(&robot)).await.unwrap();
    one_command(&phone, &rest, &robot.robot_id, "before").await;
    phone.disconnect().await.unwrap();
    for room in [256 << 10, 0_u64] {
        limit(&server, Some(if room == 0 { 4_096 } else { largest_file(database.folder()) + room }));
        let accepted = fill(&server, &rest, &robot.robot_id).await;
        for _ in 0..10 {
            let refused = rest.send_text(&robot.robot_id, &["张三"], "refused").await.unwrap();
            refused.expect_error(503, "unavailable").unwrap();
        }
        let message = ChatMessage::text("张三", "x");
        rest.post_message(&robot.robot_id, &message).await.unwrap().expect_status(503).unwrap();
        assert_eq!(server.rest().get("/healthz").await.unwrap().status, 200);

        limit(&server, None);
        server.wait_readiness(200, RECOVERY).await;
        phone.reconnect(SOON).await.unwrap();
        for id in &accepted {
            let command = phone.next_command(SOON).await.unwrap();
            assert_eq!(
                (&command.id, command.redelivered),
                (id, false),
                "what was accepted, in its order, and nothing else"
            );
            phone.ack(&command).await.unwrap();
            phone.result(&command, Outcome::success(&command)).await.unwrap();
        }
        if let Some(last) = accepted.last() {
            rest.wait_state(last, RECOVERY, |state| state == "succeeded").await.unwrap();
        }
        one_command(&phone, &rest, &robot.robot_id, "after").await;
        phone.expect_no_command(SILENCE).await.unwrap();
        println!(
            "room for {room} bytes: {} commands accepted, then 503; all of them carried out",
            accepted.len()
        );
        phone.disconnect().await.unwrap();
        phone.wait_ended(SOON).await.unwrap();
    }
    assert_eq!(phone.counters().memory.doubled, 0);
    assert!(server.terminate().await.success());
    assert_eq!(server.errors_but(&EXPECTED), Vec::<String>::new());
}

/// Confirmations and results that come while the disk is full are stored when there is room again.
#[actix_web::test]
async fn reports_wait_for_room() {
    let database = TestDatabase::empty(Backend::Sqlite);
    let server = start(&database).await;
    let robot = server.robots(1).await.remove(0);
    let rest = server.rest().with_token(&robot.token);
    let phone = Phone::connect(server.manual(&robot)).await.unwrap();
    let sent = rest.send_text(&robot.robot_id, &["张三"], "x").await.unwrap().expect_ok().unwrap();
    let command = phone.next_command(SOON).await.unwrap();
    assert_eq!(command.id, sent.text("/messageId").unwrap());
    limit(&server, Some(4_096));
    phone.ack(&command).await.unwrap();
    phone.say(ChatMessage::text("张三", "later").with_id("app-later")).await.unwrap();
    assert_eq!(phone.next_frame("message_nack", SOON).await.unwrap()["data"]["messageId"], "app-later");
    phone.result(&command, Outcome::success(&command)).await.unwrap();
    server.wait_readiness(503, SOON).await;
    limit(&server, None);
    server.wait_readiness(200, RECOVERY).await;
    rest.wait_state(&command.id, RECOVERY, |state| state == "succeeded").await.unwrap();
    phone.next_frame("message_ack", SOON).await.unwrap();
    phone.expect_no_command(SILENCE).await.unwrap();
    let rows = database.sql("SELECT app_message_id AS value FROM session_messages");
    assert_eq!(rows, ["app-later"]);
    let next = rest.send_text(&robot.robot_id, &["张三"], "next").await.unwrap().expect_ok().unwrap();
    let next = next.text("/messageId").unwrap();
    let command = phone.next_command(SOON).await.unwrap();
    assert_eq!(command.id, next);
    carry_out(&phone, &rest, &command).await;
    assert!(server.terminate().await.success());
}

/// A kill while the disk is full: nothing that was answered is lost.
#[actix_web::test]
async fn killed_with_a_full_disk() {
    let database = TestDatabase::empty(Backend::Sqlite);
    let server = start(&database).await;
    let robot = server.robots(1).await.remove(0);
    let rest = server.rest().with_token(&robot.token);
    limit(&server, Some(largest_file(database.folder()) + (64 << 10)));
    let mut accepted = Vec::new();
    until(Duration::from_secs(60), "the disk is full", async || {
        let answer = rest.send_text(&robot.robot_id, &["张三"], &"x".repeat(3_000)).await.unwrap();
        if answer.status == 200 {
            accepted.push(answer.text("/messageId").unwrap());
        }
        (answer.status == 503).then_some(())
    })
    .await;
    server.kill().await;
    let server = start(&database).await;
    let rest = server.rest().with_token(&robot.token);
    let phone = Phone::connect(server.manual(&robot)).await.unwrap();
    for id in &accepted {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(&command.id, id);
        carry_out(&phone, &rest, &command).await;
    }
    phone.expect_no_command(SILENCE).await.unwrap();
    assert!(server.terminate().await.success());
}

/// The disk fills up and empties while everything flows.
#[actix_web::test]
async fn under_load() {
    let database = TestDatabase::empty(Backend::Sqlite);
    let server = start(&database).await;
    let traffic = Traffic::new(server.url(), server.robots(8).await, 30, 12).await;
    let faults = async {
        for round in 0..4_u64 {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            limit(
                &server,
                Some(if round % 2 == 0 { 4_096 } else { largest_file(database.folder()) + 8_192 }),
            );
            server.wait_readiness(503, RECOVERY).await;
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            limit(&server, None);
            server.wait_readiness(200, RECOVERY).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    traffic.run("disk full", faults).await;
    assert!(server.terminate().await.success());
    assert_eq!(server.errors_but(&EXPECTED), Vec::<String>::new());
}
