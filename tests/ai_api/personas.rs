//! Personas: made, compared, rolled back; whoever is switched off does not speak; the model they prefer is asked.
use serde_json::{Value, json};

use super::{LATE, builder, fields, get, listening, model, post, put, refused, said};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(made_compared_and_rolled_back, the_preferred_model_is_asked, wrong_fields_and_owners);

async fn made_compared_and_rolled_back(backend: Backend) {
    let mut server = builder(backend).start().await;
    let admin = server.user("13800000001", "admin").await;
    let (author, admin) = (admin.id, admin.rest);
    let presets = get(&admin, "/api/ai/personas").await;
    assert_eq!(presets["total"], 7);
    let body =
        json!({"name": "小美", "roleType": "service", "systemPrompt": "你是小美。", "temperature": 0.7});
    let made = post(&admin, "/api/ai/personas", body).await;
    assert_eq!(
        (&made["version"], &made["isPreset"], &made["maxTokens"]),
        (&json!(1), &json!(false), &json!(null))
    );
    let one = format!("/api/ai/personas/{}", made["id"].as_str().unwrap());
    let change = json!({"temperature": 0.5, "maxTokens": 300, "version": 1, "note": "更稳"});
    let changed = put(&admin, &one, change).await;
    assert_eq!((&changed["temperature"], &changed["version"]), (&json!(0.5), &json!(2)));
    let stale = admin.put(&one, &json!({"name": "x", "version": 1})).await.unwrap();
    stale.expect_error(409, "version_conflict").unwrap();
    let versions = get(&admin, &format!("{one}/versions")).await;
    let newest = &versions["list"][0];
    assert_eq!(
        (&newest["version"], &newest["note"], &newest["authorId"]),
        (&json!(2), &json!("更稳"), &json!(author))
    );
    let diff = get(&admin, &format!("{one}/diff")).await;
    let expected = json!([{"field": "maxTokens", "before": null, "after": 300},
        {"field": "temperature", "before": 0.7, "after": 0.5}]);
    assert_eq!((&diff["from"], &diff["to"], &diff["changes"]), (&json!(1), &json!(2), &expected));
    admin.get(&format!("{one}/diff?from=5")).await.unwrap().expect_error(404, "version_not_found").unwrap();
    let back = post(&admin, &format!("{one}/rollback"), json!({"version": 1})).await;
    assert_eq!(
        (&back["version"], &back["temperature"], &back["maxTokens"]),
        (&json!(3), &json!(0.7), &json!(null))
    );
    assert_eq!(get(&admin, &format!("{one}/diff?from=1&to=3")).await["changes"], json!([]));

    let preset = "/api/ai/personas/persona_002";
    admin.delete(preset).await.unwrap().expect_error(409, "preset_protected").unwrap();
    assert_eq!(put(&admin, preset, json!({"isActive": false})).await["isActive"], false);
    server.restart().await;
    assert_eq!(get(&admin, preset).await["isActive"], false, "a restart seeds nothing anew");
    assert_eq!(get(&admin, &one).await["version"], 3);
    assert_eq!(get(&admin, &format!("{one}/versions")).await["total"], 3);
    let off = get(&admin, "/api/ai/personas?isActive=false&roleType=service").await;
    assert_eq!(off["total"], 1);
    admin.delete(&one).await.unwrap().expect_ok().unwrap();
    admin.get(&one).await.unwrap().expect_error(404, "persona_not_found").unwrap();
}

/// Two models; the one that a persona names by the provider's name goes before the default chain.
async fn the_preferred_model_is_asked(backend: Backend) {
    let server = builder(backend).start().await;
    let admin = server.admin().await;
    let models = listening().await;
    post(&admin, "/api/ai/models", model(&models, "eins")).await;
    let mut second = model(&models, "zwei");
    (second["inDefaultChain"], second["priority"]) = (json!(false), json!(0));
    post(&admin, "/api/ai/models", second).await;
    let body = json!({"name": "小美", "roleType": "service", "systemPrompt": "你是小美。",
        "preferredModel": "zwei", "temperature": 0.3});
    let persona = post(&admin, "/api/ai/personas", body).await;
    let (robot, rest) = server.robot().await;
    let path = format!("/api/robots/{}", robot.robot_id);
    put(&admin, &path, json!({"personaId": persona["id"]})).await;
    let phone = server.phone(&robot).await;
    said(&rest, &robot, "张三", "怎么退款").await;
    phone.serve_next(LATE).await.unwrap();
    let call = models.calls().into_iter().rfind(|call| !call.asked.wants_json).unwrap();
    assert_eq!((call.model.as_str(), call.asked.message()), ("zwei", "怎么退款"));
    assert!(call.asked.system.starts_with("你是小美。"), "{}", call.asked.system);
    let stats = format!("/api/ai/personas/{}/stats", persona["id"].as_str().unwrap());
    let stats = until(LATE, "the reply is counted", async || {
        let stats = get(&admin, &stats).await;
        (stats["total"] == 1).then_some(stats)
    })
    .await;
    assert_eq!(stats["byPurpose"], json!([{"purpose": "reply", "total": 1, "failed": 0}]));
    // In use: it stays.
    let one = format!("/api/ai/personas/{}", persona["id"].as_str().unwrap());
    admin.delete(&one).await.unwrap().expect_error(409, "in_use").unwrap();
}

async fn wrong_fields_and_owners(backend: Backend) {
    let server = builder(backend).start().await;
    let (developer, other) =
        (server.user("13900000001", "developer").await, server.user("13900000002", "developer").await);
    let with = |field: &str, value: Value| {
        let mut body = json!({"name": "a", "roleType": "service", "systemPrompt": "b"});
        body[field] = value;
        body
    };
    let models = listening().await;
    let mut private = model(&models, "privat");
    private["ownerId"] = json!(developer.id);
    let private = post(&developer.rest, "/api/ai/models", private).await;
    refused(
        &developer.rest,
        "/api/ai/personas",
        &[
            (json!({"roleType": "service", "systemPrompt": "b"}), "name"),
            (json!({"name": "a", "systemPrompt": "b"}), "roleType"),
            (json!({"name": "a", "roleType": "service"}), "systemPrompt"),
            (with("systemPrompt", json!("长".repeat(8_001))), "systemPrompt"),
            (with("temperature", json!(2.1)), "temperature"),
            (with("maxTokens", json!(0)), "maxTokens"),
            (with("modelId", json!("nothing")), "modelId"),
            (with("modelId", private["id"].clone()), "modelId"),
            (with("capabilities", json!(["fly"])), "capabilities[0]"),
            (with("ownerId", json!(other.id)), "ownerId"),
        ],
    )
    .await;
    let mut own = with("ownerId", json!(developer.id));
    own["modelId"] = private["id"].clone();
    let own = post(&developer.rest, "/api/ai/personas", own).await;
    let one = format!("/api/ai/personas/{}", own["id"].as_str().unwrap());
    for path in [one.clone(), format!("{one}/versions"), format!("{one}/diff"), format!("{one}/stats")] {
        other.rest.get(&path).await.unwrap().expect_error(404, "persona_not_found").unwrap();
    }
    other.rest.put(&one, &json!({"name": "x"})).await.unwrap().expect_status(404).unwrap();
    // Shared, it must not name a private model.
    let shared = developer.rest.put(&one, &json!({"ownerId": null})).await.unwrap();
    assert!(fields(shared, 400, "invalid_request")["modelId"].is_string());
}
