//! Robots as users manage them.
mod roles;

use serde_json::{Value, json};

use crate::commands::queue;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::socket::Bare;

on_both!(created_changed_deleted, kicked_and_switched, limits_of_a_user);

async fn created_changed_deleted(backend: Backend) {
    let server = TestServer::start(backend).await;
    let user = server.user("13800000004", "user").await.rest;
    let made = user
        .post("/api/robots", &json!({"name": "管家", "kind": "native"}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let data = &made.envelope.data;
    let id = data["robotId"].as_str().unwrap().to_owned();
    assert_eq!(
        (&data["name"], &data["kind"], &data["status"], &data["enabled"]),
        (&json!("管家"), &json!("native"), &json!("offline"), &json!(true))
    );
    assert_eq!(
        (&data["openCallback"], &data["replyAll"], &data["callbackRetry"], &data["commandRetry"]),
        (&json!(0), &json!(0), &json!(false), &json!(true))
    );
    assert!(data.get("linkId").is_none_or(Value::is_null));
    let token = data["token"].as_str().unwrap().to_owned();
    let robot = server.rest().with_token(&token);
    robot.heartbeat().await.unwrap().expect_ok().unwrap();
    server.rest().refresh(data["refreshToken"].as_str().unwrap()).await.unwrap().expect_ok().unwrap();

    let worktool = user
        .post("/api/robots", &json!({"name": "工具", "kind": "worktool"}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let link = worktool.text("/linkId").unwrap();
    assert!(
        link.len() == 32
            && link.starts_with("wt")
            && link.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
        "{link}"
    );
    assert!(!worktool.text("/callbackKey").unwrap().is_empty());
    assert_eq!(
        (&worktool.envelope.data["commandRetry"], &worktool.envelope.data["worktoolApi"]),
        (&json!(false), &json!(true))
    );
    let other = worktool.text("/robotId").unwrap();
    let shown = user.get(&format!("/api/robots/{other}/link")).await.unwrap().expect_ok().unwrap();
    assert_eq!(shown.text("/linkId").unwrap(), link);
    for path in ["/api/robots".to_owned(), format!("/api/robots/{other}")] {
        let answer = user.get(&path).await.unwrap().expect_ok().unwrap();
        assert!(!answer.body.contains(&link), "a link id is a secret: {path}");
    }

    let list = user.get("/api/robots?page=1&pageSize=1").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&list["total"], list["list"].as_array().unwrap().len()), (&json!(2), 1));
    let found =
        user.get("/api/robots?q=%E7%AE%A1%E5%AE%B6").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&found["total"], &found["list"][0]["robotId"]), (&json!(1), &json!(id)));
    let cut = user.get("/api/robots?pageSize=1000").await.unwrap().expect_ok().unwrap();
    assert_eq!(cut.envelope.data["total"], 2);
    user.get("/api/robots?page=0").await.unwrap().expect_status(400).unwrap();

    let path = format!("/api/robots/{id}");
    let version = user.get(&path).await.unwrap().envelope.data["version"].as_i64().unwrap();
    let change = json!({"name": "新名", "replyAll": 1, "robotGroup": "一组", "robotId": "robot_1_x", "createdAt": "x", "version": version});
    let changed = user.put(&path, &change).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(
        (&changed["name"], &changed["replyAll"], &changed["robotGroup"], &changed["robotId"]),
        (&json!("新名"), &json!(1), &json!("一组"), &json!(id))
    );
    let current = changed["version"].as_i64().unwrap();
    assert!(current > version);
    let stale = user.put(&path, &change).await.unwrap().expect_error(409, "version_conflict").unwrap();
    assert_eq!(stale.envelope.data["currentVersion"], current);
    user.put(&path, &json!({"robotGroup": null})).await.unwrap().expect_ok().unwrap();
    let read = user.get(&path).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&read["robotGroup"], &read["name"]), (&Value::Null, &json!("新名")));
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"replyAll": 2}), "replyAll"),
        (json!({"openCallback": 7}), "openCallback"),
        (json!({"robotKeyCheck": 1}), "robotKeyCheck"),
        (json!({"dailyTokenBudget": -1}), "dailyTokenBudget"),
        (json!({"name": "a\u{0}"}), "name"),
    ] {
        let wrong = user.put(&path, &body).await.unwrap().expect_error(400, "invalid_request").unwrap();
        assert!(wrong.envelope.data["fields"].get(field).is_some(), "{}", wrong.body);
    }
    let keyed = user.put(&path, &json!({"robotKey": "s3cret-value"})).await.unwrap().expect_ok().unwrap();
    assert!(keyed.envelope.data["robotKeySet"] == true && !keyed.body.contains("s3cret-value"));

    queue(&robot, &id, "x").await;
    let statistics =
        user.get(&format!("{path}/statistics?startDate=2026-01-01&endDate=2026-01-02")).await.unwrap();
    assert_eq!(statistics.expect_ok().unwrap().envelope.data["commands"]["total"], 0);
    let statistics = user.get(&format!("{path}/statistics")).await.unwrap().expect_ok().unwrap();
    assert_eq!(statistics.envelope.data["commands"]["total"], 1);
    user.get(&format!("{path}/statistics?startDate=x"))
        .await
        .unwrap()
        .expect_error(400, "invalid_request")
        .unwrap();

    user.delete(&path).await.unwrap().expect_ok().unwrap();
    user.get(&path).await.unwrap().expect_error(404, "robot_not_found").unwrap();
    user.put(&path, &json!({"name": "x"})).await.unwrap().expect_error(404, "robot_not_found").unwrap();
    assert_eq!(user.get("/api/robots").await.unwrap().envelope.data["total"], 1);
    let answer = robot.send_text(&id, &["a"], "x").await.unwrap();
    assert!(matches!(answer.status, 401 | 404), "{}", answer.body);
}

async fn kicked_and_switched(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let path = format!("/api/robots/{}", robot.robot_id);
    let order = async |name: &str| {
        admin.post(&format!("{path}/{name}"), &json!({})).await.unwrap().expect_ok().unwrap()
    };
    assert_eq!(order("kick").await.envelope.data["kicked"], false);
    let mut socket = Bare::online(server.url(), &robot.token).await;
    assert_eq!(order("kick").await.envelope.data["kicked"], true);
    assert_eq!(socket.close_code().await, 4000);
    let mut socket = Bare::online(server.url(), &robot.token).await;
    order("disable").await;
    assert_eq!(socket.close_code().await, 4001);
    rest.callbacks(&robot.robot_id).await.unwrap().expect_error(403, "robot_disabled").unwrap();
    rest.poll(&robot.robot_id, 0).await.unwrap().expect_error(403, "robot_disabled").unwrap();
    server.rest().refresh(&robot.refresh_token).await.unwrap().expect_status(403).unwrap();
    assert_eq!(admin.get(&path).await.unwrap().envelope.data["enabled"], false);
    order("enable").await;
    let mut socket = Bare::online(server.url(), &robot.token).await;
    admin.put(&path, &json!({"enabled": false})).await.unwrap().expect_ok().unwrap();
    assert_eq!(socket.close_code().await, 4001);
    order("enable").await;
    let phone = server.phone(&robot).await;
    queue(&rest, &robot.robot_id, "wieder da").await;
    phone.serve_next(SOON).await.unwrap();
    let audit = admin.get("/api/admin/audit-logs?pageSize=50").await.unwrap().expect_ok().unwrap();
    for action in ["robot.kick", "robot.disable", "robot.enable"] {
        assert!(audit.body.contains(action), "{action} is not in the audit log");
    }
}

async fn limits_of_a_user(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.robots_per_user", 2).start().await;
    let user = server.user("13800000005", "user").await;
    let create = json!({"name": "一", "kind": "native"});
    for _ in 0..2 {
        user.rest.post("/api/robots", &create).await.unwrap().expect_ok().unwrap();
    }
    let refused = user
        .rest
        .post("/api/robots", &create)
        .await
        .unwrap()
        .expect_error(409, "robot_limit_reached")
        .unwrap();
    assert_eq!(refused.envelope.data["limit"], 2);
    let made = server.cli(&["codes", "create", "--days", "30", "--user", &user.phone]).await;
    let code = made["codes"][0]["code"].as_str().unwrap();
    let activated = server.rest().activate(code, &workbot_robot_sim::Device::new("phone")).await.unwrap();
    activated.expect_error(409, "robot_limit_reached").unwrap();
    let list = user.rest.get("/api/robots").await.unwrap().envelope.data;
    let first = list["list"][0]["robotId"].as_str().unwrap();
    user.rest.delete(&format!("/api/robots/{first}")).await.unwrap().expect_ok().unwrap();
    let keyed = user.rest.with_header("Idempotency-Key", "robot-1");
    let one = keyed.post("/api/robots", &create).await.unwrap().expect_ok().unwrap();
    let again = keyed.post("/api/robots", &create).await.unwrap().expect_ok().unwrap();
    assert_eq!(one.envelope.data, again.envelope.data, "the first answer again, its secrets included");
    assert_eq!(user.rest.get("/api/robots").await.unwrap().envelope.data["total"], 2);
    for body in [json!({"kind": "native"}), json!({"name": "x"}), json!({"name": "x", "kind": "phone"})] {
        user.rest.post("/api/robots", &body).await.unwrap().expect_status(400).unwrap();
    }
}
