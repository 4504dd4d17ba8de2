//! The live feed and the lists behind it: every event once, without a hole, for those who may see it.
use serde_json::{Value, json};
use workbot_robot_sim::{Behaviour, Rest};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;
use crate::support::socket::Bare;

on_both!(events_come_once, rows_and_events_fit, restarts_are_gaps, who_may_watch, frames_of_viewers);

async fn watch(server: &TestServer, token: &str, query: &str) -> Bare {
    Bare::open_at(server.url(), &format!("/ws/monitor?{query}"), token).await.unwrap()
}

/// The next frame of one of these types; counters between are skipped.
async fn next(socket: &mut Bare, kinds: &[&str]) -> Value {
    loop {
        let frame = socket.frame().await;
        if kinds.iter().any(|kind| frame["type"] == *kind) {
            return frame;
        }
        assert!(matches!(frame["type"].as_str(), Some("stat" | "actors")), "{frame}");
    }
}

async fn say(rest: &Rest, text: &str) -> String {
    let body =
        json!({"spoken": text, "receivedName": "张三", "roomType": 2, "textType": 1, "messageId": text});
    rest.post("/api/robot/messages", &body).await.unwrap().expect_ok().unwrap().text("/messageId").unwrap()
}

async fn send(rest: &Rest, robot: &str, text: &str) -> String {
    let body = json!({"robotId": robot, "type": "text", "titleList": ["张三"], "content": text});
    rest.post("/api/robot/send-message", &body)
        .await
        .unwrap()
        .expect_ok()
        .unwrap()
        .text("/messageId")
        .unwrap()
}

async fn events_come_once(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.reader().await;
    let admin = server.user("13800000001", "admin").await;
    let mut live = watch(&server, &admin.token, "channels=panel1,panel2").await;
    let _phone = server.automatic(&robot, Behaviour::default()).await;

    let first = say(&rest, "一").await;
    let received = next(&mut live, &["message_received"]).await;
    assert_eq!(received["channel"], "panel1");
    let data = &received["data"];
    assert_eq!((&data["messageId"], &data["robotId"]), (&json!(first), &json!(robot.robot_id)));
    assert_eq!(
        (&data["userName"], &data["groupName"], &data["content"]),
        (&json!("张三"), &json!(""), &json!("一"))
    );
    assert!(data["sessionId"].is_string() && data["timestamp"].is_string());

    // A repeat is no event: what comes next is the command.
    say(&rest, "一").await;
    let command = send(&rest, &robot.robot_id, "你好").await;
    let sent = next(&mut live, &["message_received", "command_sent", "message_sent"]).await;
    assert_eq!((&sent["type"], &sent["data"]["sendId"]), (&json!("command_sent"), &json!(command)));
    let sent = next(&mut live, &["message_sent"]).await;
    assert_eq!((&sent["data"]["sendId"], &sent["data"]["content"]), (&json!(command), &json!("你好")));
    let mut channels = Vec::new();
    let mut last = sent["seq"].as_i64().unwrap();
    for _ in 0..2 {
        let result = next(&mut live, &["command_result"]).await;
        assert_eq!(
            (&result["data"]["sendId"], &result["data"]["status"]),
            (&json!(command), &json!("succeeded"))
        );
        assert_eq!(result["data"]["result"]["errorCode"], 0);
        assert!(result["seq"].as_i64().unwrap() >= last);
        last = result["seq"].as_i64().unwrap();
        channels.push(result["channel"].as_str().unwrap().to_owned());
    }
    channels.sort();
    assert_eq!(channels, ["panel1", "panel2"]);

    // Who comes back with the last number gets exactly what came after it.
    let second = say(&rest, "二").await;
    let third = say(&rest, "三").await;
    let mut back = watch(&server, &admin.token, &format!("channels=panel1&since={last}")).await;
    for expected in [&second, &third] {
        assert_eq!(next(&mut back, &["message_received"]).await["data"]["messageId"], **expected);
    }
    let mut batched = watch(&server, &admin.token, &format!("channels=panel1&batch=1&since={last}")).await;
    let batch = next(&mut batched, &["batch"]).await;
    let events = batch["data"]["events"].as_array().unwrap();
    let ids: Vec<&Value> = events.iter().map(|event| &event["data"]["messageId"]).collect();
    assert_eq!(ids, [&json!(second), &json!(third)]);
    assert_eq!((&batch["data"]["skipped"], &batch["seq"]), (&json!(0), &batch["data"]["to"]));
}

async fn rows_and_events_fit(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.reader().await;
    let admin = server.user("13800000001", "admin").await;
    let console = server.rest().with_token(&admin.token);
    let mut ids = Vec::new();
    for place in 0..5 {
        ids.push(say(&rest, &format!("第{place}条")).await);
    }
    let mut listed = Vec::new();
    let mut cursor = String::new();
    let as_of = loop {
        let page = console.get(&format!("/api/monitor/messages?limit=2&cursor={cursor}")).await.unwrap();
        let data = page.expect_ok().unwrap().envelope.data;
        listed.extend(
            data["list"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        match data["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break data["asOfSeq"].as_i64().unwrap(),
        }
    };
    listed.reverse();
    assert_eq!(listed, ids);
    let mut live = watch(&server, &admin.token, &format!("channels=panel1&since={as_of}")).await;
    let later = say(&rest, "后来的").await;
    assert_eq!(next(&mut live, &["message_received"]).await["data"]["messageId"], later);

    let command = send(&rest, &robot.robot_id, "等你").await;
    for (query, expected) in [
        ("q=后来".to_owned(), vec![later.clone()]),
        (format!("q={later}"), vec![later.clone()]),
        ("direction=out".to_owned(), vec![command.clone()]),
        ("status=queued".to_owned(), vec![command.clone()]),
        ("status=failed".to_owned(), vec![]),
        ("user=李四".to_owned(), vec![]),
        ("direction=in&user=张&limit=1".to_owned(), vec![later.clone()]),
        (format!("robotId={}&direction=out", robot.robot_id), vec![command.clone()]),
        ("to=2020-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        let page = console.get(&format!("/api/monitor/messages?{query}")).await.unwrap();
        let data = page.expect_ok().unwrap().envelope.data;
        let got: Vec<&str> =
            data["list"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(got, expected, "{query}");
    }
    let why = console.get(&format!("/api/messages/{later}/why")).await.unwrap().expect_ok().unwrap();
    assert_eq!(why.envelope.data["reason"], "read_only");
    assert!(why.envelope.data["message"].as_str().unwrap().contains("只读"));
    console.get("/api/messages/msg_none/why").await.unwrap().expect_error(404, "message_not_found").unwrap();
    console
        .get("/api/monitor/messages?cursor=x")
        .await
        .unwrap()
        .expect_error(400, "invalid_request")
        .unwrap();
    console.get("/api/monitor/messages?limit=0").await.unwrap().expect_error(400, "invalid_request").unwrap();
    let stats = console.get("/api/monitor/ai/stats?window=5m").await.unwrap().expect_ok().unwrap();
    assert_eq!((&stats.envelope.data["window"], &stats.envelope.data["failed"]), (&json!("5m"), &json!(0)));
    console
        .get("/api/monitor/ai/stats?window=2m")
        .await
        .unwrap()
        .expect_error(400, "invalid_request")
        .unwrap();
}

async fn restarts_are_gaps(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let (_robot, rest) = server.reader().await;
    let admin = server.user("13800000001", "admin").await;
    let mut live = watch(&server, &admin.token, "channels=panel1").await;
    say(&rest, "之前").await;
    let seen = next(&mut live, &["message_received"]).await["seq"].as_i64().unwrap();
    say(&rest, "断线时").await;
    server.kill().await;
    server.restart().await;
    let mut back = watch(&server, &admin.token, &format!("channels=panel1&since={seen}")).await;
    let gap = next(&mut back, &["gap"]).await;
    assert_eq!(gap["data"]["from"], seen + 1);
    let to = gap["data"]["to"].as_i64().unwrap();
    // What is missing is in the list; what comes now is above it.
    let console = server.rest().with_token(&admin.token);
    let data = console.get("/api/monitor/messages").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(data["list"][0]["content"], "断线时");
    assert!(data["list"][0]["seq"].as_i64().unwrap() <= to && data["asOfSeq"].as_i64().unwrap() >= to);
    say(&rest, "之后").await;
    let event = next(&mut back, &["message_received"]).await;
    assert_eq!(event["data"]["content"], "之后");
    assert!(event["seq"].as_i64().unwrap() > to);
}

async fn who_may_watch(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.reader().await;
    let stranger = server.user("13800000002", "user").await;
    let viewer = server.user("13800000003", "viewer").await;
    for (token, path, status) in [
        ("", "/ws/monitor?channels=panel1", 401),
        ("nonsense", "/ws/monitor?channels=panel1", 401),
        (robot.token.as_str(), "/ws/monitor?channels=panel1", 401),
        (stranger.token.as_str(), "/ws/monitor?channels=actors", 403),
        (viewer.token.as_str(), "/ws/monitor?channels=panel9", 400),
    ] {
        assert_eq!(Bare::refused_at(server.url(), path, token).await, status, "{path} {token}");
    }
    let mut theirs = watch(&server, &stranger.token, "channels=panel1").await;
    let mut all = watch(&server, &viewer.token, "channels=panel1,actors").await;
    let id = say(&rest, "不给外人看").await;
    assert_eq!(next(&mut all, &["message_received"]).await["data"]["messageId"], id);
    let actors = loop {
        let frame = all.frame().await;
        if frame["type"] == "actors" {
            break frame;
        }
    };
    assert!(
        actors["data"]["list"].as_array().unwrap().iter().any(|row| row["kind"] == "monitor"),
        "{actors}"
    );
    // Two counters later a stranger has seen nothing, not even in the counters.
    for _ in 0..2 {
        let frame = theirs.frame().await;
        assert_eq!((&frame["type"], &frame["data"]["rate"]), (&json!("stat"), &json!(0)));
    }
    server
        .rest()
        .with_token(&stranger.token)
        .get(&format!("/api/messages/{id}/why"))
        .await
        .unwrap()
        .expect_error(404, "message_not_found")
        .unwrap();
}

async fn frames_of_viewers(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.reader().await;
    let admin = server.user("13800000001", "admin").await;
    let mut live = watch(&server, &admin.token, "").await;
    for bad in [
        "x",
        "{}",
        r#"{"op":"sub","channel":"panel9"}"#,
        r#"{"op":"sub","channel":"panel1","filter":{"robot_id":"robot_none"}}"#,
    ] {
        live.text(bad).await;
        assert!(next(&mut live, &["error"]).await["data"]["message"].is_string());
    }
    let sub = json!({"op": "sub", "channel": "panel1", "filter": {"robotId": robot.robot_id, "user": "张"}});
    live.text(sub.to_string()).await;
    next(&mut live, &["stat"]).await;
    let (mut last, mut counted) = (0, 0);
    for place in 0..4 {
        say(&rest, &format!("第{place}条")).await;
        last = loop {
            let frame = next(&mut live, &["batch", "stat"]).await;
            if frame["type"] == "batch" {
                break frame["seq"].as_i64().unwrap();
            }
            counted += frame["data"]["rate"].as_i64().unwrap();
        };
    }
    // Without an acknowledgement only counters come; with it the rows that waited.
    let waiting = say(&rest, "等确认").await;
    while counted < 5 {
        let stat = live.frame().await;
        assert_eq!(stat["type"], "stat");
        counted += stat["data"]["rate"].as_i64().unwrap();
    }
    live.text(json!({"op": "ack", "seq": last}).to_string()).await;
    let batch = next(&mut live, &["batch"]).await;
    assert_eq!(batch["data"]["events"][0]["data"]["messageId"], waiting);
    for _ in 0..30 {
        live.text("not json").await;
    }
    assert_eq!(live.close_code().await, 4029);
}
