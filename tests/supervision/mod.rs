//! The actors as operators see them, and that a stopped one comes back.
use std::collections::BTreeSet;

use serde_json::{Value, json};
use workbot_robot_sim::Rest;

use crate::commands::{queue, state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(the_tree_heals);

async fn actors(admin: &Rest) -> Vec<Value> {
    let list = admin.get("/api/admin/actors").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(
        list["total"].as_u64(),
        list["list"].as_array().map(|rows| u64::try_from(rows.len()).unwrap())
    );
    list["list"].as_array().unwrap().clone()
}

fn find<'a>(rows: &'a [Value], id: &str) -> Option<&'a Value> {
    rows.iter().find(|row| row["id"] == id)
}

async fn the_tree_heals(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let before = actors(&admin).await;
    let phone = server.phone(&robot).await;
    let rows = actors(&admin).await;
    let ids: BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rows.len(), "ids are unique");
    for row in &rows {
        for field in ["kind", "state", "since"] {
            assert!(row[field].is_string(), "{field} of {row}");
        }
        assert!(row["mailbox"]["capacity"].as_u64().is_some_and(|capacity| capacity > 0), "{row}");
        assert!(row["mailbox"]["depth"].is_u64() && row["handled"].is_u64() && row["restarts"].is_u64());
        if let Some(parent) = row["parent"].as_str() {
            assert!(parent == "root" || ids.contains(parent), "{row} hangs in the air");
        }
    }
    let socket = rows
        .iter()
        .find(|row| find(&before, row["id"].as_str().unwrap()).is_none())
        .expect("an actor for the socket");
    let socket = socket["id"].as_str().unwrap().to_owned();
    let one_kind =
        format!("/api/admin/actors?kind={}", find(&rows, &socket).unwrap()["kind"].as_str().unwrap());
    assert_eq!(admin.get(&one_kind).await.unwrap().envelope.data["total"], 1);

    admin.post(&format!("/api/admin/actors/{socket}/stop"), &json!({})).await.unwrap().expect_ok().unwrap();
    phone.wait_ended(SOON).await.unwrap();
    phone.reconnect(SOON).await.unwrap();
    let sent = queue(&rest, &robot.robot_id, "after the socket").await;
    phone.serve_next(SOON).await.unwrap();
    state(&rest, &sent, "succeeded").await;

    let lasting: Vec<String> = before.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(lasting.len() >= 3, "{lasting:?}");
    let mut restarted = BTreeSet::new();
    for id in &lasting {
        let restarts = |rows: &[Value]| find(rows, id).and_then(|row| row["restarts"].as_u64());
        let handled_before = restarts(&actors(&admin).await).unwrap();
        let order = admin.post(&format!("/api/admin/actors/{id}/restart"), &json!({})).await.unwrap();
        if order.envelope.data["accepted"] != true {
            continue;
        }
        restarted.insert(id.as_str());
        until(SOON, &format!("{id} is back"), async || {
            let rows = actors(&admin).await;
            let is_running = find(&rows, id).is_some_and(|row| row["state"] == "running");
            (is_running && restarts(&rows) > Some(handled_before)).then_some(())
        })
        .await;
        let sent = queue(&rest, &robot.robot_id, id).await;
        phone.serve_next(SOON).await.unwrap();
        state(&rest, &sent, "succeeded").await;
    }
    for id in ["router", "sweep", "janitor", "alert"] {
        assert!(restarted.contains(id), "{id} was not restarted: {restarted:?} of {lasting:?}");
    }
    admin
        .post("/api/admin/actors/nobody/stop", &json!({}))
        .await
        .unwrap()
        .expect_error(404, "actor_not_found")
        .unwrap();
    assert!(server.program().is_running());
    server.rest().get("/readyz").await.unwrap().expect_status(200).unwrap();
}
