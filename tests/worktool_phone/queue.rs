//! What the phone has of the queue: 304 passes full places, and a restart forgets no place.
use serde_json::json;

use super::{Bench, LATER, contents};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::SOON;
use crate::support::until;

async fn a_304_reaches_a_phone_whose_places_are_taken(backend: Backend) {
    let bench = Bench::start(backend).await;
    let phone = bench.reading().await;
    phone.with(|app| app.pause(true));
    bench.texts(0..5).await;
    bench.settled(&["confirmed", "confirmed", "queued", "queued", "queued"]).await;
    bench.send(json!([{"type": 304}])).await;
    bench.settled(&["confirmed", "confirmed", "cancelled", "cancelled", "cancelled", "succeeded"]).await;
    assert_eq!(phone.with(|app| app.counters().dropped), 2, "what waited on the phone");
    bench.texts(9..10).await;
    phone.with(|app| app.pause(false));
    let states = "SELECT state AS value FROM robot_commands ORDER BY seq DESC LIMIT 1";
    until(LATER, "the command after it", async || (bench.values(states) == ["succeeded"]).then_some(()))
        .await;
    assert_eq!(phone.with(|app| contents(app)), ["第 9 条回复"]);
}

async fn a_restart_forgets_no_place_on_the_phone(backend: Backend) {
    let mut bench = Bench::start(backend).await;
    let phone = bench.reading().await;
    phone.with(|app| app.pause(true));
    bench.texts(0..5).await;
    let wanted = ["confirmed", "confirmed", "queued", "queued", "queued"];
    bench.settled(&wanted).await;
    bench.server.restart().await;
    phone
        .wait(LATER, "a new connection", |app| app.counters().connects >= 2 && app.is_reading())
        .await
        .unwrap();
    // One more wakes the robot: it finds the places taken.
    bench.texts(5..6).await;
    let attached = "workbot_socket_attached_total";
    until(SOON, "the phone has its robot", async || (bench.metric(attached).await >= 1).then_some(())).await;
    bench.settled(&[wanted.as_slice(), &["queued"]].concat()).await;
    phone.with(|app| app.pause(false));
    bench.settled(&["succeeded"; 6]).await;
    let expected: Vec<String> = (0..6).map(|number| format!("第 {number} 条回复")).collect();
    assert_eq!(phone.with(|app| contents(app)), expected, "each once, in order");
}

on_both!(a_304_reaches_a_phone_whose_places_are_taken, a_restart_forgets_no_place_on_the_phone);
