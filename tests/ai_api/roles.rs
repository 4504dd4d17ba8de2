//! Who may change what is shared: developers and administrators. Everybody reads; nobody in particular does not.
use serde_json::{Value, json};
use workbot_robot_sim::Rest;

use super::builder;
use crate::on_both;
use crate::support::database::Backend;

on_both!(roles);

async fn roles(backend: Backend) {
    let server = builder(backend).start().await;
    let mut clients: Vec<Rest> = Vec::new();
    for (number, role) in ["admin", "developer", "operator", "viewer", "user"].iter().enumerate() {
        clients.push(server.user(&format!("1390000000{number}"), role).await.rest);
    }
    clients.push(server.rest());
    let read = [200, 200, 200, 200, 200, 401];
    let write = [200, 200, 403, 403, 403, 401];
    let model = json!({"name": "a", "provider": "openai", "modelId": "gpt-4"});
    let persona = json!({"name": "a", "roleType": "x", "systemPrompt": "b"});
    let template = json!({"category": "a", "name": "b", "template": "c"});
    let models = clients[0].get("/api/ai/models").await.unwrap().expect_ok().unwrap().envelope.data;
    let preset = format!("/api/ai/models/{}", models["list"][0]["id"].as_str().unwrap());
    let templates = clients[0].get("/api/ai/templates").await.unwrap().expect_ok().unwrap().envelope.data;
    let sentence = format!("/api/ai/templates/{}", templates["list"][0]["id"].as_str().unwrap());
    let (someone, flow) = ("/api/ai/personas/persona_001", "/api/flows/flow_full");
    let nothing = json!({});
    let rows: Vec<(&str, String, Value, [u16; 6])> = vec![
        ("GET", "/api/ai/models".into(), nothing.clone(), read),
        ("GET", preset.clone(), nothing.clone(), read),
        ("GET", format!("{preset}/versions"), nothing.clone(), read),
        ("GET", format!("{preset}/health"), nothing.clone(), read),
        ("GET", format!("{preset}/stats"), nothing.clone(), read),
        ("POST", "/api/ai/models".into(), model, write),
        ("PUT", preset.clone(), nothing.clone(), write),
        ("POST", format!("{preset}/rollback"), json!({"version": 1}), write),
        ("POST", format!("{preset}/probe"), nothing.clone(), write),
        ("GET", "/api/ai/personas".into(), nothing.clone(), read),
        ("GET", someone.into(), nothing.clone(), read),
        ("GET", format!("{someone}/versions"), nothing.clone(), read),
        ("GET", format!("{someone}/diff"), nothing.clone(), read),
        ("GET", format!("{someone}/stats"), nothing.clone(), read),
        ("POST", "/api/ai/personas".into(), persona, write),
        ("PUT", someone.into(), nothing.clone(), write),
        ("POST", format!("{someone}/rollback"), json!({"version": 1}), write),
        ("GET", "/api/ai/templates".into(), nothing.clone(), read),
        ("GET", "/api/ai/templates/categories".into(), nothing.clone(), read),
        ("GET", sentence.clone(), nothing.clone(), read),
        ("GET", format!("{sentence}/versions"), nothing.clone(), read),
        ("POST", format!("{sentence}/test"), nothing.clone(), read),
        ("POST", "/api/ai/templates".into(), template, write),
        ("PUT", sentence.clone(), nothing.clone(), write),
        ("POST", format!("{sentence}/rollback"), json!({"version": 1}), write),
        ("GET", "/api/flows".into(), nothing.clone(), read),
        ("GET", flow.into(), nothing.clone(), read),
        ("GET", format!("{flow}/versions"), nothing.clone(), read),
        ("GET", format!("{flow}/export"), nothing.clone(), read),
        ("POST", format!("{flow}/validate"), nothing.clone(), read),
        ("POST", "/api/flows".into(), json!({"name": "a"}), write),
        ("POST", "/api/flows/import".into(), json!({"name": "a", "nodes": []}), write),
        ("PUT", flow.into(), nothing.clone(), write),
        ("POST", format!("{flow}/publish"), nothing.clone(), write),
        ("POST", format!("{flow}/rollback"), json!({"version": 1}), write),
        ("POST", "/api/ai/debug/intent".into(), json!({"message": "a"}), write),
        ("POST", "/api/ai/debug/reply".into(), json!({"message": "a"}), write),
        ("POST", "/api/ai/debug/batch".into(), json!({"items": [{"message": "a", "expected": "b"}]}), write),
        ("POST", "/api/ai/debug/benchmark".into(), json!({"message": "a", "requests": 1}), write),
        ("POST", "/api/ai/debug/advice".into(), json!({"answers": [{"text": "a"}]}), write),
        ("DELETE", preset, nothing.clone(), [409, 409, 403, 403, 403, 401]),
        ("DELETE", sentence, nothing.clone(), [409, 409, 403, 403, 403, 401]),
        ("DELETE", someone.into(), nothing.clone(), [409, 409, 403, 403, 403, 401]),
        ("DELETE", flow.into(), nothing.clone(), [409, 409, 403, 403, 403, 401]),
    ];
    for (method, path, body, wanted) in rows {
        for (column, client) in clients.iter().enumerate().rev() {
            let answer = match method {
                "GET" => client.get(&path).await,
                "PUT" => client.put(&path, &body).await,
                "DELETE" => client.delete(&path).await,
                _ => client.post(&path, &body).await,
            };
            let answer = answer.unwrap();
            assert_eq!(answer.status, wanted[column], "{method} {path} as number {column}: {}", answer.body);
        }
    }
}
