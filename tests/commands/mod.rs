//! `POST /api/robot/commands` and what becomes of commands: states, history, taking back, polling, results, retries.
mod polling;
mod results;

use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::{Behaviour, Outcome, Rest};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(batches, taking_back, console_routes);

/// A text item.
pub fn text(content: &str) -> Value {
    json!({"type": 203, "titleList": ["张三"], "receivedContent": content})
}

/// Sends one text and answers its id.
pub async fn queue(rest: &Rest, robot: &str, content: &str) -> String {
    let made = rest.send_commands(robot, &[text(content)]).await.unwrap().expect_ok().unwrap();
    made.text("/messageIds/0").unwrap()
}

/// Waits for a state and answers the record.
pub async fn state(rest: &Rest, id: &str, wanted: &str) -> Value {
    rest.wait_state(id, SOON, |state| state == wanted).await.unwrap()
}

/// The states of a record's history, in order.
pub fn history(record: &Value) -> Vec<(String, i64)> {
    let entries = record["history"].as_array().unwrap().iter();
    entries
        .map(|entry| (entry["state"].as_str().unwrap().to_owned(), entry["attempt"].as_i64().unwrap()))
        .collect()
}

async fn batches(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let items = [
        (
            json!({"type": 203, "titleList": ["测试群"], "receivedContent": "你好~", "atList": ["仑哥"]}),
            "send_message",
        ),
        (
            json!({"type": 205, "titleList": ["张三"], "nameList": ["李四"], "originalContent": "x", "textType": 1}),
            "forward_message",
        ),
        (
            json!({"type": 206, "groupName": "测试群01", "selectList": ["仑哥"], "groupAnnouncement": "欢迎"}),
            "create_group",
        ),
        (
            json!({"type": 207, "groupName": "测试群01", "newGroupName": "新群名", "selectList": ["张三"]}),
            "update_group",
        ),
        (json!({"type": 208, "titleList": ["张三"], "objectName": "logo"}), "send_drive_image"),
        (json!({"type": 209, "titleList": ["张三"], "objectName": "手册"}), "send_drive_file"),
        (
            json!({"type": 213, "friend": {"phone": "13800000009", "name": "王五", "leavingMsg": "你好"}}),
            "add_friend",
        ),
        (
            json!({"type": 218, "titleList": ["张三"], "objectName": "a.png", "fileUrl": "https://cdn.example.com/a.png", "fileType": "image"}),
            "send_file",
        ),
        (json!({"type": 219, "groupName": "测试群01"}), "dissolve_group"),
        (json!({"type": 220, "groupName": "测试群01", "friend": {"name": "王五"}}), "add_group_friend"),
        (json!({"type": 221, "titleList": ["张三"], "receivedContent": "交周报"}), "add_todo"),
        (
            json!({"type": 225, "groupName": "测试群01", "friend": {"name": "王五", "markName": "老王"}}),
            "update_member_remark",
        ),
        (
            json!({"type": 226, "titleList": ["张三"], "originalContent": "撤回我", "receivedName": "张三", "textType": 1}),
            "recall_message",
        ),
        (json!({"type": 234, "friend": {"name": "王五"}}), "delete_contact"),
        (json!({"type": 501, "selectList": ["测试群01"]}), ""),
        (json!({"type": 512, "groupName": "测试群01"}), ""),
        (
            json!({"type": 203, "titleList": ["张三"], "receivedContent": "x", "anExtraField": {"kept": [1]}}),
            "send_message",
        ),
    ];
    let list: Vec<Value> = items.iter().map(|(item, _)| item.clone()).collect();
    let phone = server.phone(&robot).await;
    let made = rest.send_commands(&robot.robot_id, &list).await.unwrap().expect_status(200).unwrap();
    let ids: Vec<String> = made.data::<Value>().unwrap()["messageIds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), items.len());
    for ((item, name), id) in items.iter().zip(&ids) {
        let command = phone.serve_next(SOON).await.unwrap();
        assert_eq!(
            (&command.id, command.number),
            (id, item["type"].as_i64().unwrap()),
            "one after the other"
        );
        if !name.is_empty() {
            assert_eq!(command.kind, *name);
        }
        if command.number != 203 {
            for (field, value) in item.as_object().unwrap() {
                assert_eq!(command.params[field], *value, "{field} of {item}");
            }
        }
    }
    for id in &ids {
        state(&rest, id, "succeeded").await;
    }
    many(&server, &rest, &robot.robot_id, &phone).await;
    refusals(&rest, &robot.robot_id).await;

    // What the WorkTool routes call a batch is found by its id, too.
    let (first, second) = (&ids[0], &ids[1]);
    server.database().sql(&format!(
        "UPDATE robot_commands SET batch_id = 'msg_batch' WHERE id IN ('{first}', '{second}')"
    ));
    let batch = rest.command("msg_batch").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&batch["batchId"], batch["list"].as_array().unwrap().len()), (&json!("msg_batch"), 2));
    assert_eq!(batch["list"][0]["commandId"], first.as_str());
    let stranger = server.robot().await.1;
    for id in [first.as_str(), "msg_batch", "msg_unknown", "x%0Ay", "%20"] {
        stranger.command(id).await.unwrap().expect_error(404, "command_not_found").unwrap();
    }
}

async fn many(server: &TestServer, rest: &Rest, robot: &str, phone: &workbot_robot_sim::Phone) {
    let hundred: Vec<Value> = (0..100).map(|number| text(&number.to_string())).collect();
    let began = server.log().len();
    rest.send_commands(robot, &hundred).await.unwrap().expect_ok().unwrap();
    let mut open = Vec::new();
    for number in 0..8 {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(command.content(), number.to_string());
        open.push(command);
    }
    phone.expect_no_command(Duration::from_millis(300)).await.unwrap();
    for command in &open {
        phone.ack(command).await.unwrap();
    }
    for number in 8..100 {
        assert_eq!(
            phone.serve_next(SOON).await.unwrap().content(),
            number.to_string(),
            "strict order, at most 8 unconfirmed"
        );
    }
    for command in &open {
        phone.result(command, Outcome::success(command)).await.unwrap();
    }
    assert!(server.log().len() < began + 50, "no line a command in the log");
    let mut too_many = hundred;
    too_many.push(text("101"));
    let refused =
        rest.send_commands(robot, &too_many).await.unwrap().expect_error(422, "rule_violated").unwrap();
    assert!(refused.envelope.data["fields"].get("list").is_some());
}

async fn refusals(rest: &Rest, robot: &str) {
    let stored = async || {
        rest.get(&format!("/api/commands?robotId={robot}&pageSize=1")).await.unwrap().envelope.data["total"]
            .clone()
    };
    let before = stored().await;
    for (status, list, field) in [
        (400, json!([]), "list"),
        (400, json!([text("ok"), {"titleList": ["a"]}]), "list[1].type"),
        (400, json!([{"type": 999}]), "list[0].type"),
        (400, json!([{"type": 101}]), "list[0].type"),
        (400, json!([7]), "list[0]"),
        (400, json!([{"type": 203, "receivedContent": "x"}]), "list[0].titleList"),
        (400, json!([text("ok"), text("ok"), {"type": 206, "selectList": ["a"]}]), "list[2].groupName"),
        (400, json!([{"type": 203, "titleList": ["a"], "receivedContent": 7}]), "list[0].receivedContent"),
        (422, json!([{"type": 206, "groupName": "a-b", "selectList": ["a"]}]), "list[0].groupName"),
        (422, json!([{"type": 207, "groupName": "a", "newGroupName": "a b"}]), "list[0].newGroupName"),
        (
            422,
            json!([{"type": 225, "groupName": "a", "friend": {"name": "b", "markName": "c@d"}}]),
            "list[0].friend.markName",
        ),
        (
            422,
            json!([{"type": 218, "titleList": ["a"], "objectName": "x", "fileType": "image", "fileBase64": "UklGRiQAAABXRUJQVlA4IA=="}]),
            "list[0].fileBase64",
        ),
    ] {
        let answer =
            rest.post("/api/robot/commands", &json!({"robotId": robot, "list": list})).await.unwrap();
        let answer = answer.expect_status(status).unwrap();
        assert!(answer.envelope.data["fields"].get(field).is_some(), "{field}: {}", answer.body);
    }
    assert_eq!(stored().await, before, "all or none");
    for body in [
        json!({"list": [text("x")], "priority": 101}),
        json!({"list": [text("x")], "expiresIn": 604_801}),
        json!({"robotId": robot}),
    ] {
        rest.post("/api/robot/commands", &body).await.unwrap().expect_error(400, "invalid_request").unwrap();
    }
    let warned = rest
        .send_commands(robot, &[json!({"type": 203, "titleList": ["a b"], "receivedContent": "x"})])
        .await
        .unwrap();
    assert_eq!(warned.envelope.data["warnings"][0]["field"], "list[0].titleList[0]");
}

async fn taking_back(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let cancelled = queue(&rest, id, "cancelled").await;
    for _ in 0..2 {
        let answer = rest.cancel(&cancelled).await.unwrap().expect_status(200).unwrap();
        assert_eq!(answer.envelope.data["state"], "cancelled");
    }
    assert_eq!(
        history(&state(&rest, &cancelled, "cancelled").await),
        [("queued".into(), 1), ("cancelled".into(), 1)]
    );

    let revoked = queue(&rest, id, "revoked").await;
    let item = json!({"type": 305, "originalContent": revoked});
    let made = rest.send_commands(id, &[item]).await.unwrap().expect_ok().unwrap();
    let by = state(&rest, &made.text("/messageIds/0").unwrap(), "succeeded").await;
    assert_eq!(by["successList"], json!([revoked]));
    state(&rest, &revoked, "cancelled").await;

    let cleared = [queue(&rest, id, "1").await, queue(&rest, id, "2").await];
    let made = rest.send_commands(id, &[json!({"type": 304})]).await.unwrap().expect_ok().unwrap();
    let clear = made.text("/messageIds/0").unwrap();
    for cleared in &cleared {
        state(&rest, cleared, "cancelled").await;
    }
    let phone = server.phone(&robot).await;
    let command = phone.next_command(SOON).await.unwrap();
    assert_eq!((&command.id, command.number), (&clear, 304), "the clearing itself goes to the phone");
    phone.ack(&command).await.unwrap();
    phone.result(&command, Outcome::success(&command)).await.unwrap();
    state(&rest, &clear, "succeeded").await;
    rest.cancel(&clear).await.unwrap().expect_error(409, "command_already_pushed").unwrap();

    let pushed = queue(&rest, id, "pushed").await;
    let command = phone.next_command(SOON).await.unwrap();
    rest.cancel(&pushed).await.unwrap().expect_error(409, "command_already_pushed").unwrap();
    for target in [pushed.as_str(), "msg_unknown"] {
        let made = rest
            .send_commands(id, &[json!({"type": 305, "messageId": target})])
            .await
            .unwrap()
            .expect_ok()
            .unwrap();
        let by = state(&rest, &made.text("/messageIds/0").unwrap(), "failed").await;
        let reason = if target == "msg_unknown" { "command_not_found" } else { "command_already_pushed" };
        assert_eq!((&by["errorReason"], &by["attempt"]), (&json!(reason), &json!(1)));
    }
    phone.ack(&command).await.unwrap();
    phone.result(&command, Outcome::success(&command)).await.unwrap();
    state(&rest, &pushed, "succeeded").await;
    phone.expect_no_command(Duration::from_millis(300)).await.unwrap();
}

async fn console_routes(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let id = robot.robot_id.as_str();
    let (low, high) = (queue(&rest, id, "low").await, queue(&rest, id, "high").await);
    let changed =
        admin.post(&format!("/api/commands/{high}/priority"), &json!({"priority": 50})).await.unwrap();
    assert_eq!(changed.expect_ok().unwrap().envelope.data["priority"], 50);
    let depths = admin.get("/api/offline-queue").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&depths["list"][0]["robotId"], &depths["list"][0]["depth"]), (&json!(id), &json!(2)));
    assert!(depths["list"][0]["oldestAgeSecs"].is_i64());
    let gone = queue(&rest, id, "gone").await;
    admin.post(&format!("/api/commands/{gone}/cancel"), &json!({})).await.unwrap().expect_ok().unwrap();
    let phone = server.automatic(&robot, Behaviour::default()).await;
    for done in [&low, &high] {
        state(&rest, done, "succeeded").await;
    }
    let order = |record: Value| record["sentAt"].as_str().unwrap().to_owned();
    assert!(order(state(&rest, &high, "succeeded").await) <= order(state(&rest, &low, "succeeded").await));
    let refused =
        admin.post(&format!("/api/commands/{low}/priority"), &json!({"priority": 1})).await.unwrap();
    refused.expect_error(409, "command_already_pushed").unwrap();
    let again =
        admin.post(&format!("/api/commands/{low}/resend"), &json!({})).await.unwrap().expect_ok().unwrap();
    assert_eq!(again.envelope.data["resendOf"], low.as_str());
    let again = again.text("/commandId").unwrap();
    assert_ne!(again, low);
    state(&rest, &again, "succeeded").await;
    assert_eq!(phone.counters().executed, 3);
    for (query, count) in [
        (format!("robotId={id}"), 4),
        (format!("robotId={id}&state=cancelled"), 1),
        (format!("robotId={id}&type=203&q=low"), 2),
        (format!("robotId={id}&type=218"), 0),
        (format!("robotId={id}&from=2100-01-01T00:00:00Z"), 0),
    ] {
        let found = admin.get(&format!("/api/commands?{query}")).await.unwrap().expect_ok().unwrap();
        assert_eq!(found.envelope.data["total"], count, "{query}");
    }
    let page = admin.get("/api/commands?page=2&pageSize=3").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((page["list"].as_array().unwrap().len(), &page["total"]), (1, &json!(4)));
    let single = admin.get(&format!("/api/commands/{low}")).await.unwrap().expect_ok().unwrap();
    assert_eq!(single.envelope.data["commandId"], low.as_str());
    admin.get("/api/commands/msg_unknown").await.unwrap().expect_error(404, "command_not_found").unwrap();
}
