//! The debugger: rules without a model, a model by its name, batches, benchmarks, advice.
use serde_json::{Value, json};
use workbot_robot_sim::Mode;

use super::{builder, fields, get, listening, model, post, refused};
use crate::on_both;
use crate::support::database::Backend;

on_both!(rules_and_models, batches_and_benchmarks, wrong_fields);

async fn rules_and_models(backend: Backend) {
    let server = builder(backend).start().await;
    let developer = server.user("13900000001", "developer").await;
    let told = post(&developer.rest, "/api/ai/debug/intent", json!({"message": "你们是骗子"})).await;
    assert_eq!(
        (&told["byRules"], &told["modelId"], &told["provider"]),
        (&json!(true), &json!(null), &json!("rules"))
    );
    assert!(told["intent"].is_string() && told["confidence"].is_f64(), "{told}");
    let said = post(
        &developer.rest,
        "/api/ai/debug/reply",
        json!({"message": "怎么退款", "personaId": "persona_002"}),
    )
    .await;
    assert!(said["templateId"].is_string() && !said["text"].as_str().unwrap().is_empty(), "{said}");

    let models = listening().await;
    let made = post(&developer.rest, "/api/ai/models", model(&models, "eins")).await;
    let told =
        post(&developer.rest, "/api/ai/debug/intent", json!({"message": "我要退款", "modelId": made["id"]}))
            .await;
    assert_eq!(
        (&told["intent"], &told["modelName"], &told["byRules"]),
        (&json!("service"), &json!("eins"), &json!(false))
    );
    let body = json!({"message": "怎么办", "modelId": made["id"], "personaId": "persona_002",
        "history": [{"role": "user", "content": "在吗"}, {"role": "assistant", "content": "在的"}]});
    let said = post(&developer.rest, "/api/ai/debug/reply", body).await;
    assert!(said["text"].as_str().unwrap().contains("怎么办"), "{said}");
    let call = models.calls().pop().unwrap();
    assert_eq!(call.asked.messages.len(), 3, "two earlier lines and the message: {:?}", call.asked);
    assert_eq!(call.asked.system.matches("优先于").count(), 1);
    models.set_mode("eins", Mode::Status(500));
    let failed =
        post(&developer.rest, "/api/ai/debug/reply", json!({"message": "怎么办", "modelId": made["id"]}))
            .await;
    assert_eq!((&failed["byRules"], &failed["tried"][0]["modelId"]), (&json!(true), &made["id"]));
    // Nothing went to a chat.
    assert_eq!(get(&server.admin().await, "/api/commands").await["total"], 0);
}

async fn batches_and_benchmarks(backend: Backend) {
    let server = builder(backend).start().await;
    let developer = server.user("13900000001", "developer").await;
    let models = listening().await;
    let made = post(&developer.rest, "/api/ai/models", model(&models, "eins")).await;
    let items = json!([{"message": "我要退款", "expected": "service"}, {"message": "你们是骗子", "expected": "risk"},
        {"message": "价格多少", "expected": "service"}]);
    let report =
        post(&developer.rest, "/api/ai/debug/batch", json!({"items": items, "modelId": made["id"]})).await;
    assert_eq!((&report["total"], &report["correct"], &report["failed"]), (&json!(3), &json!(2), &json!(0)));
    assert_eq!((&report["results"][2]["got"], &report["confusion"][0]["count"]), (&json!("chat"), &json!(1)));
    let before = models.count("eins");
    let body = json!({"message": "你好", "requests": 12, "concurrency": 3, "modelId": made["id"]});
    let report = post(&developer.rest, "/api/ai/debug/benchmark", body).await;
    assert_eq!(
        (&report["requests"], &report["succeeded"], &report["failed"]),
        (&json!(12), &json!(12), &json!(0))
    );
    assert_eq!(models.count("eins") - before, 12);
    assert!(report["tokens"].as_u64() > Some(0) && report["histogram"].is_array(), "{report}");
    let answers = json!([{"message": "怎么退款", "text": ""}, {"message": "你好", "text": "您好，请问有什么可以帮您？"}]);
    let advice = post(
        &developer.rest,
        "/api/ai/debug/advice",
        json!({"answers": answers, "personaId": "persona_002"}),
    )
    .await;
    assert_eq!((&advice["answers"], &advice["advice"][0]["code"]), (&json!(2), &json!("empty")));
}

async fn wrong_fields(backend: Backend) {
    let server = builder(backend).start().await;
    let developer = server.user("13900000001", "developer").await;
    let rest = &developer.rest;
    let off =
        post(rest, "/api/ai/models", json!({"name": "ohne", "provider": "openai", "modelId": "gpt-4"})).await;
    let long = "长".repeat(4_001);
    refused(
        rest,
        "/api/ai/debug/intent",
        &[
            (json!({}), "message"),
            (json!({"message": long}), "message"),
            (json!({"message": "x", "modelId": "nothing"}), "modelId"),
            (json!({"message": "x", "modelId": off["id"]}), "modelId"),
        ],
    )
    .await;
    let said: Vec<Value> = (0..21).map(|_number| json!({"role": "user", "content": "x"})).collect();
    refused(
        rest,
        "/api/ai/debug/reply",
        &[
            (json!({"message": "x", "personaId": "nothing"}), "personaId"),
            (json!({"message": "x", "history": said}), "history"),
            (json!({"message": "x", "history": [{"role": "god", "content": "x"}]}), "history[0].role"),
        ],
    )
    .await;
    refused(
        rest,
        "/api/ai/debug/batch",
        &[(json!({"items": []}), "items"), (json!({"items": [{"message": "x"}]}), "items[0].expected")],
    )
    .await;
    refused(
        rest,
        "/api/ai/debug/benchmark",
        &[
            (json!({"message": "x", "requests": 201}), "requests"),
            (json!({"message": "x", "concurrency": 17}), "concurrency"),
        ],
    )
    .await;
    let sure = json!({"answers": [{"text": "x", "confidence": 2}]});
    refused(rest, "/api/ai/debug/advice", &[(json!({}), "answers"), (sure, "answers[0].confidence")]).await;
    let wrong = rest.post("/api/ai/debug/batch", &json!({"items": "x"})).await.unwrap();
    assert!(fields(wrong, 400, "invalid_request")["items"].is_string());
}
