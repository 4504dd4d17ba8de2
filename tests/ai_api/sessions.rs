//! Conversations: listed, taken over so that the robot is silent, given back.
use serde_json::json;

use super::{LATE, builder, first, get, post, robot_of, said};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(taken_over_and_released, strangers);

async fn taken_over_and_released(backend: Backend) {
    let mut server = builder(backend).start().await;
    let admin = server.admin().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    said(&rest, &robot, "张三", "怎么退款").await;
    phone.serve_next(LATE).await.unwrap();
    let path = format!("/api/sessions?robotId={}", robot.robot_id);
    let session = first(&admin, &path, |row| row["userName"] == "张三").await;
    assert_eq!((&session["state"], &session["robotId"]), (&json!("robot"), &json!(robot.robot_id)));
    let one = format!("/api/sessions/{}", session["id"].as_str().unwrap());
    let taken = post(&admin, &format!("{one}/takeover"), json!({})).await;
    assert_eq!(taken["state"], "taken_over");
    assert!(taken["takenOverBy"].is_string() && taken["takeoverEndsAt"].is_string(), "{taken}");
    assert_eq!(get(&admin, "/api/sessions?state=taken_over").await["total"], 1);
    assert_eq!(get(&admin, "/api/sessions?state=robot").await["total"], 0);
    let silenced = said(&rest, &robot, "张三", "在吗").await;
    until(LATE, "the message is silenced", async || {
        let why = get(&admin, &format!("/api/messages/{silenced}/why")).await;
        (why["reason"] == "taken_over").then_some(())
    })
    .await;
    let other = server.user("13900000009", "admin").await;
    let refused = other.rest.post(&format!("{one}/takeover"), &json!({})).await.unwrap();
    let refused = refused.expect_error(409, "session_taken_over").unwrap();
    assert_eq!(refused.json()["data"]["takenOverBy"], taken["takenOverBy"]);
    // A takeover is a row: it outlives the process.
    phone.stop().await.unwrap();
    server.restart().await;
    assert_eq!(get(&admin, &one).await["takenOverBy"], taken["takenOverBy"]);
    let released = post(&admin, &format!("{one}/release"), json!({})).await;
    assert_eq!((&released["state"], &released["takenOverBy"]), (&json!("robot"), &json!(null)));
    post(&admin, &format!("{one}/release"), json!({})).await;
    let phone = server.phone(&robot).await;
    said(&rest, &robot, "张三", "怎么退货").await;
    phone.serve_next(LATE).await.unwrap();
    let log = get(&admin, "/api/admin/audit-logs?action=session").await;
    assert_eq!(log["list"][2]["action"], "session.takeover", "{log}");
    let wrong = admin.get("/api/sessions?state=asleep").await.unwrap();
    assert!(super::fields(wrong, 400, "invalid_request")["state"].is_string());
    admin.get("/api/sessions/nothing").await.unwrap().expect_error(404, "session_not_found").unwrap();
}

async fn strangers(backend: Backend) {
    let server = builder(backend).start().await;
    let (owner, other) = (server.user("13900000001", "user").await, server.user("13900000002", "user").await);
    let (robot, rest) = robot_of(&server, &owner.rest).await;
    said(&rest, &robot, "张三", "你好").await;
    let session = first(&owner.rest, "/api/sessions", |_row| true).await;
    let one = format!("/api/sessions/{}", session["id"].as_str().unwrap());
    assert_eq!(get(&other.rest, "/api/sessions").await["total"], 0);
    other.rest.get(&one).await.unwrap().expect_error(404, "session_not_found").unwrap();
    let takeover = format!("{one}/takeover");
    other.rest.post(&takeover, &json!({})).await.unwrap().expect_error(404, "session_not_found").unwrap();
    for role in ["viewer", "developer"] {
        let reader = server.user(&format!("1390000001{}", role.len()), role).await;
        reader.rest.post(&takeover, &json!({})).await.unwrap().expect_error(403, "forbidden").unwrap();
    }
    post(&owner.rest, &takeover, json!({})).await;
}
