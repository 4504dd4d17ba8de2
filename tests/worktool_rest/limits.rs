//! How much one robot and one address may ask.
use serde_json::json;

use super::{Bench, done, refusal};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(sixty_requests_a_minute, unknown_ids_are_stopped, a_full_queue_is_told);

async fn sixty_requests_a_minute(backend: Backend) {
    let bench = Bench::of(TestServer::builder(backend)).await;
    let list: Vec<_> = (0..100)
        .map(|number| json!({"type": 203, "titleList": ["甲"], "receivedContent": format!("{number}")}))
        .collect();
    bench.send(json!(list)).await;
    let mut taken = 1;
    let refused = loop {
        let answer = bench.rest.get(&bench.path("/robot/robotInfo/online")).await.unwrap();
        if answer.status != 200 {
            break answer;
        }
        taken += 1;
        assert!(taken <= 75, "no limit");
    };
    assert!(taken >= 60, "a batch of 100 costs as much as one request: {taken}");
    assert_eq!((refused.status, refused.envelope.code), (429, 429), "{}", refused.body);
    let wait = refused.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!((1..=60).contains(&wait) && refused.envelope.data["retryAfter"] == wait);
    assert!(!refused.envelope.message.is_empty());
    done(bench.rest.get("/appUpdate/checkUpdate").await.unwrap());
}

async fn unknown_ids_are_stopped(backend: Backend) {
    let bench = Bench::start(backend).await;
    for number in 0..21 {
        let answer = bench.rest.get(&format!("/robot/robotInfo/get?robotId=wtguess{number}")).await.unwrap();
        assert_eq!(refusal(answer), (500, "机器人编号不存在".to_owned()), "{number}");
    }
    let refused = bench.rest.get("/robot/robotInfo/get?robotId=wtguess").await.unwrap();
    assert_eq!((refused.status, refused.envelope.code), (429, 429));
    let wait = refused.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!((290..=300).contains(&wait), "{wait}");
    assert_eq!(bench.rest.get(&bench.path("/robot/robotInfo/get")).await.unwrap().status, 429);
    // A platform that calls for many robots is still heard for those that are known.
    let message = json!({"spoken": "1", "receivedName": "甲", "roomType": 2, "textType": 1});
    bench
        .server
        .admin()
        .await
        .get(&format!("/api/robots/{}", bench.robot_id))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let heard = bench.rest.post(&bench.webhook(""), &message).await.unwrap();
    assert_eq!(heard.status, 200, "{}", heard.body);
}

async fn a_full_queue_is_told(backend: Backend) {
    let bench = Bench::of(TestServer::builder(backend).set("commands.queue_max", 1)).await;
    let call = json!({"socketType": 2, "list": [{"type": 203, "titleList": ["甲"], "receivedContent": "1"}]});
    bench.post("/wework/sendRawMessage", &call).await;
    let answer = crate::support::until(crate::support::server::SOON, "a refusal", async || {
        let answer = bench.rest.post(&bench.path("/wework/sendRawMessage"), &call).await.unwrap();
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!((answer.status, answer.envelope.code), (429, 429), "{}", answer.body);
    assert!(answer.header("retry-after").is_some());
}
