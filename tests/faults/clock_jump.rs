//! The clock of the machine is set an hour forward and back while commands and messages flow: nothing is lost, doubled, stuck, or over
//! before its time. A library stands between the program and its clock.
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use workbot_robot_sim::{Command, Outcome, Phone, Rest};

use super::{RECOVERY, SILENCE, Traffic, carry_out, one_command};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};
use crate::support::instance::{Instance, Launch};
use crate::support::server::SOON;
use crate::support::until;

on_both!(an_hour_forward_and_back);

/// What the library makes of the time stands in a file, read anew at each look at the clock; durations stay true.
const SCRIPT: &str = "export FAKETIME_TIMESTAMP_FILE=\"$PWD/clock\" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
                      DONT_FAKE_MONOTONIC=1 LD_PRELOAD=\"$(ls /usr/lib/*/faketime/libfaketimeMT.so.1)\"; exec \"$@\"";

/// Between two settings of the clock: several rounds of the sweep.
const BETWEEN: Duration = Duration::from_secs(4);

fn ensure_library() {
    let folders = std::fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok);
    let is_there =
        folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).any(|path| path.is_file());
    assert!(
        is_there,
        "this test sets the clock of the program: install Debian's package faketime (`cargo verify` does it)"
    );
}

/// The clock of one server.
struct MachineClock(PathBuf);

impl MachineClock {
    /// Sets it so many seconds beside the true time.
    fn set(&self, offset_secs: i64) {
        let next = self.0.with_extension("next");
        std::fs::write(&next, format!("{offset_secs:+}\n")).unwrap();
        std::fs::rename(next, &self.0).unwrap();
    }
}

async fn start(database: &TestDatabase) -> (Instance, MachineClock) {
    // The machine may be busy with other things.
    let mut launch =
        Launch::new(&database.url, &database.folder().join("data")).set("journal.write_timeout_ms", 8_000);
    launch.script = SCRIPT;
    std::fs::create_dir_all(&launch.data_dir).unwrap();
    let clock = MachineClock(launch.data_dir.join("clock"));
    clock.set(0);
    let server = launch.start().await;
    server.wait_readiness(200, RECOVERY).await;
    (server, clock)
}

async fn next(phone: &Phone, rest: &Rest, robot: &str, text: &str) -> Command {
    let sent = rest.send_text(robot, &["张三"], text).await.unwrap().expect_ok().unwrap();
    let command = phone.next_command(SOON).await.unwrap();
    assert_eq!(command.id, sent.text("/messageId").unwrap());
    command
}

async fn an_hour_forward_and_back(backend: Backend) {
    ensure_library();
    let database = TestDatabase::empty(backend);
    let (server, clock) = start(&database).await;
    let mut robots = server.robots(8).await;
    let (mine, away) = (robots.remove(0), robots.remove(0));
    let rest = server.rest().with_token(&mine.token);
    let rest_away = server.rest().with_token(&away.token);
    let phone = Phone::connect(server.manual(&mine)).await.unwrap();
    let unconfirmed = next(&phone, &rest, &mine.robot_id, "unconfirmed").await;
    let confirmed = next(&phone, &rest, &mine.robot_id, "confirmed").await;
    phone.ack(&confirmed).await.unwrap();
    let brief = json!({"type": "text", "titleList": ["张三"], "content": "brief", "expiresIn": 1_800});
    let brief =
        rest_away.send_message(&brief).await.unwrap().expect_ok().unwrap().text("/messageId").unwrap();

    let traffic = Traffic::new(server.url(), robots, 12, 6).await;
    let steps = async {
        for offset_secs in [3_600, 0, -3_600, 0, 3_600] {
            sleep(BETWEEN).await;
            clock.set(offset_secs);
            // A failure just before: the retry comes in its time, whatever the clock says.
            let failing = next(&phone, &rest, &mine.robot_id, "failing").await;
            phone.ack(&failing).await.unwrap();
            phone.result(&failing, Outcome::failed(&failing, 201_101, "again")).await.unwrap();
            let again = phone.next_command(SOON).await.unwrap();
            assert_eq!((&again.id, again.attempt), (&failing.id, 2));
            carry_out(&phone, &rest, &again).await;
        }
        sleep(BETWEEN).await;
    };
    let report = traffic.run("clock set forward and back", steps).await;
    assert!(report.ledger.commands.executed > 100, "{report}");
    let over =
        "SELECT id AS value FROM robot_commands WHERE state IN ('unknown', 'expired', 'failed', 'cancelled')";
    assert_eq!(database.sql(over), Vec::<String>::new());

    for (command, state) in [(&unconfirmed.id, "sent"), (&confirmed.id, "confirmed")] {
        assert_eq!(rest.command(command).await.unwrap().text("/state").unwrap(), state);
    }
    assert_eq!(rest_away.command(&brief).await.unwrap().text("/state").unwrap(), "queued");
    phone.ack(&unconfirmed).await.unwrap();
    for command in [&unconfirmed, &confirmed] {
        phone.result(command, Outcome::success(command)).await.unwrap();
        let record = rest.wait_state(&command.id, SOON, |state| state == "succeeded").await.unwrap();
        let history = record["history"].to_string();
        assert!(!history.contains("unknown"), "{history}");
    }
    let back = Phone::connect(server.manual(&away)).await.unwrap();
    let command = back.next_command(SOON).await.unwrap();
    assert_eq!(command.id, brief);
    carry_out(&back, &rest_away, &command).await;
    one_command(&phone, &rest, &mine.robot_id, "after").await;
    phone.expect_no_command(SILENCE).await.unwrap();
    assert_eq!((phone.counters().connects, phone.counters().memory.doubled), (1, 0), "the socket was kept");
    assert!(server.terminate().await.success());
    assert_eq!(server.errors_but(&[]), Vec::<String>::new());

    // Set back an hour while it is down: what waits does not wait an hour more.
    drop((phone, back));
    let (server, clock) = start(&database).await;
    clock.set(3_600);
    let rest = server.rest().with_token(&mine.token);
    let sent =
        rest.send_text(&mine.robot_id, &["张三"], "over the restart").await.unwrap().expect_ok().unwrap();
    server.kill().await;
    let (server, _clock) = start(&database).await;
    let rest = server.rest().with_token(&mine.token);
    let phone =
        until(RECOVERY, "the phone is back", async || Phone::connect(server.manual(&mine)).await.ok()).await;
    let command = phone.next_command(SOON).await.unwrap();
    assert_eq!(command.id, sent.text("/messageId").unwrap());
    carry_out(&phone, &rest, &command).await;
    assert!(server.terminate().await.success());
}
