//! Runs: listed by what they answer, shown with their nodes, repeated as new ones.
use serde_json::{Value, json};

use super::{LATE, builder, fields, first, get, post, robot_of, said};
use crate::on_both;
use crate::support::database::Backend;

on_both!(shown_and_repeated, strangers);

async fn shown_and_repeated(backend: Backend) {
    let mut server = builder(backend).start().await;
    let admin = server.admin().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    let message = said(&rest, &robot, "张三", "怎么退款").await;
    phone.serve_next(LATE).await.unwrap();
    let path = format!("/api/flow-executions?messageId={message}");
    let run = first(&admin, &path, |run| run["status"] == "completed").await;
    assert_eq!((&run["robotId"], &run["messageIds"]), (&json!(robot.robot_id), &json!([message])));
    assert!(run["durationMs"].is_i64() && run["finishedAt"].is_string(), "{run}");
    assert!(run.get("nodes").is_none(), "a list is short: {run}");
    let id = run["id"].as_str().unwrap();
    let one = format!("/api/flow-executions/{id}");
    let shown = get(&admin, &one).await;
    assert_eq!(shown["context"]["originalMessage"], "怎么退款");
    let nodes = shown["nodes"].as_array().unwrap();
    let names: Vec<&str> = nodes.iter().map(|node| node["nodeType"].as_str().unwrap()).collect();
    assert!(
        names.starts_with(&["message_receive", "intent"]) && names.contains(&"send_command"),
        "{names:?}"
    );
    for node in nodes {
        for field in ["nodeId", "nodeName", "status", "input", "output", "durationMs", "attempt"] {
            assert!(!node[field].is_null() || field == "output" || field == "input", "{field}: {node}");
        }
    }
    let session = run["sessionId"].as_str().unwrap();
    for (query, total) in [
        (format!("robotId={}", robot.robot_id), 1),
        (format!("sessionId={session}&status=completed"), 1),
        (format!("sessionId={session}&status=failed"), 0),
        ("from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(get(&admin, &format!("/api/flow-executions?{query}")).await["total"], total, "{query}");
    }

    let wrong = |body: Value| {
        let (admin, path) = (admin.clone(), format!("{one}/retry"));
        async move { fields(admin.post(&path, &body).await.unwrap(), 400, "invalid_request")["from"].clone() }
    };
    assert!(wrong(json!({})).await.is_string());
    assert!(wrong(json!({"from": "nowhere"})).await.is_string(), "it never came there");
    let whole = admin.post(&format!("{one}/retry"), &json!({"from": "failed"})).await.unwrap();
    whole.expect_error(409, "nothing_failed").unwrap();
    let with_key = admin.with_header("Idempotency-Key", "again");
    let again = post(&with_key, &format!("{one}/retry"), json!({"from": "start"})).await;
    assert_eq!(post(&with_key, &format!("{one}/retry"), json!({"from": "start"})).await, again);
    phone.serve_next(LATE).await.unwrap();
    let new = again["id"].as_str().unwrap();
    assert_ne!(new, id);
    let path = format!("/api/flow-executions?sessionId={session}");
    let new = first(&admin, &path, |run| run["id"] == new && run["status"] == "completed").await;
    assert_eq!((&new["retryOf"], &new["retryFrom"]), (&json!(id), &json!("start")));
    let node = post(&admin, &format!("{one}/retry"), json!({"from": "send_command"})).await;
    phone.serve_next(LATE).await.unwrap();
    first(&admin, &path, |run| run["id"] == node["id"] && run["status"] == "completed").await;
    phone.stop().await.unwrap();
    server.restart().await;
    assert_eq!(get(&admin, &path).await["total"], 3);
    assert_eq!(get(&admin, &one).await["nodes"], shown["nodes"]);
    admin
        .get("/api/flow-executions/nothing")
        .await
        .unwrap()
        .expect_error(404, "execution_not_found")
        .unwrap();
    let wrong = admin.get("/api/flow-executions?status=lost").await.unwrap();
    assert!(fields(wrong, 400, "invalid_request")["status"].is_string());
}

async fn strangers(backend: Backend) {
    let server = builder(backend).start().await;
    let (owner, other) = (server.user("13900000001", "user").await, server.user("13900000002", "user").await);
    let (robot, rest) = robot_of(&server, &owner.rest).await;
    said(&rest, &robot, "张三", "你好").await;
    let run = first(&owner.rest, "/api/flow-executions", |_run| true).await;
    let one = format!("/api/flow-executions/{}", run["id"].as_str().unwrap());
    assert_eq!(get(&other.rest, "/api/flow-executions").await["total"], 0);
    other.rest.get(&one).await.unwrap().expect_error(404, "execution_not_found").unwrap();
    let retry = format!("{one}/retry");
    let body = json!({"from": "start"});
    other.rest.post(&retry, &body).await.unwrap().expect_error(404, "execution_not_found").unwrap();
    // Its command waits for a phone that never comes: the run is not over.
    owner.rest.post(&retry, &body).await.unwrap().expect_error(409, "run_not_over").unwrap();
    let operator = server.user("13900000003", "operator").await;
    operator.rest.post(&retry, &body).await.unwrap().expect_error(403, "forbidden").unwrap();
}
