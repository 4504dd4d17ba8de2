//! Models: made, asked at once, changed, rolled back, never telling their key.
use serde_json::{Value, json};
use workbot_robot_sim::{Mode, ModelScript, ModelWire};

use super::{LATE, builder, fields, get, listening, model, post, put, refused, robot_of, said};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(made_changed_and_rolled_back, asked_at_once, wrong_fields, owners);

async fn made_changed_and_rolled_back(backend: Backend) {
    let mut server = builder(backend).start().await;
    let admin = server.admin().await;
    let models = listening().await;
    let with_key = admin.with_header("Idempotency-Key", "model-1");
    let made = with_key.post("/api/ai/models", &model(&models, "eins")).await.unwrap().expect_ok().unwrap();
    assert!(!made.body.contains("geheim"), "{}", made.body);
    let again = post(&with_key, "/api/ai/models", model(&models, "eins")).await;
    let made = made.envelope.data;
    assert_eq!((&again, &made["apiKeySet"], &made["version"]), (&made, &json!(true), &json!(1)));
    let one = format!("/api/ai/models/{}", made["id"].as_str().unwrap());
    assert_eq!(get(&admin, &one).await["live"]["isUsable"], true);
    let rows = server.database().sql("SELECT COALESCE(api_key_encrypted, '') AS value FROM ai_models");
    assert!(rows.iter().all(|row| !row.contains("geheim")), "{rows:?}");

    let changed = put(&admin, &one, json!({"priority": 7, "version": 1, "note": "weniger"})).await;
    assert_eq!((&changed["priority"], &changed["version"]), (&json!(7), &json!(2)));
    assert_eq!(changed["apiKeySet"], true);
    let stale = admin.put(&one, &json!({"priority": 8, "version": 1})).await.unwrap();
    assert_eq!(stale.expect_error(409, "version_conflict").unwrap().json()["data"]["currentVersion"], 2);
    let moved = put(&admin, &one, json!({"apiEndpoint": "http://127.0.0.1:9/v1"})).await;
    assert_eq!(moved["apiKeySet"], false, "a key is not told to another address");
    let versions = get(&admin, &format!("{one}/versions")).await;
    assert_eq!((&versions["total"], &versions["list"][1]["note"]), (&json!(3), &json!("weniger")));
    assert!(!versions.to_string().contains("geheim"));

    let rollback = format!("{one}/rollback");
    let back = post(&admin, &rollback, json!({"version": 1})).await;
    assert_eq!((&back["version"], &back["priority"]), (&json!(4), &json!(500)));
    assert_eq!(back["apiEndpoint"], json!(models.base(ModelWire::OpenaiChat)));
    admin
        .post(&rollback, &json!({"version": 9}))
        .await
        .unwrap()
        .expect_error(404, "version_not_found")
        .unwrap();
    let stale = admin.post(&rollback, &json!({"version": 1, "currentVersion": 1})).await.unwrap();
    stale.expect_error(409, "version_conflict").unwrap();
    assert!(
        fields(admin.post(&rollback, &json!({})).await.unwrap(), 400, "invalid_request")["version"]
            .is_string()
    );

    server.restart().await;
    let kept = get(&admin, &one).await;
    assert_eq!((&kept["version"], &kept["priority"]), (&json!(4), &json!(500)));
    let robot =
        post(&admin, "/api/robots", json!({"name": "管家", "kind": "native", "aiModelId": made["id"]})).await;
    let in_use = admin.delete(&one).await.unwrap().expect_error(409, "in_use").unwrap();
    assert_eq!(in_use.json()["data"]["count"], 1);
    admin
        .delete(&format!("/api/robots/{}", robot["robotId"].as_str().unwrap()))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    admin.delete(&one).await.unwrap().expect_ok().unwrap();
    admin.get(&one).await.unwrap().expect_error(404, "model_not_found").unwrap();
    let presets = get(&admin, "/api/ai/models?provider=doubao").await;
    let preset = format!("/api/ai/models/{}", presets["list"][0]["id"].as_str().unwrap());
    admin.delete(&preset).await.unwrap().expect_error(409, "preset_protected").unwrap();
    assert_eq!(put(&admin, &preset, json!({"isActive": false})).await["isActive"], false);
}

/// What was changed holds from the answer on: for the probe, for replies, for the figures.
async fn asked_at_once(backend: Backend) {
    let server = builder(backend).start().await;
    let admin = server.admin().await;
    let models = listening().await;
    let made = post(&admin, "/api/ai/models", model(&models, "eins")).await;
    let one = format!("/api/ai/models/{}", made["id"].as_str().unwrap());
    let probed = post(&admin, &format!("{one}/probe"), json!({})).await;
    assert_eq!((&probed["ok"], &probed["live"]["status"]), (&json!(true), &json!("healthy")));
    assert_eq!(models.count("eins"), 1);
    models.set_mode("eins", Mode::Status(401));
    let failed = post(&admin, &format!("{one}/probe"), json!({})).await;
    assert_eq!(failed["ok"], false, "{failed}");
    assert!(failed["error"].is_string() && !failed.to_string().contains("geheim"));
    models.set_script("eins", ModelScript::always(Mode::Ok));
    assert_eq!(post(&admin, &format!("{one}/probe"), json!({})).await["ok"], true);

    let owner = server.user("13900000001", "user").await;
    let (robot, rest) = robot_of(&server, &owner.rest).await;
    let phone = server.phone(&robot).await;
    said(&rest, &robot, "张三", "怎么退款").await;
    let reply = phone.serve_next(LATE).await.unwrap();
    assert!(reply.content().contains("怎么退款"), "{}", reply.content());
    // The rules of every prompt stand in it once.
    let calls = models.calls();
    let asked =
        calls.iter().find(|call| !call.asked.wants_json && call.asked.message() == "怎么退款").unwrap();
    assert_eq!(asked.asked.system.matches("优先于").count(), 1, "{}", asked.asked.system);
    assert_eq!(asked.asked.system.matches("<chat_message>").count(), 1);

    let stats = until(LATE, "the calls are counted", async || {
        let stats = get(&admin, &format!("{one}/stats?window=1h")).await;
        (stats["total"].as_u64() >= Some(2)).then_some(stats)
    })
    .await;
    assert_eq!((&stats["failed"], &stats["successRate"]), (&json!(0), &json!(1.0)));
    let purposes: Vec<&Value> =
        stats["byPurpose"].as_array().unwrap().iter().map(|own| &own["purpose"]).collect();
    assert_eq!(purposes, ["intent", "reply"], "{stats}");
    let wrong = admin.get(&format!("{one}/stats?window=1y")).await.unwrap();
    assert!(fields(wrong, 400, "invalid_request")["window"].is_string());
    let health = get(&admin, &format!("{one}/health")).await;
    assert_eq!(health["live"]["breaker"], "closed");
    assert!(health["checks"].is_array());
    // Switched off, it is asked no more.
    put(&admin, &one, json!({"isActive": false})).await;
    let calls = models.count("eins");
    said(&rest, &robot, "张三", "还在吗").await;
    phone.serve_next(LATE).await.unwrap();
    assert_eq!(models.count("eins"), calls);
    let bare = json!({"name": "ohne", "provider": "openai", "modelId": "gpt-4"});
    let bare = post(&admin, "/api/ai/models", bare).await;
    assert_eq!((&bare["live"], &bare["apiKeySet"]), (&json!(null), &json!(false)));
    let probe = format!("/api/ai/models/{}/probe", bare["id"].as_str().unwrap());
    assert_eq!(post(&admin, &probe, json!({})).await["ok"], false);
}

async fn wrong_fields(backend: Backend) {
    let server = builder(backend).set("callbacks.allow_private", false).start().await;
    let admin = server.admin().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({"name": "a", "provider": "openai", "modelId": "gpt-4"});
        body[field] = value;
        body
    };
    refused(
        &admin,
        "/api/ai/models",
        &[
            (json!({"provider": "openai", "modelId": "x"}), "name"),
            (json!({"name": "a", "modelId": "x"}), "provider"),
            (json!({"name": "a", "provider": "openai"}), "modelId"),
            (with("name", json!(" ")), "name"),
            (with("provider", json!("skynet")), "provider"),
            (with("provider", json!("rules")), "provider"),
            (with("provider", json!("custom")), "apiEndpoint"),
            (with("capabilities", json!(["fly"])), "capabilities[0]"),
            (with("priority", json!(20_000)), "priority"),
            (with("apiKey", json!("a b")), "apiKey"),
            (with("ownerId", json!("nobody")), "ownerId"),
            (with("note", json!("x".repeat(501))), "note"),
            (with("config", json!({"priceInMicros": -1})), "config.priceInMicros"),
            (with("config", json!({"temperature": 3})), "config.temperature"),
            (with("config", json!({"concurrency": "many"})), "config.concurrency"),
        ],
    )
    .await;
    for address in ["http://127.0.0.1/v1", "http://169.254.169.254", "http://10.0.0.1/v1"] {
        let answer = admin.post("/api/ai/models", &with("apiEndpoint", json!(address))).await.unwrap();
        assert!(fields(answer, 422, "callback_address_forbidden")["apiEndpoint"].is_string(), "{address}");
    }
}

async fn owners(backend: Backend) {
    let server = builder(backend).start().await;
    let admin = server.admin().await;
    let models = listening().await;
    let developer = server.user("13900000001", "developer").await;
    let other = server.user("13900000002", "developer").await;
    let mut body = model(&models, "eigenes");
    body["ownerId"] = json!(developer.id);
    let own = post(&developer.rest, "/api/ai/models", body.clone()).await;
    let one = format!("/api/ai/models/{}", own["id"].as_str().unwrap());
    for path in [one.clone(), format!("{one}/versions"), format!("{one}/health"), format!("{one}/stats")] {
        other.rest.get(&path).await.unwrap().expect_error(404, "model_not_found").unwrap();
        get(&developer.rest, &path).await;
        get(&admin, &path).await;
    }
    let foreign = other.rest.put(&one, &json!({"priority": 1})).await.unwrap();
    foreign.expect_error(404, "model_not_found").unwrap();
    other.rest.delete(&one).await.unwrap().expect_error(404, "model_not_found").unwrap();
    let list = get(&other.rest, "/api/ai/models?pageSize=200").await;
    assert!(list["list"].as_array().unwrap().iter().all(|row| row["ownerId"].is_null()));
    body["ownerId"] = json!(other.id);
    let answer = developer.rest.post("/api/ai/models", &body).await.unwrap();
    assert!(fields(answer, 400, "invalid_request")["ownerId"].is_string());
}
