//! Routes of robots, commands and callbacks through the whole application.
use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use workbot_schema::users::Role;

use crate::http::testing::{Answer, TestServer};

async fn call(server: &TestServer, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
    let request = TestRequest::default()
        .method(method)
        .uri(path)
        .insert_header(("Authorization", format!("Bearer {token}")));
    let request = match body {
        Some(body) => request.set_json(body),
        None => request,
    };
    server.send(request).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A native robot: its id and its access token.
async fn native(server: &TestServer, user: &str) -> (String, String) {
    let made = server.post("/api/robots", Some(user), json!({"name": "甲", "kind": "native"})).await;
    assert_eq!(made.status.as_u16(), 200, "{made:?}");
    (text(&made.data()["robotId"]), text(&made.data()["token"]))
}

fn outcome(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.error())
}

#[actix_web::test]
async fn robots_belong_to_their_owner_and_members() {
    let server = TestServer::start(|settings| settings.limits.robots_per_user = 2).await;
    let (_id, owner) = server.user("13800000001", Role::User).await;
    let (other_id, other) = server.user("13800000002", Role::Operator).await;
    let made = server
        .post("/api/robots", Some(&owner), json!({"name": "管家", "kind": "worktool", "replyAll": 1}))
        .await;
    let id = text(&made.data()["robotId"]);
    let link = text(&made.data()["linkId"]);
    assert!(made.data()["callbackKey"].is_string() && made.data()["worktoolApi"] == json!(true));
    let path = format!("/api/robots/{id}");
    assert_eq!(outcome(&server.get(&path, Some(&other)).await), (404, "robot_not_found"));
    let members = json!({"userIds": [other_id]});
    let answer = call(&server, Method::PUT, &format!("{path}/members"), &owner, Some(members)).await;
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
    let seen = server.get(&path, Some(&other)).await;
    assert_eq!(seen.data()["memberIds"], json!([other_id]));
    assert!(!seen.body.to_string().contains(&link));
    assert_eq!(server.get("/api/robots", Some(&other)).await.data()["total"], 1);
    let denied = call(&server, Method::PUT, &path, &other, Some(json!({"name": "x"}))).await;
    assert_eq!(outcome(&denied), (403, "forbidden"));
    assert_eq!(outcome(&server.get(&format!("{path}/link"), Some(&other)).await), (403, "forbidden"));
    assert_eq!(server.get(&format!("{path}/link"), Some(&owner)).await.data()["linkId"], link);

    let changed = call(&server, Method::PUT, &path, &owner, Some(json!({"name": "新", "status": "x"}))).await;
    assert_eq!((&changed.data()["name"], &changed.data()["replyAll"]), (&json!("新"), &json!(1)));
    let stale = call(&server, Method::PUT, &path, &owner, Some(json!({"name": "旧", "version": 1}))).await;
    assert_eq!(outcome(&stale), (409, "version_conflict"));
    let off = call(&server, Method::POST, &format!("{path}/disable"), &owner, None).await;
    assert_eq!(off.data()["enabled"], false, "{off:?}");
    let on = call(&server, Method::POST, &format!("{path}/enable"), &owner, None).await;
    assert_eq!(on.data()["enabled"], true);
    let kicked = call(&server, Method::POST, &format!("{path}/kick"), &owner, None).await;
    assert_eq!(kicked.data()["kicked"], false);
    let counted = server.get(&format!("{path}/statistics"), Some(&owner)).await;
    assert_eq!(counted.data()["commands"]["total"], 0, "{counted:?}");

    native(&server, &owner).await;
    let third = server.post("/api/robots", Some(&owner), json!({"name": "丙", "kind": "native"})).await;
    assert_eq!(outcome(&third), (409, "robot_limit_reached"));
    assert_eq!(call(&server, Method::DELETE, &path, &owner, None).await.status.as_u16(), 200);
    assert_eq!(outcome(&server.get(&path, Some(&owner)).await), (404, "robot_not_found"));
    assert_eq!(server.get("/api/robots?pageSize=500", Some(&owner)).await.data()["total"], 1);

    let (_admin_id, admin) = server.user("13800000003", Role::Admin).await;
    let audit = server.get("/api/admin/audit-logs?action=robot&pageSize=500", Some(&admin)).await;
    assert!(audit.data()["total"].as_i64().unwrap() >= 7, "{audit:?}");
    assert_eq!(audit.data()["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(outcome(&server.get("/api/admin/audit-logs", Some(&owner)).await), (403, "forbidden"));
    server.stop().await;
}

#[actix_web::test]
async fn a_command_from_the_platform_to_a_polling_phone_and_back() {
    let server = TestServer::start(|_settings| {}).await;
    let (_id, owner) = server.user("13800000001", Role::User).await;
    let (id, robot) = native(&server, &owner).await;
    let body = json!({"robotId": id, "type": "text", "titleList": ["张三"], "content": "你好"});
    let request = || {
        TestRequest::post()
            .uri("/api/robot/send-message")
            .insert_header(("Authorization", format!("Bearer {robot}")))
            .insert_header(("Idempotency-Key", "k1"))
    };
    let sent = server.send(request().set_json(&body)).await;
    assert_eq!((&sent.body["message"], &sent.data()["status"]), (&json!("指令已下发"), &json!("pending")));
    let message = text(&sent.data()["messageId"]);
    assert_eq!(sent.data()["commandId"], message);
    let again = server.send(request().set_json(&body)).await;
    assert_eq!(again.body, sent.body);
    assert_eq!(again.headers.get("idempotency-replayed").unwrap(), "true");
    let other =
        server.send(request().set_json(json!({"type": "text", "titleList": ["李四"], "content": "x"}))).await;
    assert_eq!(outcome(&other), (409, "idempotency_mismatch"));

    let looked = server.get(&format!("/api/robot/commands?robotId={id}"), Some(&owner)).await;
    assert_eq!(looked.data()["total"], 1, "{looked:?}");
    let waiting = server.get(&format!("/api/robot/commands/{message}"), Some(&robot)).await;
    assert_eq!(waiting.data()["state"], "queued", "looking claims nothing");
    let polled = server.get("/api/robot/commands?wait=0", Some(&robot)).await;
    assert_eq!(polled.data()["total"], 1, "{polled:?}");
    let command = &polled.data()["list"][0];
    assert_eq!(
        (&command["commandType"], &command["params"]["target"]),
        (&json!("send_message"), &json!("张三"))
    );
    let path = format!("/api/robot/commands/{message}");
    assert_eq!(server.get(&path, Some(&robot)).await.data()["state"], "sent");
    let late = call(&server, Method::DELETE, &path, &robot, None).await;
    assert_eq!(outcome(&late), (409, "command_already_pushed"));
    let acked = call(&server, Method::POST, &format!("{path}/ack"), &robot, None).await;
    assert_eq!((&acked.data()["state"], &acked.data()["accepted"]), (&json!("confirmed"), &json!(true)));
    let done = server
        .post("/api/result", Some(&robot), json!({"commandId": message, "status": "success", "result": {}}))
        .await;
    assert_eq!(done.data()["state"], "succeeded", "{done:?}");
    let record = server.get(&path, Some(&robot)).await;
    assert_eq!(record.data()["history"].as_array().unwrap().len(), 4, "{record:?}");
    let listed = server.get("/api/commands?state=succeeded&type=203", Some(&owner)).await;
    assert_eq!(listed.data()["total"], 1, "{listed:?}");

    let resent = call(&server, Method::POST, &format!("/api/commands/{message}/resend"), &owner, None).await;
    assert_eq!(resent.data()["resendOf"], message, "{resent:?}");
    let second = text(&resent.data()["commandId"]);
    let queue = server.get("/api/offline-queue", Some(&owner)).await;
    assert_eq!(queue.data()["list"][0]["depth"], 1, "{queue:?}");
    let up = format!("/api/commands/{second}/priority");
    let moved = server.post(&up, Some(&owner), json!({"priority": 100})).await;
    assert_eq!(moved.data()["priority"], 100, "{moved:?}");
    let cancel = format!("/api/commands/{second}/cancel");
    for _again in 0..2 {
        let cancelled = call(&server, Method::POST, &cancel, &owner, None).await;
        assert_eq!(cancelled.data()["state"], "cancelled", "{cancelled:?}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn wrong_commands_are_refused_as_a_whole() {
    let server = TestServer::start(|_settings| {}).await;
    let (_id, owner) = server.user("13800000001", Role::User).await;
    let (id, robot) = native(&server, &owner).await;
    let item = json!({"type": 304});
    for (body, status, error, field) in [
        (json!({"list": []}), 400, "invalid_request", "list"),
        (
            json!({"list": [item.clone(), {"type": 204, "titleList": ["a"]}]}),
            400,
            "invalid_request",
            "list[1].textType",
        ),
        (json!({"list": [{"type": 206, "groupName": "a-b"}]}), 422, "rule_violated", "list[0].groupName"),
        (json!({"list": vec![item.clone(); 101]}), 422, "rule_violated", "list"),
        (json!({"list": [item], "priority": 101}), 400, "invalid_request", "priority"),
    ] {
        let answer = server.post("/api/robot/commands", Some(&robot), body.clone()).await;
        assert_eq!(outcome(&answer), (status, error), "{answer:?}");
        assert!(answer.data()["fields"][field].is_string(), "{answer:?}");
    }
    let foreign = json!({"robotId": "robot_1_x", "list": [{"type": 304}]});
    let foreign = server.post("/api/robot/commands", Some(&robot), foreign).await;
    assert_eq!(outcome(&foreign), (404, "robot_not_found"));
    let made = json!({"robotId": id, "list": [{"type": 501, "selectList": ["群"]}, {"type": 507}]});
    let made = server.post("/api/robot/commands", Some(&owner), made).await;
    let ids = made.data()["messageIds"].as_array().unwrap();
    assert_eq!(ids.len(), 2, "{made:?}");
    let revoked = json!({"list": [{"type": 305, "originalContent": ids[0]}]});
    let revoked = server.post("/api/robot/commands", Some(&robot), revoked).await;
    assert_eq!(revoked.status.as_u16(), 200, "{revoked:?}");
    let state = server.get(&format!("/api/robot/commands/{}", text(&ids[0])), Some(&robot)).await;
    assert_eq!(state.data()["state"], "cancelled");
    server.stop().await;
}

#[actix_web::test]
async fn callbacks_are_set_bound_and_replayed() {
    let server = TestServer::start(|_settings| {}).await;
    let (_id, owner) = server.user("13800000001", Role::User).await;
    let (id, robot) = native(&server, &owner).await;
    let update = "/api/robot/robotInfo/update";
    let private = server.post(update, Some(&robot), json!({"callbackUrl": "http://127.0.0.1/cb"})).await;
    assert_eq!(outcome(&private), (422, "callback_address_forbidden"));
    let set = json!({"openCallback": 1, "replyAll": 1, "callbackUrl": "https://cb.example.com/m", "enableSignature": true});
    let set = server.post(update, Some(&robot), set).await;
    assert!(text(&set.data()["signingSecret"]).starts_with("whsec_"), "{set:?}");
    let bind = json!({"robotId": id, "type": 1, "callbackUrl": "https://cb.example.com/r"});
    let bound = server.post("/api/robot/robotInfo/callBack/bind", Some(&owner), bind).await;
    assert_eq!(bound.data()["total"], 2, "{bound:?}");
    let wrong = json!({"type": 2, "callBackUrl": "https://cb.example.com/r"});
    let wrong = server.post("/api/robot/robotInfo/callBack/bind", Some(&robot), wrong).await;
    assert_eq!(outcome(&wrong), (400, "invalid_request"));
    // The binding has raised the version in the store: this must not collide with it.
    let again = server.post(update, Some(&robot), json!({"replyAll": 0, "enableSignature": true})).await;
    assert_eq!(again.data()["replyAll"], 0, "{again:?}");
    assert!(again.data().get("signingSecret").is_none());
    let rotated = server.post("/api/robot/robotInfo/secret/rotate", Some(&robot), json!({})).await;
    assert!(rotated.data()["previousValidUntil"].is_string(), "{rotated:?}");
    let listed = server.get(&format!("/api/robot/robotInfo/callBack/get?robotId={id}"), Some(&owner)).await;
    assert_eq!(listed.data()["list"][0]["callBackUrl"], "https://cb.example.com/r");
    let freed =
        server.post("/api/robot/robotInfo/callBack/deleteByType", Some(&robot), json!({"type": 1})).await;
    assert_eq!(freed.data()["total"], 1, "{freed:?}");

    let tested = server.post("/api/callbacks/test", Some(&owner), json!({"robotId": id})).await;
    let delivery = text(&tested.data()["id"]);
    let path = format!("/api/callbacks/deliveries/{delivery}");
    assert_eq!(server.get(&path, Some(&owner)).await.data()["kind"], "test");
    let replayed = call(&server, Method::POST, &format!("{path}/replay"), &owner, None).await;
    assert_eq!(replayed.data()["replayOf"], delivery, "{replayed:?}");
    let all = server.get(&format!("/api/callbacks/deliveries?robotId={id}&kind=test"), Some(&owner)).await;
    assert_eq!(all.data()["total"], 2, "{all:?}");
    assert_eq!(server.get("/api/callbacks/endpoints", Some(&owner)).await.status.as_u16(), 200);
    let missing = call(&server, Method::POST, "/api/callbacks/endpoints/ep_x/resume", &owner, None).await;
    assert_eq!(outcome(&missing), (404, "endpoint_not_found"));
    server.stop().await;
}

#[actix_web::test]
async fn platform_keys_reach_what_they_name() {
    let server = TestServer::start(|_settings| {}).await;
    let (_id, owner) = server.user("13800000001", Role::User).await;
    let (first, _token) = native(&server, &owner).await;
    let (second, _token) = native(&server, &owner).await;
    let wrong = json!({"name": "k", "scopes": ["send"], "robotIds": ["robot_1_x"]});
    assert_eq!(
        outcome(&server.post("/api/platform-keys", Some(&owner), wrong).await),
        (400, "invalid_request")
    );
    let made = json!({"name": "k", "scopes": ["send", "robots"], "robotIds": [first]});
    let made = server.post("/api/platform-keys", Some(&owner), made).await;
    let (key_id, key) = (text(&made.data()["id"]), text(&made.data()["key"]));
    assert!(key.starts_with("wbk_"));
    let send = |robot: &str| json!({"robotId": robot, "type": "text", "titleList": ["a"], "content": "x"});
    assert_eq!(server.post("/api/robot/send-message", Some(&key), send(&first)).await.status.as_u16(), 200);
    let foreign = server.post("/api/robot/send-message", Some(&key), send(&second)).await;
    assert_eq!(outcome(&foreign), (404, "robot_not_found"));
    let scope = json!({"robotId": first, "list": [{"type": 304}]});
    assert_eq!(outcome(&server.post("/api/robot/commands", Some(&key), scope).await), (403, "forbidden"));
    assert_eq!(server.get("/api/robots", Some(&key)).await.data()["total"], 1);
    let listed = server.get("/api/platform-keys", Some(&owner)).await;
    assert!(!listed.body.to_string().contains(&key) && listed.data()["total"] == 1);
    let revoked = call(&server, Method::DELETE, &format!("/api/platform-keys/{key_id}"), &owner, None).await;
    assert_eq!(revoked.status.as_u16(), 200, "{revoked:?}");
    assert_eq!(outcome(&server.get("/api/robots", Some(&key)).await), (401, "unauthorized"));
    server.stop().await;
}

#[actix_web::test]
async fn operators_see_actors_and_phones_report() {
    let server = TestServer::start(|_settings| {}).await;
    let (_id, admin) = server.user("13800000001", Role::Admin).await;
    let rows = server.get("/api/admin/actors", Some(&admin)).await;
    assert!(rows.data()["list"].as_array().unwrap().iter().any(|row| row["kind"] == "router"), "{rows:?}");
    let missing = call(&server, Method::POST, "/api/admin/actors/none/stop", &admin, None).await;
    assert_eq!(outcome(&missing), (404, "actor_not_found"));
    let restarted = call(&server, Method::POST, "/api/admin/actors/sweep/restart", &admin, None).await;
    assert_eq!(restarted.data()["accepted"], true, "{restarted:?}");
    assert_eq!(server.get("/api/user/info", Some(&admin)).await.data()["phone"], "138****0001");

    let (id, robot) = native(&server, &admin).await;
    let message = json!({"robotId": id, "spoken": "你好\u{0}", "rawSpoken": "你好", "receivedName": "张三",
        "roomType": 2, "atMe": false, "textType": 1, "messageId": "app-1"});
    let first = server.post("/api/robot/messages", Some(&robot), message.clone()).await;
    assert_eq!(first.body["message"], "消息已接收", "{first:?}");
    let again = server.post("/api/robot/messages", Some(&robot), message).await;
    assert_eq!(again.data()["messageId"], first.data()["messageId"]);
    let wrong = json!({"spoken": "x", "rawSpoken": "x", "receivedName": "a", "roomType": 9, "textType": 1});
    let wrong = server.post("/api/robot/messages", Some(&robot), wrong).await;
    assert!(wrong.data()["fields"]["roomType"].is_string(), "{wrong:?}");
    let unknown = server
        .post("/api/robot/command-result", Some(&robot), json!({"commandId": "x", "errorCode": 0}))
        .await;
    assert_eq!(outcome(&unknown), (404, "command_not_found"));
    let plain = server.get("/ws/connect", None).await;
    assert_eq!(outcome(&plain), (401, "unauthorized"));
    server.stop().await;
}
