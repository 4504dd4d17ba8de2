//! Accounts: made, changed and switched off by administrators, with what hangs on them.
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{ADMIN, audited, follow};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;
use crate::support::socket::Bare;

on_both!(accounts_are_made_and_changed, the_last_admin_stays, robots_stop_with_their_owner);

async fn accounts_are_made_and_changed(backend: Backend) {
    let server = TestServer::start(backend).await;
    let admin = server.user(ADMIN, "admin").await.rest;
    let body = json!({"phone": "13900000001", "name": "小李", "role": "viewer"});
    let made = admin.post("/api/admin/users", &body).await.unwrap().expect_ok().unwrap();
    let id = made.text("/userId").unwrap();
    let path = format!("/api/admin/users/{id}");
    admin.post("/api/admin/users", &body).await.unwrap().expect_error(409, "phone_taken").unwrap();
    for (body, field) in [
        (json!({"phone": "1", "role": "user"}), "phone"),
        (json!({"phone": "13900000002", "role": "king"}), "role"),
        (json!({"phone": "13900000002", "role": "user", "name": "长".repeat(51)}), "name"),
    ] {
        let answer = admin.post("/api/admin/users", &body).await.unwrap();
        let answer = answer.expect_error(400, "invalid_request").unwrap();
        assert!(answer.envelope.data["fields"][field].is_string(), "{answer:?}");
    }

    let list = |query: &'static str| {
        let admin = admin.clone();
        async move {
            let page = admin.get(&format!("/api/admin/users{query}")).await.unwrap().expect_ok().unwrap();
            page.envelope.data
        }
    };
    let all = list("").await;
    assert_eq!((&all["total"], &all["list"][0]["phone"]), (&json!(2), &json!("139****0001")));
    for (query, count) in [
        ("?role=viewer", 1),
        ("?enabled=false", 0),
        ("?q=小", 1),
        ("?q=13812", 1),
        ("?q=%25", 2),
        ("?q=x", 0),
    ] {
        assert_eq!(list(query).await["total"], count, "{query}");
    }
    let browser = follow(&server, "13900000001").await;
    let shown = admin.get(&path).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(
        (&shown["phone"], &shown["sessions"][0]["id"]),
        (&json!("13900000001"), &json!(browser.session))
    );
    admin.get("/api/admin/users/nobody").await.unwrap().expect_error(404, "user_not_found").unwrap();
    admin
        .put("/api/admin/users/nobody", &json!({}))
        .await
        .unwrap()
        .expect_error(404, "user_not_found")
        .unwrap();

    // A new role counts from the next request on.
    browser.bare.get("/api/admin/users").await.unwrap().expect_error(403, "forbidden").unwrap();
    let changed =
        admin.put(&path, &json!({"role": "admin", "name": null})).await.unwrap().expect_ok().unwrap();
    assert_eq!(
        (&changed.envelope.data["role"], &changed.envelope.data["name"]),
        (&json!("admin"), &Value::Null)
    );
    browser.bare.get("/api/admin/users").await.unwrap().expect_ok().unwrap();

    let token = server.cli(&["token", "--phone", "13900000001"]).await;
    let scripts = server.rest().with_token(token["token"].as_str().unwrap());
    scripts.get("/api/user/info").await.unwrap().expect_ok().unwrap();
    admin.post(&format!("{path}/sign-out"), &json!({})).await.unwrap().expect_ok().unwrap();
    assert!(!browser.is_in().await);
    scripts.get("/api/user/info").await.unwrap().expect_error(401, "unauthorized").unwrap();
    assert!(follow(&server, "13900000001").await.is_in().await, "the account is still there");
    let verbs = audited(&admin).await;
    let wanted = ["user.create", "user.login", "user.read", "user.update", "user.sign_out", "user.login"];
    assert_eq!(verbs, wanted);
}

async fn the_last_admin_stays(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (one, other) = (server.user(ADMIN, "admin").await, server.user("13900000001", "admin").await);
    let path = |id: &str| format!("/api/admin/users/{id}");
    one.rest.put(&path(&other.id), &json!({"enabled": false})).await.unwrap().expect_ok().unwrap();
    other.rest.get("/api/user/info").await.unwrap().expect_error(401, "unauthorized").unwrap();
    for change in [json!({"enabled": false}), json!({"role": "operator"})] {
        let refused = one.rest.put(&path(&one.id), &change).await.unwrap();
        refused.expect_error(409, "last_admin").unwrap();
    }
    one.rest.put(&path(&one.id), &json!({"name": "我"})).await.unwrap().expect_ok().unwrap();
    one.rest.put(&path(&other.id), &json!({"enabled": true})).await.unwrap().expect_ok().unwrap();
    other.rest.get("/api/user/info").await.unwrap().expect_error(401, "unauthorized").unwrap();
    one.rest.put(&path(&one.id), &json!({"role": "operator"})).await.unwrap().expect_ok().unwrap();
    one.rest.get("/api/admin/users").await.unwrap().expect_error(403, "forbidden").unwrap();
}

async fn robots_stop_with_their_owner(backend: Backend) {
    let server = TestServer::start(backend).await;
    let admin = server.user(ADMIN, "admin").await.rest;
    let owner = server.user("13900000001", "user").await;
    let body = json!({"name": "管家", "kind": "native"});
    let robot = owner.rest.post("/api/robots", &body).await.unwrap().expect_ok().unwrap();
    let (id, token) = (robot.text("/robotId").unwrap(), robot.text("/token").unwrap());
    let (_other, others) = server.robot().await;
    let mut socket = Bare::online(server.url(), &token).await;
    let rest = server.rest().with_token(&token);

    let path = format!("/api/admin/users/{}", owner.id);
    admin.put(&path, &json!({"enabled": false})).await.unwrap().expect_ok().unwrap();
    let closed = timeout(Duration::from_secs(5), socket.close_code()).await;
    assert_eq!(closed.expect("closed within 5 s"), 4001);
    rest.heartbeat().await.unwrap().expect_error(403, "robot_disabled").unwrap();
    others.heartbeat().await.unwrap().expect_ok().unwrap();
    let mut refused = Bare::open(server.url(), &token, &[]).await.unwrap();
    assert_eq!(refused.only_close_code().await, 4001);
    // The robot itself was not switched off: an administrator sees it as it was.
    let shown = admin.get(&format!("/api/robots/{id}")).await.unwrap().expect_ok().unwrap();
    assert_eq!(shown.envelope.data["enabled"], true);
    let enabled = admin.post(&format!("/api/robots/{id}/enable"), &json!({})).await.unwrap();
    enabled.expect_ok().unwrap();
    rest.heartbeat().await.unwrap().expect_error(403, "robot_disabled").unwrap();

    admin.put(&path, &json!({"enabled": true})).await.unwrap().expect_ok().unwrap();
    Bare::online(server.url(), &token).await;
    rest.heartbeat().await.unwrap().expect_ok().unwrap();
}
