//! Apps without a socket: they ask for commands, confirm and report by HTTP.
use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::json;

use super::{history, queue, state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(polling);

async fn polling(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let empty = rest.poll(id, 0).await.unwrap().expect_status(200).unwrap();
    assert_eq!(empty.envelope.data, json!({"total": 0, "list": []}));
    rest.poll(id, 26).await.unwrap().expect_error(400, "invalid_request").unwrap();

    let began = Instant::now();
    let (found, first) = join(rest.poll(id, 20), async {
        actix_web::rt::time::sleep(Duration::from_millis(300)).await;
        queue(&rest, id, "awaited").await
    })
    .await;
    let found = found.unwrap().expect_ok().unwrap().envelope.data;
    assert!(began.elapsed() < Duration::from_secs(18), "a waiting poll is woken");
    let command = &found["list"][0];
    assert_eq!((&found["total"], &command["commandId"]), (&json!(1), &json!(first)));
    assert_eq!(
        (&command["commandType"], &command["type"], &command["attempt"]),
        (&json!("send_message"), &json!(203), &json!(1))
    );
    assert_eq!(command["params"]["content"], "awaited");
    state(&rest, &first, "sent").await;
    let again = rest.poll(id, 0).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(again["list"][0]["commandId"], first.as_str(), "unconfirmed, so it is there again");

    let high = rest
        .send_message(&json!({"type": "text", "titleList": ["a"], "content": "high", "priority": 5}))
        .await
        .unwrap();
    let high = high.text("/messageId").unwrap();
    let second = queue(&rest, id, "second").await;
    let list = rest.poll(id, 0).await.unwrap().envelope.data["list"].clone();
    let order: Vec<_> =
        list.as_array().unwrap().iter().map(|command| command["commandId"].as_str().unwrap()).collect();
    assert_eq!(order, [high.as_str(), &first, &second], "highest priority first, then oldest");

    let acked = rest.ack(&first).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(
        (&acked["commandId"], &acked["state"], &acked["accepted"]),
        (&json!(first), &json!("confirmed"), &json!(true))
    );
    let repeated = rest.ack(&first).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(repeated["state"], "confirmed");
    let left = rest.poll(id, 0).await.unwrap().envelope.data["total"].clone();
    assert_eq!(left, 2, "confirmed is never given out again");

    let reported = rest.report_success(id, &first, &["张三"]).await.unwrap().expect_ok().unwrap();
    assert_eq!(reported.envelope.data["state"], "succeeded");
    let repeated = rest.report_success(id, &first, &["张三"]).await.unwrap().expect_ok().unwrap();
    assert_eq!(repeated.envelope.data["accepted"], false, "a late repeat is ignored");
    let short =
        rest.short_result(&high, "success", &json!({"sent": true})).await.unwrap().expect_ok().unwrap();
    assert_eq!(short.envelope.data["state"], "succeeded", "a result confirms, too");
    let moves = history(&state(&rest, &high, "succeeded").await);
    assert_eq!(moves, [("queued".into(), 1), ("sent".into(), 1), ("succeeded".into(), 1)]);
    let body = json!({"robotId": id, "messageId": second, "errorCode": 201_102, "errorReason": "发送消息失败", "executionTimeMs": 900,
        "successList": ["甲"], "failList": ["乙"]});
    rest.command_result(&body).await.unwrap().expect_ok().unwrap();
    let partial = state(&rest, &second, "partial").await;
    assert_eq!(
        (&partial["successList"], &partial["failList"], &partial["errorCode"]),
        (&json!(["甲"]), &json!(["乙"]), &json!(201_102))
    );

    let codeless = queue(&rest, id, "codeless").await;
    rest.poll(id, 0).await.unwrap().expect_ok().unwrap();
    rest.short_result(&codeless, "failed", &json!(null)).await.unwrap().expect_ok().unwrap();
    assert_eq!(state(&rest, &codeless, "failed").await["errorCode"], 501_000);

    for (body, status, error) in [
        (json!({"commandId": "msg_unknown", "errorCode": 0}), 404, "command_not_found"),
        (json!({"errorCode": 0}), 400, "invalid_request"),
        (json!({"commandId": codeless}), 400, "invalid_request"),
        (json!({"commandId": codeless, "status": "maybe"}), 400, "invalid_request"),
        (json!({"robotId": "robot_1_x", "commandId": codeless, "errorCode": 0}), 404, "robot_not_found"),
    ] {
        rest.command_result(&body).await.unwrap().expect_error(status, error).unwrap();
    }
    let stranger = server.robot().await.1;
    stranger
        .short_result(&codeless, "success", &json!(null))
        .await
        .unwrap()
        .expect_error(404, "command_not_found")
        .unwrap();
    stranger.ack(&codeless).await.unwrap().expect_error(404, "command_not_found").unwrap();
    stranger.poll(id, 0).await.unwrap().expect_error(404, "robot_not_found").unwrap();

    // A look by anybody else changes nothing.
    let looked = queue(&rest, id, "looked at").await;
    let admin = server.admin().await;
    let seen = admin.poll(id, 0).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(seen["list"][0]["commandId"], looked.as_str());
    assert_eq!(rest.command(&looked).await.unwrap().text("/state").unwrap(), "queued");
}
