//! Rules and channels: made, changed, owned, refused by name.
use serde_json::{Value, json};
use workbot_robot_sim::Rest;

use super::{create, start};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(rules, channels_keep_secrets, owners, wrong_fields, forbidden_addresses);

async fn get(rest: &Rest, path: &str) -> Value {
    rest.get(path).await.unwrap().expect_ok().unwrap().envelope.data
}

async fn rules(backend: Backend) {
    let mut server = start(backend).await;
    let admin = server.admin().await;
    let list = get(&admin, "/api/alert-rules").await;
    let presets: Vec<_> =
        list["list"].as_array().unwrap().iter().map(|rule| rule["metric"].clone()).collect();
    for metric in
        ["keyword", "robot_offline", "ai_failure_rate", "callback_failure_rate", "response_ms", "error_rate"]
    {
        assert!(presets.contains(&json!(metric)), "{metric}: {presets:?}");
    }
    let body = json!({"name": "慢", "metric": "response_ms", "operator": ">", "value": 2000, "level": "warning",
        "windowSecs": 120, "forSecs": 30, "cooldownSecs": 60, "channelIds": ["preset_console"], "ownerId": null});
    let with_key = admin.with_header("Idempotency-Key", "rule-1");
    let made = with_key.post("/api/alert-rules", &body).await.unwrap().expect_ok().unwrap();
    let again = with_key.post("/api/alert-rules", &body).await.unwrap().expect_ok().unwrap();
    assert_eq!(made.envelope.data, again.envelope.data);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let rule = made.envelope.data;
    assert_eq!(
        (&rule["operator"], &rule["value"], &rule["version"]),
        (&json!("gt"), &json!(2000), &json!(1))
    );
    let path = format!("/api/alert-rules/{}", rule["id"].as_str().unwrap());
    let stored = get(&admin, &path).await;
    for (field, value) in rule.as_object().unwrap() {
        assert!(field.ends_with("At") || stored[field] == *value, "{field}: {} {value}", stored[field]);
    }
    let changed = admin.put(&path, &json!({"value": 2500, "version": 1})).await.unwrap().expect_ok().unwrap();
    assert_eq!(
        (&changed.envelope.data["value"], &changed.envelope.data["version"]),
        (&json!(2500), &json!(2))
    );
    let stale = admin.put(&path, &json!({"name": "x", "version": 1})).await.unwrap();
    assert_eq!(stale.expect_error(409, "version_conflict").unwrap().json()["data"]["currentVersion"], 2);
    admin.delete(&path).await.unwrap().expect_ok().unwrap();
    admin.get(&path).await.unwrap().expect_error(404, "alert_rule_not_found").unwrap();
    admin.delete(&path).await.unwrap().expect_error(404, "alert_rule_not_found").unwrap();

    // What came with the program can be switched off and stays so over a restart.
    let preset = "/api/alert-rules/preset_errors";
    admin.delete(preset).await.unwrap().expect_error(409, "preset_protected").unwrap();
    admin.put(preset, &json!({"isActive": false, "value": 7})).await.unwrap().expect_ok().unwrap();
    server.restart().await;
    let kept = get(&admin, preset).await;
    assert_eq!(
        (&kept["isActive"], &kept["value"], &kept["isPreset"]),
        (&json!(false), &json!(7), &json!(true))
    );
    let off = get(&admin, "/api/alert-rules?isActive=false&metric=error_rate").await;
    assert_eq!(off["total"], 1);
}

async fn channels_keep_secrets(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    let body = json!({"name": "邮件", "type": "email", "config": {"host": "mail.example.com", "security": "tls",
        "username": "bot", "password": "geheim-1", "from": "bot@example.com", "to": "a@example.com"}});
    let made = admin.post("/api/notification-channels", &body).await.unwrap().expect_ok().unwrap();
    assert!(!made.body.contains("geheim-1"), "{}", made.body);
    let channel = made.envelope.data;
    assert_eq!((&channel["type"], &channel["config"]["passwordSet"]), (&json!("email"), &json!(true)));
    let path = format!("/api/notification-channels/{}", channel["id"].as_str().unwrap());
    // What was answered can be sent back: the secret stays.
    let same = admin.put(&path, &json!({"config": channel["config"]})).await.unwrap().expect_ok().unwrap();
    assert_eq!(same.envelope.data["config"]["passwordSet"], true);
    let mut moved = channel["config"].clone();
    moved["host"] = json!("mail.attacker.example.com");
    let moved = admin.put(&path, &json!({"config": moved})).await.unwrap().expect_ok().unwrap();
    assert_eq!(moved.envelope.data["config"]["passwordSet"], false, "not told to another server");
    let other = admin.put(&path, &json!({"type": "webhook"})).await.unwrap();
    assert!(other.expect_error(400, "invalid_request").unwrap().json()["data"]["fields"]["type"].is_string());
    let rows = server.database().sql("SELECT secrets AS value FROM notification_channels");
    assert!(rows.iter().all(|row| !row.contains("geheim")), "{rows:?}");
    admin.delete(&path).await.unwrap().expect_ok().unwrap();
    admin.get(&path).await.unwrap().expect_error(404, "notification_channel_not_found").unwrap();
    let preset = admin.delete("/api/notification-channels/preset_console").await.unwrap();
    preset.expect_error(409, "preset_protected").unwrap();
}

async fn owners(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    let (developer, other) =
        (server.user("13900000001", "developer").await, server.user("13900000002", "developer").await);
    let owner = server.user("13900000003", "user").await;
    let rule = |owner: &str| json!({"name": "词", "metric": "keyword", "value": "退款", "ownerId": owner});
    let own = create(&developer.rest, "/api/alert-rules", rule(&developer.id)).await;
    let config = json!({"url": "http://127.0.0.1:9/x"});
    let channel = json!({"name": "私", "type": "webhook", "config": config, "ownerId": developer.id});
    let channel = create(&developer.rest, "/api/notification-channels", channel).await;
    for path in [format!("/api/alert-rules/{own}"), format!("/api/notification-channels/{channel}")] {
        for foreign in [&other.rest, &owner.rest] {
            foreign.get(&path).await.unwrap().expect_status(404).unwrap();
        }
        other.rest.put(&path, &json!({"name": "我的"})).await.unwrap().expect_status(404).unwrap();
        other.rest.delete(&path).await.unwrap().expect_status(404).unwrap();
        developer.rest.put(&path, &json!({"name": "我的"})).await.unwrap().expect_ok().unwrap();
        admin.get(&path).await.unwrap().expect_ok().unwrap();
    }
    let seen = get(&other.rest, "/api/alert-rules?pageSize=200").await;
    assert!(seen["list"].as_array().unwrap().iter().all(|rule| rule["ownerId"].is_null()), "{seen}");
    let fields = async |rest: &Rest, body: Value| {
        let answer = rest.post("/api/alert-rules", &body).await.unwrap();
        answer.expect_error(400, "invalid_request").unwrap().json()["data"]["fields"].clone()
    };
    assert!(fields(&developer.rest, rule(&other.id)).await["ownerId"].is_string());
    assert!(fields(&admin, rule("nobody")).await["ownerId"].is_string());
    let mut foreign = rule(&other.id);
    foreign["channelIds"] = json!([channel]);
    assert!(fields(&admin, foreign.clone()).await["channelIds[0]"].is_string(), "a channel of somebody else");
    foreign["ownerId"] = Value::Null;
    assert!(fields(&admin, foreign).await["channelIds[0]"].is_string(), "a private channel in a shared rule");
    create(&admin, "/api/alert-rules", rule(&other.id)).await;
    // Readers change nothing; a rule of somebody is about that user's robots only.
    owner.rest.get("/api/alert-rules/preset_errors").await.unwrap().expect_ok().unwrap();
    for path in ["/api/alert-rules", "/api/notification-channels"] {
        owner.rest.post(path, &json!({})).await.unwrap().expect_error(403, "forbidden").unwrap();
    }
    let (robot, rest) = server.reader().await;
    crate::callbacks::say(&rest, &robot, "张三", "你们是骗子，退款").await;
    super::so_many(&admin, "preset_risk_words", 1).await;
    assert!(super::alerts(&admin, &own).await.is_empty(), "the robot is nobody's");
}

async fn wrong_fields(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    let rules = [
        (json!({"metric": "keyword", "value": "x"}), "name"),
        (json!({"name": "a", "value": "x"}), "metric"),
        (json!({"name": " ", "metric": "keyword", "value": "x"}), "name"),
        (json!({"name": "a", "metric": "speed", "value": "x"}), "metric"),
        (json!({"name": "a", "metric": "keyword"}), "value"),
        (json!({"name": "a", "metric": "keyword", "operator": "gt", "value": "x"}), "operator"),
        (json!({"name": "a", "metric": "error_rate", "value": "viel"}), "value"),
        (json!({"name": "a", "metric": "error_rate", "operator": "like", "value": 1}), "operator"),
        (json!({"name": "a", "metric": "error_rate", "value": 1, "windowSecs": 0}), "windowSecs"),
        (json!({"name": "a", "metric": "error_rate", "value": 1, "forSecs": -1}), "forSecs"),
        (
            json!({"name": "a", "metric": "error_rate", "value": 1, "cooldownSecs": 99_999_999}),
            "cooldownSecs",
        ),
        (json!({"name": "a", "metric": "error_rate", "value": 1, "level": "bad"}), "level"),
        (json!({"name": "a", "metric": "error_rate", "value": 1, "channelIds": ["x"]}), "channelIds[0]"),
        (json!({"name": "a", "metric": "error_rate", "value": 1, "robotIds": ["x"]}), "robotIds[0]"),
        (
            json!({"name": "a", "metric": "error_rate", "value": 1, "silencedUntil": "morgen"}),
            "silencedUntil",
        ),
    ];
    let channels = [
        (json!({"type": "console"}), "name"),
        (json!({"name": "a"}), "type"),
        (json!({"name": "a", "type": "fax"}), "type"),
        (json!({"name": "a", "type": "webhook"}), "config.url"),
        (json!({"name": "a", "type": "webhook", "config": {"url": "x", "y": 1}}), "config.y"),
        (
            json!({"name": "a", "type": "webhook", "config": {"url": "http://127.0.0.1/x", "secret": "x"}}),
            "config.secret",
        ),
        (json!({"name": "a", "type": "wecom_group", "config": {}}), "config.webhookUrl"),
        (json!({"name": "a", "type": "email", "config": {"host": "h", "from": "a@b.cn"}}), "config.to"),
        (
            json!({"name": "a", "type": "robot_message", "config": {"robotId": "x", "target": "群"}}),
            "config.robotId",
        ),
    ];
    for (path, table) in [("/api/alert-rules", &rules[..]), ("/api/notification-channels", &channels[..])] {
        for (body, field) in table {
            let answer = admin.post(path, body).await.unwrap().expect_error(400, "invalid_request").unwrap();
            let fields = answer.json()["data"]["fields"].clone();
            assert!(fields[field].is_string(), "{body}: {fields}");
        }
    }
    let query =
        admin.get("/api/alerts?status=open").await.unwrap().expect_error(400, "invalid_request").unwrap();
    assert!(query.json()["data"]["fields"]["status"].is_string());
}

async fn forbidden_addresses(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("callbacks.allow_private", false)
        .start()
        .await;
    let admin = server.admin().await;
    for (kind, config, field) in [
        ("webhook", json!({"url": "http://127.0.0.1/x"}), "config.url"),
        ("webhook", json!({"url": "http://169.254.169.254/latest"}), "config.url"),
        ("wecom_group", json!({"webhookUrl": "http://10.0.0.1/x"}), "config.webhookUrl"),
        ("email", json!({"host": "192.168.1.1", "from": "a@b.cn", "to": "c@d.cn"}), "config.host"),
        ("email", json!({"host": "localhost", "from": "a@b.cn", "to": "c@d.cn"}), "config.host"),
    ] {
        let body = json!({"name": "a", "type": kind, "config": config});
        let answer = admin.post("/api/notification-channels", &body).await.unwrap();
        let answer = answer.expect_error(422, "callback_address_forbidden").unwrap();
        assert!(answer.json()["data"]["fields"][field].is_string(), "{}", answer.body);
    }
}
