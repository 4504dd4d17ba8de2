//! A newer login of the same robot takes over: the older socket ends with 4009, and no command is lost or doubled.
use std::time::Duration;

use workbot_robot_sim::{Behaviour, Outcome, Phone, PhoneConfig};

use crate::commands::{queue, state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(the_newer_one_serves, logins_under_load);

async fn the_newer_one_serves(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let older = server.phone(&robot).await;
    let (acked, open) = (queue(&rest, id, "acked").await, queue(&rest, id, "open").await);
    let command = older.next_command(SOON).await.unwrap();
    older.ack(&command).await.unwrap();
    state(&rest, &acked, "confirmed").await;
    assert_eq!(older.next_command(SOON).await.unwrap().id, open);

    let newer = server.phone(&robot).await;
    assert_eq!(older.wait_ended(SOON).await.unwrap().close_code(), Some(4009));
    let again = newer.next_command(SOON).await.unwrap();
    assert_eq!((&again.id, again.redelivered), (&open, true));
    newer.ack(&again).await.unwrap();
    newer.result(&again, Outcome::success(&again)).await.unwrap();
    newer.result(&command, Outcome::success(&command)).await.unwrap();
    for done in [&acked, &open] {
        state(&rest, done, "succeeded").await;
    }
    let after = queue(&rest, id, "after").await;
    assert_eq!(newer.serve_next(SOON).await.unwrap().id, after);
    newer.expect_no_command(Duration::from_millis(300)).await.unwrap();
    let status =
        server.admin().await.get(&format!("/api/robots/{id}")).await.unwrap().text("/status").unwrap();
    assert!(
        matches!(status.as_str(), "online" | "busy"),
        "the end of the older socket is not the robot's: {status}"
    );
}

async fn logins_under_load(backend: Backend) {
    const COMMANDS: usize = 120;
    const LOGINS: usize = 12;
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let mut ids = Vec::new();
    let mut executed = 0;
    let mut phones: Vec<Phone> = Vec::new();
    for login in 0..LOGINS {
        let behaviour = Behaviour::default();
        let config = PhoneConfig {
            reconnect: None,
            ..PhoneConfig::automatic(server.url(), &robot.robot_id, &robot.token, behaviour)
        };
        let phone = Phone::connect(config).await.unwrap();
        if let Some(older) = phones.last() {
            assert_eq!(older.wait_ended(SOON).await.unwrap().close_code(), Some(4009));
        }
        phones.push(phone);
        for number in 0..COMMANDS / LOGINS {
            ids.push(queue(&rest, &robot.robot_id, &format!("{login} {number}")).await);
        }
    }
    for id in &ids {
        state(&rest, id, "succeeded").await;
    }
    let (mut confirmed_again, mut redelivered) = (0, 0);
    for phone in &phones {
        let counters = phone.counters();
        executed += counters.executed;
        redelivered += counters.memory.redelivered;
        confirmed_again += counters.memory.doubled;
    }
    // A command in the middle of a change of sockets is pushed once to each of the two; never lost, never twice to one.
    assert_eq!((confirmed_again, redelivered), (0, 0));
    let (least, most) = (u64::try_from(COMMANDS).unwrap(), u64::try_from(COMMANDS + 8 * LOGINS).unwrap());
    assert!((least..=most).contains(&executed), "{executed} executions of {COMMANDS} commands");
}
