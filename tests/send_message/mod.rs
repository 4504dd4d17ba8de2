//! `POST /api/robot/send-message`: what is accepted, what reaches the phone, what is refused and how.
mod keys;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use workbot_robot_sim::{Answer, Behaviour, Outcome};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(types_and_fields, order_and_expiry, idempotency, limits, pacing);

fn field_names(answer: &Answer) -> Vec<String> {
    let fields = answer.envelope.data["fields"].as_object();
    fields.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

async fn types_and_fields(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    for (body, number, kind, params) in [
        (
            json!({"type": "text", "titleList": ["张三", "测试群1"], "content": "你好~", "atList": ["@所有人"]}),
            203,
            Some("send_message"),
            json!({"target": "张三", "titleList": ["张三", "测试群1"], "content": "你好~", "messageType": "text", "atList": ["@所有人"]}),
        ),
        (
            json!({"type": "image", "titleList": ["测试群1"], "fileUrl": "https://cdn.example.com/reply.jpg", "fileType": "image", "extraText": "这是我的回复"}),
            218,
            Some("send_file"),
            json!({"titleList": ["测试群1"], "fileUrl": "https://cdn.example.com/reply.jpg", "fileType": "image", "objectName": "reply.jpg", "extraText": "这是我的回复"}),
        ),
        (
            json!({"type": "video", "titleList": ["a"], "fileUrl": "https://cdn.example.com/v.mp4"}),
            218,
            Some("send_file"),
            json!({"fileType": "video", "objectName": "v.mp4"}),
        ),
        (
            json!({"type": "file", "titleList": ["a"], "fileUrl": "https://cdn.example.com/d?id=1", "objectName": "合同.pdf"}),
            218,
            Some("send_file"),
            json!({"fileType": "*", "objectName": "合同.pdf"}),
        ),
        (
            json!({"type": "image", "titleList": ["a"], "objectName": "logo"}),
            208,
            None,
            json!({"objectName": "logo", "titleList": ["a"]}),
        ),
        (
            json!({"type": "file", "titleList": ["a"], "objectName": "手册"}),
            209,
            None,
            json!({"objectName": "手册", "titleList": ["a"]}),
        ),
        (
            json!({"type": "link", "titleList": ["a"], "objectName": "标题", "linkUrl": "https://www.example.com/", "fileUrl": "https://cdn.example.com/i.png", "content": "副标题"}),
            224,
            None,
            json!({"objectName": "标题", "originalContent": "https://www.example.com/", "fileUrl": "https://cdn.example.com/i.png", "receivedContent": "副标题"}),
        ),
        (
            json!({"type": "mini_program", "titleList": ["a"], "objectName": "点餐", "content": "今日菜单"}),
            210,
            None,
            json!({"objectName": "点餐", "receivedContent": "今日菜单"}),
        ),
    ] {
        let sent = rest.send_message(&body).await.unwrap().expect_status(200).unwrap();
        assert_eq!(
            (sent.envelope.success, sent.envelope.code, sent.envelope.message.as_str()),
            (true, 0, "指令已下发")
        );
        let data = &sent.envelope.data;
        assert_eq!((&data["status"], &data["commandId"]), (&json!("pending"), &data["messageId"]));
        assert!(data["messageId"].as_str().unwrap().starts_with("msg_"), "{data}");
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(
            (command.id.as_str(), command.number),
            (data["messageId"].as_str().unwrap(), number),
            "{body}"
        );
        if let Some(kind) = kind {
            assert_eq!(command.kind, kind);
        }
        assert!(command.kind.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", command.kind);
        for (name, value) in params.as_object().unwrap() {
            assert_eq!(command.params[name], *value, "{name} of {body}");
        }
        phone.ack(&command).await.unwrap();
        phone.result(&command, Outcome::success(&command)).await.unwrap();
        let record = rest.wait_state(&command.id, SOON, |state| state == "succeeded").await.unwrap();
        assert_eq!(
            (&record["robotId"], &record["type"], &record["errorCode"]),
            (&json!(robot.robot_id), &json!(number), &json!(0))
        );
        let states: Vec<_> = record["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["queued", "sent", "confirmed", "succeeded"]);
    }
    let warned =
        rest.send_text(&robot.robot_id, &["测试-群", "张三"], "x").await.unwrap().expect_ok().unwrap();
    assert_eq!(warned.envelope.data["warnings"][0]["field"], "titleList[0]");
    refusals(&server, &rest, &robot.robot_id).await;
}

async fn refusals(server: &TestServer, rest: &workbot_robot_sim::Rest, robot: &str) {
    let many: Vec<String> = (0..101).map(|number| format!("群{number}")).collect();
    let ten = &many[..10];
    for (status, fields, body) in [
        (400, vec!["titleList", "type"], json!({})),
        (400, vec!["titleList"], json!({"type": "text", "titleList": [], "content": "x"})),
        (400, vec!["content"], json!({"type": "text", "titleList": ["a"]})),
        (400, vec!["content"], json!({"type": "text", "titleList": ["a"], "content": "  "})),
        (400, vec!["type"], json!({"type": "voice", "titleList": ["a"], "content": "x"})),
        (400, vec!["titleList"], json!({"type": "text", "titleList": "a", "content": "x"})),
        (400, vec!["titleList[1]"], json!({"type": "text", "titleList": ["a", ""], "content": "x"})),
        (
            400,
            vec!["expiresIn", "priority"],
            json!({"type": "text", "titleList": ["a"], "content": "x", "priority": 101, "expiresIn": 0}),
        ),
        (400, vec!["fileUrl"], json!({"type": "image", "titleList": ["a"]})),
        (400, vec!["fileUrl"], json!({"type": "file", "titleList": ["a"], "fileUrl": "file:///etc/passwd"})),
        (400, vec!["linkUrl", "objectName"], json!({"type": "link", "titleList": ["a"]})),
        (400, vec!["content", "objectName"], json!({"type": "mini_program", "titleList": ["a"]})),
        (400, vec!["content"], json!({"type": "text", "titleList": ["a"], "content": "a\u{0}b"})),
        (422, vec!["titleList"], json!({"type": "text", "titleList": many, "content": "x"})),
        (
            422,
            vec!["titleList"],
            json!({"type": "file", "titleList": ten, "fileUrl": "https://cdn.example.com/a.pdf"}),
        ),
        (422, vec!["titleList[0]"], json!({"type": "text", "titleList": ["字".repeat(65)], "content": "x"})),
        (
            422,
            vec!["fileUrl"],
            json!({"type": "image", "titleList": ["a"], "fileUrl": "https://cdn.example.com/A.WebP?x=.png"}),
        ),
    ] {
        let error = if status == 400 { "invalid_request" } else { "rule_violated" };
        let answer = rest.send_message(&body).await.unwrap().expect_error(status, error).unwrap();
        assert_eq!(field_names(&answer), fields, "{body}");
        assert!(answer.envelope.data["fields"].as_object().unwrap().values().all(Value::is_string));
    }
    for raw in
        ["", "{", "[]", "\"x\"", r#"{"type":"text","titleList":["a"],"content":"\ud800"}"#, "{\"a\":1}}"]
    {
        let answer = rest.post_raw("/api/robot/send-message", raw).await.unwrap();
        assert_eq!(answer.status, 400, "{raw}: {}", answer.body);
    }
    let text = |robot: &str| json!({"robotId": robot, "type": "text", "titleList": ["a"], "content": "x"});
    let other = server.activated_robots(1).await.remove(0);
    for unknown in [other.robot_id.as_str(), "robot_1_nobody", ""] {
        let answer = rest.send_message(&text(unknown)).await.unwrap();
        answer.expect_error(404, "robot_not_found").unwrap();
    }
    server.rest().send_message(&text(robot)).await.unwrap().expect_error(401, "unauthorized").unwrap();
    let named = rest.with_header("X-Request-Id", "my-request-1").send_message(&text(robot)).await.unwrap();
    assert_eq!(named.header("x-request-id"), Some("my-request-1"));
}

async fn order_and_expiry(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let mut ids = Vec::new();
    for (content, extra) in [
        ("low", json!({"priority": -5})),
        ("first", json!({})),
        ("high", json!({"priority": 7})),
        ("second", json!({})),
        ("short", json!({"priority": 100, "expiresIn": 1})),
    ] {
        let mut body = json!({"type": "text", "titleList": ["a"], "content": content});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        ids.push(rest.send_message(&body).await.unwrap().expect_ok().unwrap().text("/messageId").unwrap());
    }
    let expired = rest.wait_state(&ids[4], SOON, |state| state == "expired").await.unwrap();
    assert_eq!(expired["history"].as_array().unwrap().len(), 2);
    rest.cancel(&ids[4]).await.unwrap().expect_status(200).unwrap();
    let phone = server.phone(&robot).await;
    for wanted in ["high", "first", "second", "low"] {
        let command = phone.serve_next(SOON).await.unwrap();
        assert_eq!(command.content(), wanted);
        assert!(!command.redelivered);
    }
    phone.expect_no_command(Duration::from_millis(300)).await.unwrap();
}

async fn idempotency(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.robot_per_minute", 12).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    let keyed = rest.with_header("Idempotency-Key", "order-1");
    let answers = join_all((0..6).map(|_| keyed.send_text(&robot.robot_id, &["a"], "once"))).await;
    let ids: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().unwrap().text("/messageId").unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let replays = answers
        .iter()
        .filter(|answer| answer.as_ref().unwrap().header("idempotency-replayed") == Some("true"));
    assert_eq!(replays.count(), 5);
    assert_eq!(phone.serve_next(SOON).await.unwrap().content(), "once");
    let other = keyed.send_text(&robot.robot_id, &["a"], "twice").await.unwrap();
    other.expect_error(409, "idempotency_mismatch").unwrap();
    for _ in 0..30 {
        let again = keyed.send_text(&robot.robot_id, &["a"], "once").await.unwrap().expect_ok().unwrap();
        assert_eq!(again.text("/messageId").unwrap(), ids[0], "replays take nothing from the bucket");
    }
    let refused = rest.with_header("Idempotency-Key", "order-2");
    refused.send_text(&robot.robot_id, &[], "x").await.unwrap().expect_status(400).unwrap();
    let fixed = refused.send_text(&robot.robot_id, &["a"], "x").await.unwrap().expect_ok().unwrap();
    assert_eq!(fixed.header("idempotency-replayed"), None, "refusals are not remembered");
    assert_eq!(phone.serve_next(SOON).await.unwrap().id, fixed.text("/messageId").unwrap());
    let long = rest.with_header("Idempotency-Key", "k".repeat(129));
    long.send_text(&robot.robot_id, &["a"], "x").await.unwrap().expect_status(400).unwrap();
    phone.expect_no_command(Duration::from_millis(300)).await.unwrap();

    let stranger = server.robot().await;
    let theirs = stranger.1.with_header("Idempotency-Key", "order-1");
    let theirs = theirs.send_text(&stranger.0.robot_id, &["a"], "once").await.unwrap().expect_ok().unwrap();
    assert_ne!(theirs.text("/messageId").unwrap(), ids[0], "keys are kept apart by token");
}

async fn limits(backend: Backend) {
    let server = TestServer::builder(backend).set("commands.queue_max", 3).start().await;
    let (robot, rest) = server.robot().await;
    for number in 0..3 {
        rest.send_text(&robot.robot_id, &["a"], &number.to_string()).await.unwrap().expect_ok().unwrap();
    }
    let full =
        rest.send_text(&robot.robot_id, &["a"], "4").await.unwrap().expect_error(429, "queue_full").unwrap();
    assert_eq!(
        full.header("retry-after"),
        Some(full.envelope.data["retryAfter"].as_u64().unwrap().to_string().as_str())
    );
    let phone = server.phone(&robot).await;
    for number in 0..3 {
        assert_eq!(phone.serve_next(SOON).await.unwrap().content(), number.to_string());
    }
    phone.stop().await.unwrap();

    let (robot, rest) = server.robot().await;
    let mut taken = 0;
    let limited = loop {
        let answer = rest.callbacks(&robot.robot_id).await.unwrap();
        if answer.status != 200 {
            break answer.expect_error(429, "rate_limited").unwrap();
        }
        taken += 1;
        assert!(taken < 100, "nothing limits the requests of a robot");
    };
    assert!((60..=65).contains(&taken), "{taken} requests were taken within a moment");
    let seconds = limited.envelope.data["retryAfter"].as_u64().unwrap();
    assert!(
        (1..=60).contains(&seconds) && limited.header("retry-after") == Some(seconds.to_string().as_str())
    );
    let made = json!({"name": "x", "scopes": ["send"], "robotIds": [robot.robot_id]});
    let key = server.admin().await.post("/api/platform-keys", &made).await.unwrap().expect_ok().unwrap();
    let platform = server.rest().with_token(key.text("/key").unwrap());
    for client in [&rest, &platform] {
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(client.send_text(&robot.robot_id, &["a"], "x").await.unwrap().status);
        }
        assert!(
            answers.contains(&429),
            "all routes and credentials of a robot share one bucket: {answers:?}"
        );
    }
    rest.heartbeat().await.unwrap().expect_ok().unwrap();
}

async fn pacing(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let list: Vec<Value> = (0..80)
        .map(|number| json!({"type": 203, "titleList": ["a"], "receivedContent": number.to_string()}))
        .collect();
    rest.send_commands(&robot.robot_id, &list).await.unwrap().expect_ok().unwrap();
    let phone = server.automatic(&robot, Behaviour::default()).await;
    phone.wait_counters(SOON, |counters| counters.executed >= 60).await.unwrap();
    let began = Instant::now();
    let more = phone.wait_counters(SOON, |counters| counters.executed >= 64).await.unwrap();
    assert!(
        began.elapsed() > Duration::from_millis(1_500),
        "{} pushes within {:?}",
        more.executed,
        began.elapsed()
    );
    assert_eq!(more.memory.order_violations, 0);
}

/// Needs a database that can be held up from outside for longer than a repeat is willing to wait.
#[actix_web::test]
async fn a_repeat_does_not_wait_for_ever() {
    let server = TestServer::builder(Backend::Postgres).set("journal.write_timeout_ms", 20_000).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    server.expect_errors("the database is away");
    let keyed = rest.with_header("Idempotency-Key", "slow-1");
    let held = server.database().hold("LOCK TABLE robot_commands IN ACCESS EXCLUSIVE MODE").await;
    let (first, repeat) = {
        let (one, two, id) = (keyed.clone(), keyed.clone(), robot.robot_id.clone());
        let first = actix_web::rt::spawn(async move { one.send_text(&id, &["a"], "once").await.unwrap() });
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        let id = robot.robot_id.clone();
        (first, actix_web::rt::spawn(async move { two.send_text(&id, &["a"], "once").await.unwrap() }))
    };
    let repeat = repeat.await.unwrap();
    let error = repeat.envelope.error.as_deref();
    assert!(
        matches!((repeat.status, error), (409, Some("idempotency_in_progress")) | (503, _)),
        "{}",
        repeat.body
    );
    held.release();
    let first = first.await.unwrap();
    assert!(matches!(first.status, 200 | 503), "{}", first.body);
    let again = until(SOON, "the database is back", async || {
        let answer = keyed.send_text(&robot.robot_id, &["a"], "once").await.unwrap();
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert_eq!(phone.serve_next(SOON).await.unwrap().id, again.text("/messageId").unwrap());
    phone.expect_no_command(Duration::from_millis(500)).await.unwrap();
}
