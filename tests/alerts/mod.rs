//! Alerts: rules over what happens to every robot, people who are told, and who may look after it.
mod channels;
mod configuration;
mod numbers;

use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{Hook, Platform, PlatformAnswer, PlatformConfig, Rest};

use crate::callbacks::say;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

on_both!(words_of_a_callback_robot, silence, who_may_handle, kill_before_it_is_sent, restarts_keep_alerts);

/// Long enough to be sure that nothing comes.
pub const QUIET: Duration = Duration::from_millis(1_500);
/// A notification may need a look of the sweep, and a retry.
pub const LATER: Duration = Duration::from_secs(20);

/// A server that limits nobody.
pub async fn start(backend: Backend) -> TestServer {
    TestServer::builder(backend).set("limits.enabled", false).start().await
}

/// A third party that answers so.
pub async fn third_party(answer: PlatformAnswer) -> Platform {
    Platform::start(PlatformConfig { message: Script::always(answer), ..PlatformConfig::default() })
        .await
        .unwrap()
}

/// Creates something and answers its id.
pub async fn create(rest: &Rest, path: &str, body: Value) -> String {
    rest.post(path, &body).await.unwrap().expect_ok().unwrap().text("/id").unwrap()
}

/// A channel that posts to a third party.
pub async fn webhook(rest: &Rest, platform: &Platform) -> String {
    let config = json!({"url": platform.url(Hook::Message)});
    create(rest, "/api/notification-channels", json!({"name": "钩子", "type": "webhook", "config": config}))
        .await
}

/// A rule about words that is told over these channels.
pub async fn word_rule(rest: &Rest, word: &str, channels: &[&str]) -> String {
    let rule = json!({"name": word, "metric": "keyword", "operator": "contains", "value": word,
        "level": "critical", "cooldownSecs": 600, "channelIds": channels});
    create(rest, "/api/alert-rules", rule).await
}

/// The alerts of a rule.
pub async fn alerts(rest: &Rest, rule: &str) -> Vec<Value> {
    let list = rest.get(&format!("/api/alerts?ruleId={rule}")).await.unwrap().expect_ok().unwrap();
    list.envelope.data["list"].as_array().unwrap().clone()
}

/// The alerts of a rule once they are so many, newest first.
pub async fn so_many(rest: &Rest, rule: &str, count: usize) -> Vec<Value> {
    until(LATER, &format!("{count} alerts of {rule}"), async || {
        let alerts = alerts(rest, rule).await;
        (alerts.len() == count).then_some(alerts)
    })
    .await
}

/// An alert once it is so.
pub async fn alert_when(rest: &Rest, id: &str, wanted: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    until(LATER, wanted, async || {
        let alert = rest.get(&format!("/api/alerts/{id}")).await.unwrap().expect_ok().unwrap().envelope.data;
        is_so(&alert).then_some(alert)
    })
    .await
}

async fn words_of_a_callback_robot(backend: Backend) {
    let server = start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let callback = third_party(PlatformAnswer::Ok).await;
    rest.bind_messages(&robot.robot_id, &callback.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
    let told = third_party(PlatformAnswer::Ok).await;
    let channel = webhook(&admin, &told).await;
    let rule = word_rule(&admin, "退款", &[&channel]).await;

    let message = say(&rest, &robot, "张三", "我要退款！").await;
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    assert_eq!(
        (&alert["level"], &alert["code"], &alert["status"], &alert["count"]),
        (&json!("critical"), &json!("keyword"), &json!("active"), &json!(1))
    );
    assert_eq!((&alert["robotId"], &alert["messageId"]), (&json!(robot.robot_id), &json!(message)));
    assert_eq!((&alert["data"]["keyword"], &alert["data"]["userName"]), (&json!("退款"), &json!("张三")));
    let call = told.next(Hook::Message, LATER).await.unwrap();
    assert_eq!((&call.json["type"], &call.json["data"]["alertId"]), (&json!("alert"), &alert["id"]));
    assert_eq!(call.header("webhook-id"), call.json["id"].as_str());
    assert!(callback.next(Hook::Message, SOON).await.is_ok(), "the third party still answers");

    // The same conversation is counted and not told again; another one is an alert of its own.
    say(&rest, &robot, "张三", "快点退款").await;
    say(&rest, &robot, "王五", "你好").await;
    let id = alert["id"].as_str().unwrap();
    alert_when(&admin, id, "counted once more", |alert| alert["count"] == 2).await;
    say(&rest, &robot, "李四", "退款").await;
    so_many(&admin, &rule, 2).await;
    told.next(Hook::Message, LATER).await.unwrap();
    assert!(told.next(Hook::Message, QUIET).await.is_err(), "one notification an alert");
    let detail = alert_when(&admin, id, "sent", |alert| alert["notifications"][0]["state"] == "sent").await;
    assert_eq!(
        (&detail["notifications"][0]["channelType"], &detail["notifications"][0]["attempts"]),
        (&json!("webhook"), &json!(1))
    );

    // After it was resolved the same conversation is a new one.
    let path = format!("/api/alerts/{id}/resolve");
    admin.post(&path, &json!({"note": "已退"})).await.unwrap().expect_ok().unwrap();
    say(&rest, &robot, "张三", "还要退款").await;
    so_many(&admin, &rule, 3).await;

    // The rules every installation begins with.
    say(&rest, &robot, "赵六", "你们是骗子").await;
    so_many(&admin, "preset_risk_words", 1).await;
}

async fn silence(backend: Backend) {
    let server = start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let told = third_party(PlatformAnswer::Ok).await;
    let channel = webhook(&admin, &told).await;
    let quiet = word_rule(&admin, "安静", &[&channel]).await;
    let loud = word_rule(&admin, "响声", &[&channel]).await;
    let path = format!("/api/alert-rules/{quiet}");
    let silenced = admin.put(&path, &json!({"silencedUntil": "2099-01-01T00:00:00Z"})).await.unwrap();
    assert_eq!(silenced.expect_ok().unwrap().envelope.data["silencedUntil"], "2099-01-01T00:00:00.000Z");
    // What follows is judged after the change was heard.
    say(&rest, &robot, "张三", "响声一").await;
    so_many(&admin, &loud, 1).await;
    say(&rest, &robot, "李四", "安静，响声").await;
    so_many(&admin, &loud, 2).await;
    assert!(alerts(&admin, &quiet).await.is_empty());

    admin.put(&path, &json!({"silencedUntil": null})).await.unwrap().expect_ok().unwrap();
    say(&rest, &robot, "王五", "安静").await;
    so_many(&admin, &quiet, 1).await;
    admin.put(&path, &json!({"isActive": false})).await.unwrap().expect_ok().unwrap();
    say(&rest, &robot, "赵六", "安静，响声").await;
    so_many(&admin, &loud, 3).await;
    assert_eq!(alerts(&admin, &quiet).await.len(), 1);
}

async fn who_may_handle(backend: Backend) {
    let server = start(backend).await;
    let (owner, stranger) =
        (server.user("13900000001", "user").await, server.user("13900000002", "user").await);
    let (operator, viewer) =
        (server.user("13900000003", "operator").await, server.user("13900000004", "viewer").await);
    let made = owner
        .rest
        .post("/api/robots", &json!({"name": "管家", "kind": "native", "replyAll": -1}))
        .await
        .unwrap();
    let made = made.expect_ok().unwrap();
    let id = made.text("/robotId").unwrap();
    let rest = server.rest().with_token(made.text("/token").unwrap());
    let message = workbot_robot_sim::ChatMessage::text("张三", "你们是骗子");
    rest.post_message(&id, &message).await.unwrap().expect_ok().unwrap();
    let alert = so_many(&owner.rest, "preset_risk_words", 1).await.remove(0);
    let path = format!("/api/alerts/{}", alert["id"].as_str().unwrap());

    for foreign in [&stranger.rest, &operator.rest] {
        assert!(alerts(foreign, "preset_risk_words").await.is_empty());
        foreign.get(&path).await.unwrap().expect_error(404, "alert_not_found").unwrap();
        foreign
            .post(&format!("{path}/ack"), &json!({}))
            .await
            .unwrap()
            .expect_error(404, "alert_not_found")
            .unwrap();
        foreign
            .get(&format!("/api/alerts?robotId={id}"))
            .await
            .unwrap()
            .expect_error(404, "robot_not_found")
            .unwrap();
    }
    viewer.rest.get(&path).await.unwrap().expect_ok().unwrap();
    viewer
        .rest
        .post(&format!("{path}/ack"), &json!({}))
        .await
        .unwrap()
        .expect_error(403, "forbidden")
        .unwrap();
    server.rest().get("/api/alerts").await.unwrap().expect_error(401, "unauthorized").unwrap();
    rest.get("/api/alerts").await.unwrap().expect_error(403, "forbidden").unwrap();

    let members = json!({"userIds": [operator.id]});
    owner.rest.put(&format!("/api/robots/{id}/members"), &members).await.unwrap().expect_ok().unwrap();
    let long = json!({"note": "长".repeat(501)});
    let wrong = operator.rest.post(&format!("{path}/ack"), &long).await.unwrap();
    assert!(wrong.expect_error(400, "invalid_request").unwrap().json()["data"]["fields"]["note"].is_string());
    let acked = operator.rest.post(&format!("{path}/ack"), &json!({"note": "我来处理"})).await.unwrap();
    let acked = acked.expect_ok().unwrap().envelope.data;
    assert_eq!(
        (&acked["status"], &acked["ackBy"], &acked["note"]),
        (&json!("acknowledged"), &json!(operator.id), &json!("我来处理"))
    );
    // Whoever comes second changes nothing.
    let again = owner.rest.post(&format!("{path}/ack"), &json!({})).await.unwrap().expect_ok().unwrap();
    assert_eq!(again.envelope.data["ackBy"], json!(operator.id));
    let resolved = owner.rest.post_raw(&format!("{path}/resolve"), "").await.unwrap().expect_ok().unwrap();
    assert_eq!(
        (
            &resolved.envelope.data["status"],
            &resolved.envelope.data["resolvedBy"],
            &resolved.envelope.data["note"]
        ),
        (&json!("resolved"), &json!(owner.id), &json!("我来处理"))
    );
    owner.rest.post(&format!("{path}/resolve"), &json!({})).await.unwrap().expect_ok().unwrap();
    let late = owner.rest.post(&format!("{path}/ack"), &json!({})).await.unwrap();
    late.expect_error(409, "alert_resolved").unwrap();
    let open = owner.rest.get("/api/alerts?status=active").await.unwrap().expect_ok().unwrap();
    assert_eq!(open.envelope.data["total"], 0);
    let admin = server.admin().await;
    let audit = admin.get("/api/admin/audit-logs").await.unwrap().expect_ok().unwrap();
    let verbs: Vec<_> =
        audit.envelope.data["list"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    for verb in ["alert.ack", "alert.resolve"] {
        assert_eq!(verbs.iter().filter(|known| **known == verb).count(), 1, "{verb} is written down once");
    }
}

/// A notification whose call was cut off by a kill is made once more, with the same id; one that was recorded never again.
async fn kill_before_it_is_sent(backend: Backend) {
    let mut server = start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let told = third_party(PlatformAnswer::Hang).await;
    let channel = webhook(&admin, &told).await;
    let rule = word_rule(&admin, "退款", &[&channel]).await;
    say(&rest, &robot, "张三", "退款").await;
    let first = told.next(Hook::Message, LATER).await.unwrap();
    server.kill().await;
    told.set_script(Hook::Message, Script::always(PlatformAnswer::Ok));
    server.restart().await;
    let second = told.next(Hook::Message, LATER).await.unwrap();
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.json, second.json);
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    let id = alert["id"].as_str().unwrap();
    alert_when(&admin, id, "sent", |alert| alert["notifications"][0]["state"] == "sent").await;
    server.restart().await;
    assert!(told.next(Hook::Message, QUIET).await.is_err(), "what was recorded is not made again");
}

async fn restarts_keep_alerts(backend: Backend) {
    let mut server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("presence.native_offline_secs", 2)
        .set("presence.heartbeat_interval_ms", 500)
        .start()
        .await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let rule =
        json!({"name": "离线", "metric": "robot_offline", "operator": "gte", "value": 0, "cooldownSecs": 0});
    let rule = create(&admin, "/api/alert-rules", rule).await;
    rest.heartbeat().await.unwrap().expect_ok().unwrap();
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    assert_eq!(alert["robotId"], json!(robot.robot_id));
    // The alert is open over a restart; nobody is told once more.
    server.restart().await;
    let id = alert["id"].as_str().unwrap();
    let phone = server.phone(&robot).await;
    let over = alert_when(&admin, id, "it is over", |alert| alert["status"] == "resolved").await;
    assert_eq!((&over["resolvedBy"], &over["count"]), (&json!("system"), &json!(1)));
    assert_eq!(alerts(&admin, &rule).await.len(), 1);
    phone.stop().await.unwrap();
    so_many(&admin, &rule, 2).await;
}
