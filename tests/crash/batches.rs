//! Kills around batches and 304, which stand or fall as a whole.
use std::time::Duration;

use serde_json::json;

use super::{SILENCE, carry_out, crash, ids_of, item, take, wait_state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(after_clearing_the_queue, in_the_middle_of_batches);

/// 304 has cancelled what was queued when its answer is there, and is itself pushed after the kill.
async fn after_clearing_the_queue(backend: Backend) {
    let mut server =
        TestServer::builder(backend).set("limits.enabled", false).set("commands.in_flight", 2).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    let list: Vec<_> = (1..=9).map(|number| item(&format!("item {number}"))).collect();
    let batch = rest.send_commands(&robot.robot_id, &list).await.unwrap().expect_ok().unwrap();
    let ids: Vec<String> = batch.envelope.data["messageIds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids_of(&take(&phone, 2).await), ids[..2]);
    let clear =
        rest.send_commands(&robot.robot_id, &[json!({"type": 304})]).await.unwrap().expect_ok().unwrap();
    let clear = clear.text("/messageIds/0").unwrap();
    crash(&mut server, Some(&phone)).await;
    for id in &ids[2..] {
        wait_state(&rest, id, "cancelled").await;
    }
    phone.reconnect(SOON).await.unwrap();
    for id in [&ids[0], &ids[1], &clear] {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(&command.id, id);
        carry_out(&phone, &rest, &command).await;
    }
    phone.expect_no_command(SILENCE).await.unwrap();
    assert_eq!(phone.counters().memory.doubled, 0);
}

/// Many batches at once, and the kill somewhere among them: all items of a batch or none, and all of those that were answered.
async fn in_the_middle_of_batches(backend: Backend) {
    const ITEMS: usize = 20;
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let mut answered: Vec<String> = Vec::new();
    for round in 0..5_u64 {
        let mut calls = tokio::task::JoinSet::new();
        for batch in 0..12 {
            let (rest, robot_id) = (rest.clone(), robot.robot_id.clone());
            let list: Vec<_> =
                (0..ITEMS).map(|number| item(&format!("batch-{round}-{batch} {number}"))).collect();
            calls.spawn(async move { rest.send_commands(&robot_id, &list).await });
        }
        tokio::time::sleep(Duration::from_millis(round * 20)).await;
        server.kill().await;
        while let Some(call) = calls.join_next().await {
            if let Ok(answer) = call.unwrap() {
                let ids = answer.expect_ok().unwrap().envelope.data["messageIds"].as_array().unwrap().clone();
                assert_eq!(ids.len(), ITEMS);
                answered.extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()));
            }
        }
        server.restart().await;
    }
    let rows = until(SOON, "the rows can be read", async || {
        Some(server.database().sql("SELECT id || ' ' || item AS value FROM robot_commands ORDER BY seq"))
    })
    .await;
    for id in &answered {
        assert!(
            rows.iter().any(|row| row.starts_with(&format!("{id} "))),
            "{id} was answered and is not there"
        );
    }
    let batch_of = |row: &String| {
        let start = row.find("batch-").unwrap();
        row.get(start..).unwrap().split(' ').next().unwrap().to_owned()
    };
    let batches: Vec<String> = rows.iter().map(batch_of).collect();
    for chunk in batches.chunks(ITEMS) {
        assert!(chunk.len() == ITEMS && chunk.iter().all(|batch| *batch == chunk[0]), "{chunk:?}");
    }
    println!(
        "{} of {} batches answered before a kill, {} kept whole",
        answered.len() / ITEMS,
        60,
        batches.len() / ITEMS
    );
}
