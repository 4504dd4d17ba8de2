//! Bad requests of every kind: a clear answer to each, the server goes on, its memory stays bounded, and what it accepted is there.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use workbot_robot_sim::{Answer, Device, Rest};

use super::one_command;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::instance::resident_kib;
use crate::support::server::TestServer;

on_both!(every_field, whole_bodies);

/// A body that is right, with the names of the fields that must be there.
struct Good {
    path: &'static str,
    body: Value,
    needed: &'static [&'static str],
    /// Any value of these is taken: phones may be of another version.
    lenient: &'static [&'static str],
}

fn good(
    path: &'static str,
    body: Value,
    needed: &'static [&'static str],
    lenient: &'static [&'static str],
) -> Good {
    Good { path, body, needed, lenient }
}

fn table(robot: &str) -> Vec<Good> {
    let device = Device::new("device-x");
    vec![
        good(
            "/api/robot/send-message",
            json!({"robotId": robot, "type": "text", "titleList": ["张三"], "content": "x", "atList": ["a"], "priority": 1,
                "expiresIn": 60}),
            &["type", "titleList", "content"],
            &[],
        ),
        good(
            "/api/robot/send-message",
            json!({"robotId": robot, "type": "file", "titleList": ["张三"], "fileUrl": "https://a.example/a.pdf",
                "objectName": "a.pdf", "fileType": "*", "extraText": "x"}),
            &["type", "titleList"],
            &[],
        ),
        good(
            "/api/robot/commands",
            json!({"robotId": robot, "list": [{"type": 203, "titleList": ["a"], "receivedContent": "x"}], "priority": 1,
                "expiresIn": 60}),
            &["list"],
            &[],
        ),
        good(
            "/api/robot/messages",
            json!({"robotId": robot, "spoken": "x", "rawSpoken": "x", "receivedName": "a", "groupName": "", "groupRemark": "",
                "roomType": 2, "atMe": false, "textType": 1, "timestamp": 1_700_000_000_000_i64}),
            &["receivedName", "roomType"],
            &[
                "robotId",
                "spoken",
                "rawSpoken",
                "groupName",
                "groupRemark",
                "atMe",
                "timestamp",
                "textType",
                "receivedName",
                "messageId",
            ],
        ),
        good(
            "/api/robot/command-result",
            json!({"robotId": robot, "commandId": "msg_1_unknown", "errorCode": 0, "errorReason": "", "executionTimeMs": 1,
                "successList": ["a"], "failList": []}),
            &["commandId", "errorCode"],
            &[
                "robotId",
                "errorReason",
                "executionTimeMs",
                "successList",
                "failList",
                "commandId",
                "errorCode",
            ],
        ),
        good(
            "/api/result",
            json!({"commandId": "msg_1_unknown", "status": "success", "result": {}}),
            &["commandId", "status"],
            &["result", "status"],
        ),
        good(
            "/api/robot/robotInfo/update",
            json!({"robotId": robot, "openCallback": 0, "replyAll": 0, "callbackUrl": "https://a.example/", "fallbackToFlow": false}),
            &[],
            &[],
        ),
        good(
            "/api/robot/robotInfo/callBack/bind",
            json!({"robotId": robot, "type": 1, "callBackUrl": "https://a.example/"}),
            &["type", "callBackUrl"],
            &[],
        ),
        good(
            "/api/robot/robotInfo/callBack/deleteByType",
            json!({"robotId": robot, "type": 0}),
            &["type"],
            &[],
        ),
        good(
            "/api/heartbeat",
            json!({"timestamp": 1, "batteryLevel": 80, "networkType": "wifi"}),
            &[],
            &["timestamp", "batteryLevel", "networkType"],
        ),
        good("/api/robot/refresh-token", json!({"refreshToken": "x"}), &["refreshToken"], &[]),
        good(
            "/api/robot-ids/verify",
            json!({"code": "ABCDEFGH", "deviceId": "d"}),
            &["code", "deviceId"],
            &[],
        ),
        good(
            "/api/robot-ids/activate",
            json!({"code": "ABCDEFGH", "deviceInfo": device}),
            &["code", "deviceInfo"],
            &[],
        ),
    ]
}

/// What no field of these routes can be, each with a word for it.
fn bad_values() -> Vec<(&'static str, Value)> {
    vec![
        ("null", Value::Null),
        ("true", json!(true)),
        ("number", json!(17)),
        ("huge number", json!(u64::MAX)),
        ("negative", json!(-2_147_483_649_i64)),
        ("fraction", json!(1.5e300)),
        ("empty text", json!("")),
        ("unknown word", json!("voice_of_a_whale")),
        ("long text", json!("长".repeat(20_000))),
        ("list", json!([])),
        ("list of lists", json!([[[1]], null, {}])),
        ("object", json!({"a": {"b": [1, 2, {"c": null}]}})),
    ]
}

/// The answer is a clear refusal, or the value was taken.
fn check(answer: &Answer, what: &str) {
    assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.body);
    if answer.status < 400 {
        return;
    }
    let envelope = &answer.envelope;
    let is_clear = !envelope.success
        && envelope.code == i64::from(answer.status)
        && !envelope.message.is_empty()
        && envelope.error.as_ref().is_some_and(|error| !error.is_empty())
        && envelope.request_id.is_some();
    assert!(is_clear, "{what}: {} {}", answer.status, answer.body);
}

fn names(answer: &Answer, field: &str) -> bool {
    let fields = answer.envelope.data["fields"].as_object();
    fields.is_some_and(|fields| fields.keys().any(|name| name.starts_with(field)))
}

fn with(body: &Value, field: &str, value: Option<Value>) -> Value {
    let mut fields: Map<String, Value> = body.as_object().unwrap().clone();
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    Value::Object(fields)
}

async fn every_field(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let before_kib = resident_kib(server.program().pid());
    let (mut refused, mut taken, mut accepted) = (0, 0, Vec::new());
    for good in table(&robot.robot_id) {
        let right = rest.post(good.path, &good.body).await.unwrap();
        check(&right, good.path);
        keep(&right, good.path, &mut accepted);
        let unknown = with(&good.body, "aFieldOfTomorrow", Some(json!({"x": [1, null]})));
        let unknown = rest.post(good.path, &unknown).await.unwrap();
        keep(&unknown, good.path, &mut accepted);
        assert_eq!(
            unknown.status, right.status,
            "{}: unknown fields are no error: {}",
            good.path, unknown.body
        );
        for field in good.body.as_object().unwrap().keys() {
            let what = format!("{} without {field}", good.path);
            let missing = rest.post(good.path, &with(&good.body, field, None)).await.unwrap();
            check(&missing, &what);
            keep(&missing, good.path, &mut accepted);
            if good.needed.contains(&field.as_str()) {
                assert_eq!(missing.status, 400, "{what}: {}", missing.body);
                assert!(names(&missing, field), "{what}: {}", missing.body);
            }
            let repeated = good.body.to_string();
            let repeated = format!("{{\"{field}\":{},{}", good.body[field], repeated.get(1..).unwrap());
            let repeated = rest.post_raw(good.path, repeated).await.unwrap();
            assert_eq!(repeated.status, 400, "{} with {field} twice: {}", good.path, repeated.body);
            assert!(names(&repeated, field), "{} with {field} twice: {}", good.path, repeated.body);
            for (word, value) in bad_values() {
                let what = format!("{}, {field} is {word}", good.path);
                let answer =
                    rest.post(good.path, &with(&good.body, field, Some(value.clone()))).await.unwrap();
                check(&answer, &what);
                keep(&answer, good.path, &mut accepted);
                let is_other_type = value.is_object() != good.body[field].is_object() && value.is_object();
                if is_other_type && !good.lenient.contains(&field.as_str()) {
                    assert_eq!(answer.status, 400, "{what}: {}", answer.body);
                    assert!(names(&answer, field), "{what}: {}", answer.body);
                }
                if answer.status < 400 { taken += 1 } else { refused += 1 }
            }
        }
    }
    let rows = server.database().sql("SELECT id AS value FROM robot_commands WHERE source <> 'flow'");
    let messages = server.database().sql("SELECT id AS value FROM session_messages");
    // The same message within moments is one message.
    let accepted: BTreeSet<_> = accepted.into_iter().collect();
    for id in &accepted {
        assert!(rows.contains(id) || messages.contains(id), "{id} was accepted and is not there");
    }
    assert_eq!(rows.len() + messages.len(), accepted.len(), "nothing that was refused is there");
    let after_kib = resident_kib(server.program().pid());
    println!(
        "{backend:?}: {refused} refused, {taken} taken, {} rows kept; {before_kib} KiB to {after_kib} KiB",
        accepted.len()
    );
    assert!(after_kib < before_kib + 80 * 1_024, "{before_kib} KiB before, {after_kib} KiB after");
}

/// Notes what a creation answered.
fn keep(answer: &Answer, path: &str, accepted: &mut Vec<String>) {
    if answer.status >= 300 {
        return;
    }
    let data = &answer.envelope.data;
    match path {
        "/api/robot/send-message" | "/api/robot/messages" => {
            accepted.push(data["messageId"].as_str().unwrap().to_owned());
        }
        "/api/robot/commands" => {
            let ids = data["messageIds"].as_array().unwrap();
            accepted.extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()));
        }
        _ => {}
    }
}

async fn post(rest: &Rest, path: &str, body: String) -> Answer {
    let answer = rest.post_raw(path, body).await.unwrap();
    check(&answer, path);
    answer
}

async fn whole_bodies(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    one_command(&phone, &rest, &robot.robot_id, "before").await;
    let before_kib = resident_kib(server.program().pid());
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    for path in
        ["/api/robot/send-message", "/api/robot/messages", "/api/robot/commands", "/api/robot-ids/verify"]
    {
        for body in [
            deep("[", "]"),
            deep("{\"a\":", "}").replace(":}", ":1}"),
            format!("{{\"list\":{}}}", deep("[", "]")),
            "[".repeat(900_000),
            "{\"a\":".repeat(100_000),
            "\"".to_owned(),
            "nul".to_owned(),
            "1e999".to_owned(),
            r#"{"spoken":"\ud800","content":"\ud800x","code":"\udc00"}"#.to_owned(),
            "{\"spoken\":\"\u{1}\"}".to_owned(),
            "\u{feff}{}".to_owned(),
            String::new(),
        ] {
            let answer = post(&rest, path, body.clone()).await;
            assert_eq!(answer.status, 400, "{path} {:.40}: {}", body, answer.body);
        }
    }
    let titles: Vec<String> = (0..10_000).map(|number| format!("群{number}")).collect();
    let many = json!({"robotId": robot.robot_id, "type": "text", "titleList": titles, "content": "x"});
    assert_eq!(post(&rest, "/api/robot/send-message", many.to_string()).await.status, 422);
    let many = json!({"robotId": robot.robot_id, "list": vec![json!({"type": 304}); 10_000]});
    assert!(matches!(post(&rest, "/api/robot/commands", many.to_string()).await.status, 400 | 422));
    // The whole body is refused by its length, whether or not it is declared; what was sent too much may cut the connection.
    let picture =
        format!("{{\"robotId\":\"{}\",\"fileBase64\":\"{}\"}}", robot.robot_id, "A".repeat(50 << 20));
    for path in ["/api/robot/messages", "/api/robot/commands", "/api/robot-ids/verify"] {
        match rest.post_raw(path, picture.clone()).await {
            Ok(answer) => assert_eq!(answer.status, 413, "{path}: {}", answer.body),
            Err(error) => assert!(error.is_transient(), "{path}: {error}"),
        }
    }
    let nul = json!({"robotId": robot.robot_id, "spoken": "a\u{0}b", "receivedName": "张\u{0}三", "roomType": 2, "textType": 1});
    let kept = rest
        .post("/api/robot/messages", &nul)
        .await
        .unwrap()
        .expect_ok()
        .unwrap()
        .text("/messageId")
        .unwrap();
    let stored =
        format!("SELECT spoken || '/' || received_name AS value FROM session_messages WHERE id = '{kept}'");
    assert_eq!(
        server.database().sql(&stored),
        ["a\u{fffd}b/张\u{fffd}三"],
        "what phones send is mended, not lost"
    );
    let nul = json!({"robotId": robot.robot_id, "type": "text", "titleList": ["a"], "content": "a\u{0}b"});
    let refused = rest.send_message(&nul).await.unwrap().expect_error(400, "invalid_request").unwrap();
    assert!(names(&refused, "content"), "{}", refused.body);
    for path in [
        "/%00",
        "/api/robot/commands/%00",
        "/api/robot/commands/a%00b",
        "/api/robots/%ff%fe",
        "/api/robot/commands?robotId=%00",
    ] {
        let answer = rest.get(path).await.unwrap();
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
    }
    let after_kib = resident_kib(server.program().pid());
    println!("{backend:?}: {before_kib} KiB before, {after_kib} KiB after");
    assert!(after_kib < before_kib + 120 * 1_024, "{before_kib} KiB before, {after_kib} KiB after");
    one_command(&phone, &rest, &robot.robot_id, "after").await;
    assert_eq!(phone.counters().connects, 1);
}
