//! Online and offline events: the last state, after it has held.
use std::time::Duration;

use serde_json::json;
use workbot_robot_sim::{Hook, PlatformAnswer};

use super::platform;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(online_and_offline);

async fn online_and_offline(backend: Backend) {
    const DEBOUNCE: Duration = Duration::from_millis(1_000);
    let mut server =
        TestServer::builder(backend).set("callbacks.event_debounce_ms", DEBOUNCE.as_millis()).start().await;
    let (robot, rest) = server.robot().await;
    let platform = platform(PlatformAnswer::Ok).await;
    for kind in [5, 6] {
        rest.bind_callback(&robot.robot_id, kind, &platform.url(Hook::Event))
            .await
            .unwrap()
            .expect_ok()
            .unwrap();
    }
    let phone = server.phone(&robot).await;
    for _ in 0..3 {
        phone.reconnect(SOON).await.unwrap();
    }
    let online = platform.next(Hook::Event, SOON).await.unwrap();
    let body = &online.json;
    assert_eq!(
        (&body["type"], &body["event"], &body["robotId"], &body["robotUuid"]),
        (&json!(5), &json!("online"), &json!(robot.robot_id), &json!(robot.robot_uuid))
    );
    assert!(body["robotName"].is_string() && body["reason"].is_string());
    assert!(chrono::DateTime::parse_from_rfc3339(online.field("timestamp")).is_ok());

    phone.disconnect().await.unwrap();
    phone.wait_ended(SOON).await.unwrap();
    phone.reconnect(SOON).await.unwrap();
    let more = platform.next(Hook::Event, DEBOUNCE + Duration::from_millis(1_200)).await;
    assert!(more.is_err(), "a short absence is nobody's business: {:?}", more.map(|event| event.json));

    phone.close(1000, "bye").await.unwrap();
    phone.wait_ended(SOON).await.unwrap();
    let offline = platform.next(Hook::Event, SOON).await.unwrap();
    assert_eq!((&offline.json["type"], &offline.json["event"]), (&json!(6), &json!("offline")));

    phone.reconnect(SOON).await.unwrap();
    assert_eq!(platform.next(Hook::Event, SOON).await.unwrap().json["event"], "online");
    assert!(server.terminate().await.success());
    server.restart().await;
    phone.wait_ended(SOON).await.unwrap();
    phone.reconnect(SOON).await.unwrap();
    let more = platform.next(Hook::Event, DEBOUNCE + Duration::from_millis(1_200)).await;
    assert!(more.is_err(), "a restart of the server is told to nobody: {:?}", more.map(|event| event.json));
}
