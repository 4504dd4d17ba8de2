//! Both signatures, checked by an implementation that shares no code with the program.
use serde_json::json;
use workbot_robot_sim::platform::Verdict;
use workbot_robot_sim::{Hook, PlatformAnswer};

use super::{platform, say};
use crate::commands::{queue, state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(signatures);

async fn signatures(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let platform = platform(PlatformAnswer::Ok).await;
    rest.bind_messages(id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    rest.bind_callback(id, 1, &platform.url(Hook::Result)).await.unwrap().expect_ok().unwrap();
    let switched =
        rest.update_info(id, &json!({"enableSignature": true})).await.unwrap().expect_ok().unwrap();
    let first = switched.text("/signingSecret").unwrap();
    assert!(first.starts_with("whsec_"), "a secret is shown once");
    let again = rest.update_info(id, &json!({"enableSignature": true})).await.unwrap().expect_ok().unwrap();
    assert_eq!(again.envelope.data.get("signingSecret"), None);

    let judge = async |secrets: &[&str], text: &str| {
        platform.set_secrets(secrets.iter().map(|secret| (*secret).to_owned()).collect());
        say(&rest, &robot, "张三", text).await;
        let told = platform.next(Hook::Message, SOON).await.unwrap();
        assert!(told.header("webhook-id").is_some_and(|id| !id.is_empty()));
        (told.signatures.plain, told.signatures.standard)
    };
    assert_eq!(judge(&[&first], "一").await, (Verdict::Valid, Verdict::Valid));
    assert_eq!(judge(&["whsec_c29tZXRoaW5nIGVsc2U="], "二").await, (Verdict::Invalid, Verdict::Invalid));

    let phone = server.phone(&robot).await;
    platform.set_secrets(vec![first.clone()]);
    let sent = queue(&rest, id, "签名").await;
    phone.serve_next(SOON).await.unwrap();
    state(&rest, &sent, "succeeded").await;
    let told = platform.next(Hook::Result, SOON).await.unwrap();
    assert_eq!((told.signatures.plain, told.signatures.standard), (Verdict::Valid, Verdict::Valid));

    let rotated = rest.rotate_secret(id).await.unwrap().expect_ok().unwrap();
    let second = rotated.text("/signingSecret").unwrap();
    assert_ne!(first, second);
    let until = chrono::DateTime::parse_from_rfc3339(&rotated.text("/previousValidUntil").unwrap()).unwrap();
    assert!((until.to_utc() - chrono::Utc::now()).num_minutes() > 23 * 60);
    assert_eq!(judge(&[&second], "三").await, (Verdict::Valid, Verdict::Valid));
    assert_eq!(judge(&[&first], "四").await.1, Verdict::Valid, "the older one signs beside it for a day");
    let detail = server.admin().await.get(&format!("/api/robots/{id}")).await.unwrap().expect_ok().unwrap();
    assert!(!detail.body.contains("whsec_"), "secrets are not shown again");

    rest.update_info(id, &json!({"enableSignature": false})).await.unwrap().expect_ok().unwrap();
    say(&rest, &robot, "张三", "五").await;
    let told = platform.next(Hook::Message, SOON).await.unwrap();
    assert_eq!((told.signatures.plain, told.signatures.standard), (Verdict::Absent, Verdict::Absent));
}
