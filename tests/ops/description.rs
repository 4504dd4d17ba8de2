//! The OpenAPI document: every route of the program and of the contract, each reference resolved, each parameter declared.
use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::database::Backend;
use crate::support::server::TestServer;

/// What the contract names; the program may have more.
const PROMISED: [&str; 70] = [
    "post /api/robot-ids/verify",
    "post /api/robot-ids/activate",
    "post /api/robot/refresh-token",
    "post /api/heartbeat",
    "post /api/robot/messages",
    "post /api/robot/send-message",
    "post /api/robot/commands",
    "get /api/robot/commands",
    "get /api/robot/commands/{messageId}",
    "delete /api/robot/commands/{messageId}",
    "post /api/robot/commands/{messageId}/ack",
    "post /api/robot/command-result",
    "post /api/result",
    "post /api/robot/robotInfo/update",
    "post /api/robot/robotInfo/callBack/bind",
    "get /api/robot/robotInfo/callBack/get",
    "post /api/robot/robotInfo/callBack/deleteByType",
    "post /api/robot/robotInfo/secret/rotate",
    "get /api/robots",
    "post /api/robots",
    "get /api/robots/{robotId}",
    "put /api/robots/{robotId}",
    "delete /api/robots/{robotId}",
    "get /api/robots/{robotId}/statistics",
    "post /api/admin/activation-codes",
    "get /api/admin/activation-codes",
    "post /api/admin/unbind-device",
    "post /api/user/send-sms",
    "post /api/user/login",
    "post /api/user/ticket",
    "post /api/user/logout",
    "get /api/user/info",
    "get /api/user/sessions",
    "delete /api/user/sessions/{id}",
    "get /api/admin/users",
    "put /api/admin/users/{id}",
    "get /ws/connect",
    "get /api/admin/actors",
    "post /api/admin/actors/{id}/stop",
    "get /api/sessions",
    "post /api/sessions/{id}/takeover",
    "post /api/sessions/{id}/release",
    "get /api/flow-executions",
    "get /api/flow-executions/{id}",
    "post /api/flow-executions/{id}/retry",
    "post /api/ai/models",
    "get /api/ai/models/{id}/versions",
    "post /api/ai/models/{id}/rollback",
    "get /api/ai/models/{id}/health",
    "get /api/ai/models/{id}/stats",
    "post /api/ai/models/{id}/probe",
    "post /api/ai/personas",
    "get /api/ai/personas/{id}/versions",
    "post /api/ai/personas/{id}/rollback",
    "get /api/ai/personas/{id}/stats",
    "post /api/ai/templates",
    "post /api/ai/templates/{id}/test",
    "get /api/ai/templates/categories",
    "post /api/ai/debug/intent",
    "post /api/ai/debug/reply",
    "post /api/ai/debug/batch",
    "post /api/ai/debug/benchmark",
    "post /api/ai/debug/advice",
    "post /api/flows",
    "post /api/flows/{id}/validate",
    "post /api/flows/{id}/publish",
    "get /api/flows/{id}/versions",
    "post /api/flows/{id}/rollback",
    "get /healthz",
    "get /metrics",
];

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn every_route_is_described() {
    let server = TestServer::start(Backend::Sqlite).await;
    let answer = server.rest().get("/api/openapi.json").await.unwrap().expect_status(200).unwrap();
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let mut described = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert(format!("{method} {path}"));
            let name = operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("{method} {path} has no operationId"));
            assert!(names.insert(name), "{name} stands twice");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with(['1', '2', '3'])), "{method} {path}");
            let may_fail =
                path.starts_with("/api/") && !["/api/docs", "/api/openapi.json"].contains(&path.as_str());
            assert!(
                !may_fail || responses.keys().any(|status| status.starts_with('4') || status == "default"),
                "{method} {path} cannot fail?"
            );
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let is_declared = |parameter: &Value| {
                    parameter["name"] == part && parameter["in"] == "path" && parameter["required"] == true
                };
                assert!(parameters.iter().any(is_declared), "{method} {path}: {part} is not declared");
            }
        }
    }
    let routes: BTreeSet<String> = workbot::http::routes()
        .iter()
        .flat_map(|at| {
            let (path, methods) = at.describe();
            methods.iter().map(move |method| format!("{} {path}", method.to_lowercase())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(described, routes, "the routes and their description differ");
    for promised in PROMISED {
        assert!(described.contains(promised), "{promised} is missing");
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let printed = server.cli_text(&["openapi"]).await;
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["paths"], document["paths"], "`workbot openapi` prints the same");
    server.rest().get("/api/docs").await.unwrap();
}
