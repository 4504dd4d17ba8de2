//! Slow, dead and forbidden endpoints: given up in time, tried again only when asked to, never in anybody else's way.
use std::time::{Duration, Instant};

use serde_json::json;
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{Hook, PlatformAnswer};

use super::{QUIET, delivery, platform, say};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(
    given_up_in_time,
    tried_again_when_asked,
    order_and_isolation,
    forbidden_addresses,
    paused_and_backlog,
    redirects_are_not_followed,
);

async fn given_up_in_time(backend: Backend) {
    let server = TestServer::builder(backend).set("callbacks.budget_ms", 1_500).start().await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let platform = platform(PlatformAnswer::Ok).await;
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let phone = server.phone(&robot).await;
    for answer in [
        PlatformAnswer::After(Duration::from_secs(4), Box::new(PlatformAnswer::Inline("太晚了".into()))),
        PlatformAnswer::Drip(Duration::from_millis(50)),
        PlatformAnswer::Hang,
        PlatformAnswer::Drop,
        PlatformAnswer::Status(500),
    ] {
        platform.set_script(Hook::Message, Script::always(answer.clone()));
        let began = Instant::now();
        let message = say(&rest, &robot, "张三", &format!("{answer:?}")).await;
        assert!(began.elapsed() < Duration::from_millis(1_400), "the phone does not wait for the endpoint");
        let row = delivery(&admin, &message, "failed").await;
        assert_eq!(row["attempts"], 1, "{answer:?}");
        platform.next(Hook::Message, SOON).await.unwrap();
    }
    assert!(
        platform.next(Hook::Message, Duration::from_millis(1_500)).await.is_err(),
        "no second try by itself"
    );
    phone.expect_no_command(QUIET).await.unwrap();
    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Ok));
    let message = say(&rest, &robot, "张三", "好了").await;
    delivery(&admin, &message, "delivered").await;
}

async fn tried_again_when_asked(backend: Backend) {
    let server = TestServer::builder(backend).set("callbacks.retry_delays_ms", "100,200,300").start().await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let platform = platform(PlatformAnswer::Ok).await;
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let signed = rest
        .update_info(&robot.robot_id, &json!({"enableSignature": true}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    platform.set_secrets(vec![signed.text("/signingSecret").unwrap()]);
    let changed =
        admin.put(&format!("/api/robots/{}", robot.robot_id), &json!({"callbackRetry": true})).await.unwrap();
    changed.expect_ok().unwrap();

    platform.set_script(
        Hook::Message,
        Script::list([PlatformAnswer::Status(500), PlatformAnswer::Drop], PlatformAnswer::Ok),
    );
    let message = say(&rest, &robot, "张三", "第三次成功").await;
    let row = delivery(&admin, &message, "delivered").await;
    assert_eq!(row["attempts"], 3);
    let calls = platform.received(Hook::Message);
    assert_eq!(calls.len(), 3);
    for call in &calls {
        assert_eq!(call.header("webhook-id"), calls[0].header("webhook-id"), "the same id on every try");
        assert_eq!((call.field("messageId"), &call.body), (message.as_str(), &calls[0].body));
    }
    assert_eq!(platform.counters().invalid_signatures, 0);
    let detail =
        admin.get(&format!("/api/callbacks/deliveries/{}", row["id"].as_str().unwrap())).await.unwrap();
    let history = detail.expect_ok().unwrap().envelope.data["history"].clone();
    let statuses: Vec<_> =
        history.as_array().unwrap().iter().map(|attempt| attempt["status"].clone()).collect();
    assert_eq!(statuses, [json!(500), json!(null), json!(200)]);

    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Status(503)));
    let message = say(&rest, &robot, "张三", "nie").await;
    assert_eq!(delivery(&admin, &message, "failed").await["attempts"], 4);
    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Code(7, "不要".into())));
    let message = say(&rest, &robot, "张三", "拒绝").await;
    assert_eq!(delivery(&admin, &message, "failed").await["attempts"], 1, "a refusal in good order is final");
}

async fn order_and_isolation(backend: Backend) {
    // No call to the dead endpoint is over before the other robot's are: whoever waited for one would be seen.
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("callbacks.budget_ms", 30_000)
        .start()
        .await;
    let robots = server.activated_robots(2).await;
    let [dead, lively] = [0, 1].map(|index| (&robots[index], server.rest().with_token(&robots[index].token)));
    let platform = platform(PlatformAnswer::Ok).await;
    let hanging = super::platform(PlatformAnswer::Hang).await;
    dead.1.bind_messages(&dead.0.robot_id, &hanging.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    lively
        .1
        .bind_messages(&lively.0.robot_id, &platform.url(Hook::Message))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    for number in 0..40 {
        say(&dead.1, dead.0, &format!("人{number}"), &number.to_string()).await;
    }
    for number in 0..20 {
        say(&lively.1, lively.0, &format!("人{number}"), &number.to_string()).await;
    }
    platform.wait_counters(SOON, |counters| counters.messages == 20).await.unwrap();
    let under_way = hanging.counters().messages;
    assert!((1..=8).contains(&under_way), "{under_way} calls to a dead endpoint at once");
    for _ in 0..20 {
        platform.next(Hook::Message, SOON).await.unwrap();
    }

    let slow = PlatformAnswer::After(Duration::from_millis(400), Box::new(PlatformAnswer::Ok));
    platform.set_script(Hook::Message, Script::list([slow], PlatformAnswer::Ok));
    for (sender, text) in [("张三", "1"), ("张三", "2"), ("李四", "3"), ("张三", "4")] {
        say(&lively.1, lively.0, sender, text).await;
        if text == "1" {
            platform.wait_counters(SOON, |counters| counters.messages == 21).await.unwrap();
        }
    }
    platform.wait_counters(SOON, |counters| counters.messages == 24).await.unwrap();
    let calls = platform.received(Hook::Message);
    let order: Vec<_> = calls.iter().map(|call| call.field("spoken")).collect();
    let of_one_chat: Vec<_> = calls
        .iter()
        .filter(|call| call.field("receivedName") == "张三")
        .map(|call| call.field("spoken"))
        .collect();
    assert_eq!(of_one_chat, ["1", "2", "4"], "order within a chat");
    assert_eq!(order[1], "3", "another chat does not wait: {order:?}");
    assert!(
        calls[2].at - calls[0].at >= Duration::from_millis(350),
        "the next of a chat waits for the one before"
    );
}

async fn forbidden_addresses(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let id = robot.robot_id.clone();
    let platform = platform(PlatformAnswer::Ok).await;
    rest.bind_messages(&id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    assert!(server.terminate().await.success());
    server.set("callbacks.allow_private", false);
    server.restart().await;
    for address in [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://169.254.169.254/latest/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "x",
        "",
    ] {
        if !address.is_empty() {
            let answer = rest.update_info(&id, &json!({"callbackUrl": address})).await.unwrap();
            assert!(matches!(answer.status, 400 | 422), "{address}: {}", answer.body);
            let named = answer.envelope.data["fields"].get("callbackUrl").is_some();
            assert!(
                named
                    && matches!(
                        answer.envelope.error.as_deref(),
                        Some("callback_address_forbidden" | "invalid_request" | "rule_violated")
                    ),
                "{}",
                answer.body
            );
        }
        let answer = rest.bind_callback(&id, 1, address).await.unwrap();
        assert!(matches!(answer.status, 400 | 422), "{address}: {}", answer.body);
    }
    let pull =
        admin.put(&format!("/api/robots/{id}"), &json!({"pullUrl": "http://127.0.0.1/x"})).await.unwrap();
    pull.expect_error(422, "callback_address_forbidden").unwrap();
    let tried = admin
        .post("/api/callbacks/test", &json!({"robotId": id, "url": "http://127.0.0.1/x"}))
        .await
        .unwrap();
    tried.expect_error(422, "callback_address_forbidden").unwrap();

    // What was allowed when it was stored is judged again when it is called.
    let message = say(&rest, &robot, "张三", "到不了").await;
    let row = delivery(&admin, &message, "failed").await;
    assert!(row["lastError"].is_string(), "{row}");
    assert_eq!(platform.counters().connections, 0);
}

async fn paused_and_backlog(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("callbacks.pause_after_secs", 1)
        .set("callbacks.probe_secs", 1)
        .set("callbacks.backlog_max", 3)
        .set("callbacks.in_flight", 1)
        .set("callbacks.budget_ms", 1_000)
        .start()
        .await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let platform = platform(PlatformAnswer::Hang).await;
    rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let mut messages = Vec::new();
    for number in 0..6 {
        messages.push(say(&rest, &robot, &format!("人{number}"), &number.to_string()).await);
    }
    // One is under way, three wait; the oldest of those that waited gave way.
    delivery(&admin, &messages[1], "dropped").await;
    delivery(&admin, &messages[2], "dropped").await;
    delivery(&admin, &messages[0], "failed").await;

    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Status(500)));
    let endpoint = async || {
        let list = admin.get("/api/callbacks/endpoints").await.unwrap().expect_ok().unwrap();
        list.envelope.data["list"][0].clone()
    };
    crate::support::until(SOON, "the endpoint is paused", async || {
        say(&rest, &robot, "张三", &format!("{:?}", Instant::now())).await;
        endpoint().await["pausedSince"].is_string().then_some(())
    })
    .await;
    let called = platform.counters().messages;
    for number in 0..20 {
        let message = say(&rest, &robot, "李四", &format!("停了 {number}")).await;
        delivery(&admin, &message, "failed").await;
    }
    let probes = platform.counters().messages - called;
    assert!(probes <= 5, "{probes} calls to a paused endpoint");
    platform.set_script(Hook::Message, Script::always(PlatformAnswer::Ok));
    let back = crate::support::until(SOON, "a probe ends the pause", async || {
        say(&rest, &robot, "王五", &format!("{:?}", Instant::now())).await;
        let endpoint = endpoint().await;
        endpoint["pausedSince"].is_null().then_some(endpoint)
    })
    .await;
    assert_eq!(back["consecutiveFailures"], 0);
    let message = say(&rest, &robot, "赵六", "好了").await;
    delivery(&admin, &message, "delivered").await;
}

async fn redirects_are_not_followed(backend: Backend) {
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};
    let server = TestServer::start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let platform = platform(PlatformAnswer::Ok).await;
    let elsewhere = MockServer::start().await;
    let answer = ResponseTemplate::new(302).insert_header("location", platform.url(Hook::Message));
    Mock::given(any()).respond_with(answer).mount(&elsewhere).await;
    rest.bind_messages(&robot.robot_id, &elsewhere.uri()).await.unwrap().expect_ok().unwrap();
    let message = say(&rest, &robot, "张三", "去哪").await;
    let row = delivery(&admin, &message, "failed").await;
    assert_eq!((&row["lastStatus"], &row["attempts"]), (&json!(302), &json!(1)));
    assert_eq!(platform.counters().calls, 0);
}
