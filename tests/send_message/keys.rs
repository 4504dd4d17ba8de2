//! Platform keys: what an AI platform may do with one, and what it may not.
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use workbot_robot_sim::Rest;

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(platform_keys);

async fn key(owner: &Rest, body: Value) -> (String, String) {
    let made = owner.post("/api/platform-keys", &body).await.unwrap().expect_ok().unwrap();
    (made.text("/id").unwrap(), made.text("/key").unwrap())
}

async fn platform_keys(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let owner = server.user("13800000002", "user").await;
    let made =
        server.cli(&["codes", "create", "--count", "2", "--days", "30", "--user", "13800000002"]).await;
    let mut robots = Vec::new();
    for code in made["codes"].as_array().unwrap() {
        let device = workbot_robot_sim::Device::new(format!("device_{}", uuid::Uuid::new_v4().simple()));
        robots.push(server.rest().activated(code["code"].as_str().unwrap(), &device).await.unwrap());
    }
    let (mine, also_mine) = (&robots[0], &robots[1]);
    let (foreign, _) = server.robot().await;

    let (id, plain) =
        key(&owner.rest, json!({"name": "Dify", "scopes": ["send"], "robotIds": [mine.robot_id]})).await;
    assert!(plain.starts_with("wbk_") && plain.len() > 30);
    let platform = server.rest().with_token(&plain);
    let phone = server.phone(mine).await;
    platform.send_text(&mine.robot_id, &["张三"], "由平台").await.unwrap().expect_ok().unwrap();
    assert_eq!(phone.serve_next(SOON).await.unwrap().content(), "由平台");
    until(SOON, "the use of the key is noted", async || {
        let list = owner.rest.get("/api/platform-keys").await.unwrap().expect_ok().unwrap();
        let list = list.envelope.data["list"].as_array().unwrap().clone();
        list.iter().any(|key| key["id"] == id.as_str() && key["lastUsedAt"].is_string()).then_some(())
    })
    .await;
    for robot in [&also_mine.robot_id, &foreign.robot_id, "robot_1_nobody"] {
        let answer = platform.send_text(robot, &["a"], "x").await.unwrap();
        answer.expect_error(404, "robot_not_found").unwrap();
    }
    let unnamed = json!({"type": "text", "titleList": ["a"], "content": "x"});
    platform.send_message(&unnamed).await.unwrap().expect_status(400).unwrap();
    let item = json!({"type": 203, "titleList": ["a"], "receivedContent": "x"});
    for refused in [
        platform.send_commands(&mine.robot_id, std::slice::from_ref(&item)).await,
        platform.update_info(&mine.robot_id, &json!({"replyAll": 1})).await,
        platform.get("/api/callbacks/deliveries").await,
        platform.get("/api/robots").await,
    ] {
        refused.unwrap().expect_error(403, "forbidden").unwrap();
    }
    for refused in [
        platform.get("/api/platform-keys").await,
        platform.post("/api/platform-keys", &json!({"name": "x", "scopes": ["send"]})).await,
        platform.get("/api/admin/actors").await,
        platform.heartbeat().await,
        platform.post_message(&mine.robot_id, &workbot_robot_sim::ChatMessage::text("a", "x")).await,
    ] {
        let status = refused.unwrap().status;
        assert!(matches!(status, 401 | 403), "a platform is neither phone nor user: {status}");
    }

    let (_, all) =
        key(&owner.rest, json!({"name": "全部", "scopes": ["commands", "robots", "config", "callbacks"]}))
            .await;
    let wide = server.rest().with_token(&all);
    let made = wide.send_commands(&also_mine.robot_id, &[item]).await.unwrap().expect_ok().unwrap();
    let command = made.text("/messageIds/0").unwrap();
    wide.command(&command).await.unwrap().expect_ok().unwrap();
    wide.cancel(&command).await.unwrap().expect_ok().unwrap();
    wide.update_info(&also_mine.robot_id, &json!({"replyAll": 1})).await.unwrap().expect_ok().unwrap();
    wide.get("/api/callbacks/deliveries").await.unwrap().expect_ok().unwrap();
    wide.send_text(&mine.robot_id, &["a"], "x").await.unwrap().expect_error(403, "forbidden").unwrap();
    let foreign_command =
        server.rest().with_token(&foreign.token).send_text(&foreign.robot_id, &["a"], "x").await.unwrap();
    let foreign_command = foreign_command.text("/messageId").unwrap();
    wide.command(&foreign_command).await.unwrap().expect_error(404, "command_not_found").unwrap();
    wide.cancel(&foreign_command).await.unwrap().expect_error(404, "command_not_found").unwrap();

    let elsewhere =
        key(&owner.rest, json!({"name": "ip", "scopes": ["send"], "ipAllow": ["203.0.113.0/24"]})).await.1;
    let answer = server.rest().with_token(elsewhere).send_text(&mine.robot_id, &["a"], "x").await.unwrap();
    answer.expect_error(403, "forbidden").unwrap();
    let here =
        key(&owner.rest, json!({"name": "ip", "scopes": ["send"], "ipAllow": ["127.0.0.0/8"]})).await.1;
    server.rest().with_token(here).send_text(&mine.robot_id, &["a"], "x").await.unwrap().expect_ok().unwrap();
    let soon = (Utc::now() + TimeDelta::milliseconds(1_500)).to_rfc3339();
    let brief = key(&owner.rest, json!({"name": "brief", "scopes": ["send"], "expiresAt": soon})).await.1;
    let brief = server.rest().with_token(brief);
    let answer = until(SOON, "the key ends", async || {
        let answer = brief.send_text(&mine.robot_id, &["a"], "x").await.unwrap();
        (answer.status != 200).then_some(answer)
    })
    .await;
    answer.expect_status(401).unwrap();
    owner.rest.delete(&format!("/api/platform-keys/{id}")).await.unwrap().expect_ok().unwrap();
    platform.send_text(&mine.robot_id, &["a"], "x").await.unwrap().expect_status(401).unwrap();
    server.rest().with_token("wbk_unknown").get("/api/robots").await.unwrap().expect_status(401).unwrap();

    let listed = owner.rest.get("/api/platform-keys").await.unwrap().expect_ok().unwrap();
    assert!(!listed.body.contains(&plain) && !listed.body.contains(&all), "keys are shown once");
    for (body, field) in [
        (json!({"name": "", "scopes": ["send"]}), "name"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["send"], "robotIds": [foreign.robot_id]}), "robotIds[0]"),
        (json!({"name": "x", "scopes": ["send"], "ipAllow": ["x"]}), "ipAllow[0]"),
    ] {
        let answer = owner
            .rest
            .post("/api/platform-keys", &body)
            .await
            .unwrap()
            .expect_error(400, "invalid_request")
            .unwrap();
        assert!(answer.envelope.data["fields"].get(field).is_some(), "{}", answer.body);
    }
}
