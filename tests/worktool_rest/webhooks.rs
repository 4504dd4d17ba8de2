//! What the hosted platform tells: messages once, results, QR codes, presence; and who may tell it.
use serde_json::{Value, json};
use workbot_robot_sim::{Hook, PlatformAnswer};

use super::{Bench, client};
use crate::callbacks::{QUIET, platform};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::SOON;

on_both!(messages_are_taken_once, reports_and_news_are_taken, strangers_are_refused);

async fn tell(bench: &Bench, name: &str, body: &Value) {
    let answer = bench.rest.post(&bench.webhook(name), body).await.unwrap();
    assert_eq!(
        (answer.status, answer.envelope.code, answer.envelope.message.as_str()),
        (200, 0, "success"),
        "{}",
        answer.body
    );
}

fn stored(bench: &Bench) -> Vec<String> {
    bench.server.database().sql("SELECT raw_spoken AS value FROM session_messages ORDER BY seq")
}

async fn messages_are_taken_once(backend: Backend) {
    let bench = Bench::start(backend).await;
    let message = |text: &str, id: Option<&str>| {
        let mut message = json!({"spoken": text, "rawSpoken": text, "receivedName": "仑哥", "groupName": "", "groupRemark": "",
            "roomType": 2, "atMe": "false", "textType": 1});
        if let Some(id) = id {
            message["messageId"] = json!(id);
        }
        message
    };
    // First without, then with an id; one id for two texts: both are quirks of the platform.
    for (text, id) in
        [("一", None), ("一", Some("7")), ("二", Some("8")), ("三", Some("8")), ("二", Some("8"))]
    {
        tell(&bench, "/message", &message(text, id)).await;
    }
    assert_eq!(stored(&bench), ["一", "二", "三"]);
    tell(
        &bench,
        "",
        &json!({"spoken": "真", "receivedName": "甲", "roomType": "2", "atMe": true, "textType": 1}),
    )
    .await;
    let form = client()
        .post(format!("{}{}", bench.server.url(), bench.webhook("")))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(
            [
                ("spoken", "表单"),
                ("rawSpoken", "表单"),
                ("receivedName", "甲"),
                ("roomType", "2"),
                ("textType", "1"),
                ("atMe", "true"),
            ]
            .map(|(name, text)| {
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
            })
            .concat()
                + "--b--\r\n",
        );
    assert_eq!(form.send().await.unwrap().status().as_u16(), 200);
    let pairs = "spoken=%E5%AF%B9&receivedName=%E7%94%B2&roomType=2&textType=1";
    let urlencoded = client()
        .post(format!("{}{}", bench.server.url(), bench.webhook("")))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(pairs);
    assert_eq!(urlencoded.send().await.unwrap().status().as_u16(), 200);
    tell(&bench, "", &json!({"spoken": "a\u{0}b", "receivedName": "甲", "roomType": 2, "textType": 1})).await;
    assert_eq!(stored(&bench)[3..], ["真", "表单", "对", "a\u{fffd}b"]);

    // The platform's trial of an address, and events without a room, are no messages.
    tell(&bench, "", &json!({"spoken": "您好,欢迎使用WorkTool~", "rawSpoken": "@小明 您好,欢迎使用WorkTool~", "receivedName": "WorkTool",
        "groupName": "WorkTool", "groupRemark": "WorkTool", "roomType": 1, "atMe": "true", "textType": 1})).await;
    tell(&bench, "", &json!({"textType": 22, "type": 105, "friendName": "q.", "friendRemark": ""})).await;
    assert_eq!(stored(&bench).len(), 7);
    let events = bench.server.database().sql("SELECT text AS value FROM robot_logs WHERE kind = 'event'");
    assert!(events.len() == 1 && events[0].contains("friendName"), "{events:?}");
    for (body, status) in
        [("{", 400), ("{}", 400), (r#"{"spoken":"x","receivedName":"甲","roomType":9}"#, 400)]
    {
        assert_eq!(bench.rest.post_raw(&bench.webhook(""), body).await.unwrap().status, status, "{body}");
    }
}

async fn reports_and_news_are_taken(backend: Backend) {
    let bench = Bench::start(backend).await;
    let admin = bench.server.admin().await;
    let mut ids = Vec::new();
    for text in ["1", "2", "3"] {
        ids.push(bench.send(json!([{"type": 203, "titleList": ["甲"], "receivedContent": text}])).await);
    }
    let commands = bench.take_all();
    let state = async |id: &str| {
        let batch = admin.get(&format!("/api/robot/commands/{id}")).await.unwrap().expect_ok().unwrap();
        batch.envelope.data["list"][0]["state"].as_str().unwrap().to_owned()
    };
    tell(&bench, "/command", &json!({"sendId": ids[0], "status": "success", "result": {}})).await;
    tell(
        &bench,
        "/command",
        &json!({"messageId": ids[1], "errorCode": 201_102, "errorReason": "x", "successList": [],
        "failList": ["甲"], "type": 203, "rawMsg": "{}"}),
    )
    .await;
    assert_eq!((state(&ids[0]).await.as_str(), state(&ids[1]).await.as_str()), ("succeeded", "failed"));
    tell(&bench, "/command", &json!({"sendId": ids[2], "status": "sent"})).await;
    assert_eq!(state(&ids[2]).await, "sent");
    tell(&bench, "/result", &json!({"messageId": commands.last().unwrap(), "errorCode": 0})).await;

    for body in [
        json!({"sendId": "nobody", "status": "success"}),
        json!({"messageId": "x".repeat(300), "errorCode": 0}),
        json!({}),
    ] {
        tell(&bench, "/command", &body).await;
    }
    let metrics = bench.rest.get("/metrics").await.unwrap().body;
    assert!(metrics.contains("workbot_webhooks_ignored_total 4"), "four told of nothing known");

    let platform = platform(PlatformAnswer::Ok).await;
    let qrcode = json!({"groupName": "测试群1", "qrCode": "https://work.weixin.qq.com/gm/abc"});
    tell(&bench, "/qrcode", &qrcode).await;
    assert!(platform.next(Hook::Event, QUIET).await.is_err());
    bench
        .post("/robot/robotInfo/callBack/bind", &json!({"type": 0, "callBackUrl": platform.url(Hook::Event)}))
        .await;
    platform.next(Hook::Event, SOON).await.unwrap();
    tell(&bench, "/qrcode", &qrcode).await;
    let told = platform.next(Hook::Event, SOON).await.unwrap();
    assert_eq!(
        (&told.json["type"], told.field("event"), told.field("qrCode"), told.field("groupName")),
        (&json!(0), "group_qrcode", "https://work.weixin.qq.com/gm/abc", "测试群1")
    );
    assert_eq!(told.field("robotId"), bench.robot_id);
    tell(&bench, "/status", &json!({"type": 5})).await;
    let lines = bench.server.database().sql("SELECT kind AS value FROM robot_logs ORDER BY seq");
    assert_eq!(lines, ["qrcode", "qrcode", "status"]);
}

async fn strangers_are_refused(backend: Backend) {
    let bench = Bench::start(backend).await;
    let message = json!({"spoken": "x", "receivedName": "甲", "roomType": 2, "textType": 1});
    for name in ["", "/message", "/command", "/result", "/qrcode", "/status"] {
        let path = format!("/api/worktool/callback{name}");
        for (query, status, error) in [
            (format!("robotId={}&key=wrong", bench.link), 403, "forbidden"),
            (format!("robotId={}", bench.link), 403, "forbidden"),
            (format!("robotId=wtunknown&key={}", bench.callback_key), 404, "robot_not_found"),
            (String::new(), 404, "robot_not_found"),
        ] {
            let answer = bench.rest.post(&format!("{path}?{query}"), &message).await.unwrap();
            assert_eq!(
                (answer.status, answer.envelope.error.as_deref()),
                (status, Some(error)),
                "{path}?{query}"
            );
        }
    }
    assert!(stored(&bench).is_empty());
    let log = bench.server.log().join("\n");
    assert!(!log.contains(&bench.link) && !log.contains(&bench.callback_key));
}
