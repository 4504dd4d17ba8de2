//! Phones that are there and are not: silent ones, and ones that stop reading.
use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::{Outcome, Phone, Rest};

use super::{SILENCE, carry_out, one_command};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::instance::resident_kib;
use crate::support::server::{SOON, TestServer};
use crate::support::until;
use crate::support::wire::Wire;

on_both!(a_silent_phone, a_phone_that_stops_reading, frozen_logins);

async fn status(admin: &Rest, robot: &str) -> String {
    let answer = admin.get(&format!("/api/robots/{robot}")).await.unwrap().expect_ok().unwrap();
    answer.text("/status").unwrap()
}

async fn start(backend: Backend) -> TestServer {
    TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("limits.connects_per_minute", 10_000)
        .set("presence.native_offline_secs", 4)
        .set("presence.heartbeat_interval_ms", 1_000)
        .start()
        .await
}

/// It neither reads nor writes, as in a tunnel: the others notice nothing, it is given up after the presence time, and everything
/// goes again when it is back.
async fn a_silent_phone(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    let robots = server.activated_robots(3).await;
    let mut phones: Vec<Phone> = Vec::new();
    for robot in &robots {
        phones.push(server.phone(robot).await);
    }
    let rests: Vec<Rest> = robots.iter().map(|robot| server.rest().with_token(&robot.token)).collect();
    one_command(&phones[0], &rests[0], &robots[0].robot_id, "before").await;
    phones[0].go_silent().await.unwrap();
    let mut ids = Vec::new();
    for number in 0..20 {
        let text = format!("in the tunnel {number}");
        let sent =
            rests[0].send_text(&robots[0].robot_id, &["张三"], &text).await.unwrap().expect_ok().unwrap();
        ids.push(sent.text("/messageId").unwrap());
        let other = 1 + number % 2;
        one_command(&phones[other], &rests[other], &robots[other].robot_id, &text).await;
    }
    until(SOON, "the silent phone is given up", async || {
        (status(&admin, &robots[0].robot_id).await == "offline").then_some(())
    })
    .await;
    one_command(&phones[1], &rests[1], &robots[1].robot_id, "others go on").await;
    phones[0].reconnect(SOON).await.unwrap();
    for (number, id) in ids.iter().enumerate() {
        let command = phones[0].next_command(SOON).await.unwrap();
        assert_eq!(&command.id, id);
        assert_eq!(command.redelivered, number < 8, "the window was pushed into the tunnel: {number}");
        carry_out(&phones[0], &rests[0], &command).await;
    }
    phones[0].expect_no_command(SILENCE).await.unwrap();
    assert_eq!(status(&admin, &robots[0].robot_id).await, "online");
    for phone in &phones {
        assert_eq!(phone.counters().memory.doubled, 0);
    }
    assert_eq!((phones[1].counters().connects, phones[2].counters().connects), (1, 1));
}

fn batches(count: usize) -> impl Iterator<Item = Vec<Value>> {
    (0..10).map(move |batch| {
        let item = |number: usize| {
            let text = if batch < 2 { "长".repeat(30_000) } else { "长".repeat(18_000) };
            json!({"type": 203, "titleList": ["张三"], "receivedContent": format!("{batch} {number} {text}")})
        };
        (0..count / 10).map(item).collect()
    })
}

async fn submit_all(rest: &Rest, robot: &str, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for batch in batches(count) {
        let answer = rest.send_commands(robot, &batch).await.unwrap().expect_ok().unwrap();
        let answered = answer.envelope.data["messageIds"].as_array().unwrap().clone();
        ids.extend(answered.iter().map(|id| id.as_str().unwrap().to_owned()));
    }
    ids
}

async fn carry_out_all(phone: &Phone, rest: &Rest, ids: &[String]) {
    for id in ids {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(&command.id, id);
        phone.ack(&command).await.unwrap();
        phone.result(&command, Outcome::success(&command)).await.unwrap();
    }
    for id in ids.iter().rev().take(20) {
        rest.wait_state(id, SOON, |state| state == "succeeded").await.unwrap();
    }
}

/// A thousand commands wait for it, some of them large: the server holds a window of them, not all.
async fn a_phone_that_stops_reading(backend: Backend) {
    const COUNT: usize = 1_000;
    let server = start(backend).await;
    let robots = server.activated_robots(2).await;
    let (stuck, lively) = (server.phone(&robots[0]).await, server.phone(&robots[1]).await);
    let (rest, other) =
        (server.rest().with_token(&robots[0].token), server.rest().with_token(&robots[1].token));
    // The same work with a phone that reads: what the server needs for it anyway.
    let ids = submit_all(&rest, &robots[0].robot_id, COUNT).await;
    carry_out_all(&stuck, &rest, &ids).await;
    let before_kib = resident_kib(server.program().pid());
    stuck.stop_reading().await.unwrap();
    let ids = submit_all(&rest, &robots[0].robot_id, COUNT).await;
    // Long enough for it to be given up, if it was blocked.
    for _ in 0..6 {
        one_command(&lively, &other, &robots[1].robot_id, "beside").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let after_kib = resident_kib(server.program().pid());
    println!("{backend:?}: {before_kib} KiB before, {after_kib} KiB while {COUNT} commands (60 MiB) wait");
    assert!(after_kib < before_kib + 40 * 1_024, "{before_kib} KiB before, {after_kib} KiB after");
    stuck.reconnect(SOON).await.unwrap();
    carry_out_all(&stuck, &rest, &ids).await;
    stuck.expect_no_command(SILENCE).await.unwrap();
    assert_eq!((stuck.counters().memory.doubled, lively.counters().connects), (0, 1));
}

/// One robot logs in again and again and never reads what waits for it: old sockets do not pile up.
async fn frozen_logins(backend: Backend) {
    const LOGINS: usize = 25;
    let server = start(backend).await;
    let admin = server.admin().await;
    let robots = server.activated_robots(2).await;
    let rest = server.rest().with_token(&robots[0].token);
    let list: Vec<_> = (0..16)
        .map(|number| json!({"type": 203, "titleList": ["张三"], "receivedContent": format!("{number} {}", "长".repeat(40_000))}))
        .collect();
    rest.send_commands(&robots[0].robot_id, &list).await.unwrap().expect_ok().unwrap();
    let actors = async || {
        let answer = admin.get("/api/admin/actors?kind=robot").await.unwrap().expect_ok().unwrap();
        let rows = answer.envelope.data["list"].as_array().unwrap().clone();
        rows.iter().filter(|row| row["state"] == "running").count()
    };
    let before_kib = resident_kib(server.program().pid());
    let mut frozen = Vec::new();
    for _ in 0..LOGINS {
        let mut wire = Wire::open(server.url(), &robots[0].token).await;
        // The beginning of its window, and then nothing more.
        wire.read(10_000).await;
        frozen.push(wire);
    }
    let most_kib = resident_kib(server.program().pid());
    let kept = actors().await;
    println!(
        "{backend:?}: {before_kib} KiB before, {most_kib} KiB with {LOGINS} frozen logins, {kept} sockets then"
    );
    assert!(most_kib < before_kib + 80 * 1_024, "{before_kib} KiB before, {most_kib} KiB after");
    let left = until(Duration::from_secs(90), "frozen sockets are gone", async || {
        let count = actors().await;
        (count <= 2).then_some(count)
    })
    .await;
    println!("{backend:?}: {left} sockets in the end");
    let phone = server.phone(&robots[0]).await;
    for number in 0..16 {
        let command = phone.next_command(SOON).await.unwrap();
        assert!(command.content().starts_with(&format!("{number} ")), "in order");
        carry_out(&phone, &rest, &command).await;
    }
}
