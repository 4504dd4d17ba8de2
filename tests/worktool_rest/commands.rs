//! Commands by `sendRawMessage`, and what is told of them.
use serde_json::{Value, json};
use workbot_robot_sim::{Hook, PlatformAnswer};

use super::{Bench, client, done, refusal};
use crate::callbacks::platform;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::SOON;

on_both!(calls_are_taken_and_looked_up, wrong_calls_are_refused, calls_are_cleared, results_are_told);

fn text(title: &str, content: &str) -> Value {
    json!({"type": 203, "titleList": [title], "receivedContent": content})
}

async fn calls_are_taken_and_looked_up(backend: Backend) {
    let bench = Bench::start(backend).await;
    let id = bench.send(json!([text("仑哥", "你好~"), text("测试群", "第二条")])).await;
    assert_eq!((id.len(), id.parse::<i64>().is_ok_and(|id| id > 0)), (19, true), "{id}");

    let admin = bench.server.admin().await;
    let batch = admin.get(&format!("/api/robot/commands/{id}")).await.unwrap().expect_ok().unwrap();
    assert_eq!(batch.envelope.data["batchId"], id.as_str());
    let commands = batch.envelope.data["list"].as_array().unwrap().clone();
    assert_eq!(commands.len(), 2);
    assert_ne!(commands[0]["commandId"], commands[1]["commandId"], "each item has an id of its own");
    assert!(
        commands.iter().all(|command| command["commandId"] != id.as_str() && command["state"] == "queued")
    );

    // Numbers as texts, `up`, no socketType, another content type: what clients really send.
    let up = json!({"list": [{"type": "203", "titleList": ["仑哥"], "receivedContent": "先", "up": "1"}]});
    let plain = client()
        .post(format!("{}{}", bench.server.url(), bench.path("/wework/sendRawMessage")))
        .header("content-type", "text/plain")
        .body(up.to_string());
    let answer: Value = serde_json::from_str(&plain.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(answer["code"], 200, "{answer}");
    let urgent =
        admin.get(&format!("/api/robot/commands/{}", answer["data"].as_str().unwrap())).await.unwrap();
    assert_eq!(urgent.envelope.data["list"][0]["priority"], 100);

    let page = bench.get("/wework/listRawMessage?page=1&size=10&sort=create_time,desc").await;
    assert_eq!(
        (&page["pageNum"], &page["pageSize"], &page["totalPage"], &page["total"]),
        (&json!(1), &json!(10), &json!(1), &json!(2))
    );
    let row = &page["list"][1];
    assert_eq!(
        (&row["messageId"], &row["typeList"], &row["apiSend"]),
        (&json!(id), &json!("203"), &json!(1))
    );
    assert_eq!(row["robotId"], bench.link.as_str());
    let body: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["socketType"], &body["list"][1]["receivedContent"]), (&json!(2), &json!("第二条")));
    let created = row["createTime"].as_str().unwrap();
    assert!(chrono::NaiveDateTime::parse_from_str(created, "%Y-%m-%dT%H:%M:%S").is_ok(), "{created}");
    let oldest = bench.get("/wework/listRawMessage?size=1&sort=create_time,asc").await;
    assert_eq!((&oldest["list"][0]["messageId"], &oldest["totalPage"]), (&json!(id), &json!(2)));
    let one = bench.get(&format!("/wework/listRawMessage?messageId={id}")).await;
    assert_eq!((&one["total"], one["list"].as_array().unwrap().len()), (&json!(1), 1));
    assert_eq!(bench.get("/wework/listRawMessage?messageId=1").await["total"], 0);

    let keyed = bench.rest.with_header("Idempotency-Key", "k1");
    let call = json!({"socketType": 2, "list": [text("仑哥", "一次")]});
    let first = done(keyed.post(&bench.path("/wework/sendRawMessage"), &call).await.unwrap());
    assert_eq!(done(keyed.post(&bench.path("/wework/sendRawMessage"), &call).await.unwrap()), first);
}

async fn wrong_calls_are_refused(backend: Backend) {
    let bench = Bench::start(backend).await;
    let path = "/wework/sendRawMessage";
    for (list, code, part) in [
        (json!([]), 500, "不能为空"),
        (Value::Array(vec![text("仑哥", "x"); 101]), 500, "100"),
        (json!([{"titleList": ["仑哥"]}]), 500, "list[0].type"),
        (json!([text("仑哥", "x"), {"type": 900}]), 101_012, "list[1].type"),
        (json!([{"type": 201}]), 101_012, "201"),
        (json!([{"type": 203, "titleList": [], "receivedContent": "x"}]), 500, "titleList"),
        (json!([{"type": 206, "groupName": "测试-群"}]), 500, "保留字符"),
        (json!([{"type": 204, "titleList": ["群"], "receivedContent": "x"}]), 500, "originalContent"),
        (
            json!([{"type": 218, "titleList": ["群"], "objectName": "a.webp", "fileType": "image",
            "fileUrl": "https://cdn.example.com/a.webp?x=1"}]),
            500,
            "webp",
        ),
        (
            json!([{"type": 218, "titleList": ["群"], "objectName": "a.png", "fileUrl": "https://cdn.example.com/a.png"}]),
            500,
            "fileType",
        ),
        (json!([{"type": 205, "titleList": ["群"]}]), 500, "nameList"),
        (json!([{"type": 305}]), 500, "originalContent"),
        (json!("203"), 500, "list"),
    ] {
        let (given, message) = bench.refused(path, &json!({"socketType": 2, "list": list})).await;
        assert!(given == code && message.contains(part), "{code} {part}: {given} {message}");
    }
    assert_eq!(bench.refused(path, &json!({"socketType": 2})).await.0, 500);
    for body in ["", "{", "socketType=2", "nonsense"] {
        let answer = bench.rest.post_raw(&bench.path(path), body).await.unwrap();
        assert_eq!((answer.status, answer.envelope.code), (400, 400), "{body:?}: {}", answer.body);
    }
    assert_eq!(bench.get("/wework/listRawMessage").await["total"], 0, "nothing of a refused call stays");

    // An empty phone is taken out, or the app would try to add nobody.
    let id = bench
        .send(json!([{"type": 213, "friend": {"phone": "", "name": "原昵称", "markName": "新备注名"}}]))
        .await;
    let one = bench.get(&format!("/wework/listRawMessage?messageId={id}")).await;
    assert!(!one["list"][0]["body"].as_str().unwrap().contains("phone"));

    let wrong = bench.rest.get("/wework/sendRawMessage").await.unwrap();
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
}

async fn calls_are_cleared(backend: Backend) {
    let bench = Bench::start(backend).await;
    let admin = bench.server.admin().await;
    let states = async |id: &str| -> Vec<String> {
        let batch = admin.get(&format!("/api/robot/commands/{id}")).await.unwrap().expect_ok().unwrap();
        let list = batch.envelope.data["list"].as_array().unwrap().clone();
        list.iter().map(|command| command["state"].as_str().unwrap().to_owned()).collect()
    };
    let first = bench.send(json!([text("甲", "1"), text("甲", "2")])).await;
    let second = bench.send(json!([text("乙", "3")])).await;
    let clear = bench.send(json!([{"type": 305, "originalContent": first}])).await;
    assert_eq!(states(&first).await, ["cancelled", "cancelled"]);
    assert_eq!(
        (states(&second).await, states(&clear).await),
        (vec!["queued".to_owned()], vec!["succeeded".to_owned()])
    );
    let unknown = bench.send(json!([{"type": 305, "originalContent": "1784417250785046528"}])).await;
    assert_eq!(states(&unknown).await, ["failed"]);
    let rows = bench.get("/robot/rawMsg/list").await;
    assert_eq!((&rows[0]["messageId"], &rows[0]["rawSuccess"]), (&json!(unknown), &json!(101_012)));
    bench.send(json!([{"type": 304}])).await;
    assert_eq!(states(&second).await, ["cancelled"]);
}

async fn results_are_told(backend: Backend) {
    let bench = Bench::start(backend).await;
    let platform = platform(PlatformAnswer::Ok).await;
    bench
        .post(
            "/robot/robotInfo/callBack/bind",
            &json!({"type": 1, "callBackUrl": platform.url(Hook::Result)}),
        )
        .await;
    platform.next(Hook::Result, SOON).await.unwrap();
    let id = bench.send(json!([text("甲", "1"), text("乙", "2")])).await;
    let taken = bench.take_all();
    assert_eq!(taken.len(), 2);
    for (command, code) in taken.iter().zip([0, 201_102]) {
        let report = json!({"messageId": command, "errorCode": code, "errorReason": if code == 0 { "" } else { "发送失败" },
            "runTime": 1_714_273_200_000_i64, "timeCost": 4.512, "rawMsg": "{}", "successList": [], "failList": []});
        let answer = bench.rest.post(&bench.webhook("/result"), &report).await.unwrap();
        assert_eq!((answer.status, answer.envelope.code), (200, 0), "{}", answer.body);
    }
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(platform.next(Hook::Result, SOON).await.unwrap().json);
    }
    assert!(told.iter().all(|body| body["messageId"] == id.as_str() && body["type"] == 203), "{told:?}");
    assert!(told.iter().all(|body| body["robotId"] == bench.robot_id.as_str()));
    assert!(told.iter().all(|body| !body.to_string().contains(&bench.link)), "a link id is told to nobody");
    let raw: Value = serde_json::from_str(told[0]["rawMsg"].as_str().unwrap()).unwrap();
    assert_eq!((&raw["type"], &raw["messageId"]), (&json!(203), &json!(id)));

    let path = bench.path("/robot/rawMsg/list?page=1&size=10&sort=run_time,desc");
    let rows = done(bench.rest.get(&path).await.unwrap());
    let row = &rows[1];
    assert_eq!(
        (&row["rawSuccess"], &row["runTime"], &row["timeCost"]),
        (&json!(0), &json!("2024-04-28T11:00:00"), &json!(4.512))
    );
    assert_eq!(
        (&row["successList"], &row["failList"], &row["messageId"]),
        (&json!("[]"), &json!("[]"), &json!(id))
    );
    assert_eq!(
        (&row["type"], &row["apiSend"], &row["robotId"]),
        (&json!(203), &json!(1), &json!(bench.link))
    );
    assert_eq!((&rows[0]["rawSuccess"], &rows[0]["errorReason"]), (&json!(201_102), &json!("发送失败")));
    for (query, count) in [
        (format!("messageId={id}"), 2),
        (format!("messageId={}", taken[0]), 1),
        ("messageId=nobody".to_owned(), 0),
        ("type=203".to_owned(), 2),
        ("type=218".to_owned(), 0),
        ("startTime=2020-01-01%2000:00:00&endTime=2099-01-01%2000:00:00".to_owned(), 2),
        ("endTime=2020-01-01".to_owned(), 0),
        ("page=2&size=1".to_owned(), 1),
        ("page=3&size=1".to_owned(), 0),
    ] {
        let rows = bench.get(&format!("/robot/rawMsg/list?{query}")).await;
        assert_eq!(rows.as_array().unwrap().len(), count, "{query}");
    }
    let wrong = bench.rest.get(&bench.path("/robot/rawMsg/list?startTime=yesterday")).await.unwrap();
    assert!(refusal(wrong).1.contains("startTime"));
}
