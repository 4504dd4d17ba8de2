//! The console's side of AI and flows: conversations, runs, models, personas, templates, flows and the debugger.
mod debugger;
mod executions;
mod flows;
mod models;
mod personas;
mod roles;
mod sessions;
mod templates;

use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::{Answer, ChatMessage, Identity, ModelWire, Models, ModelsConfig, Rest};

use crate::support::database::Backend;
use crate::support::server::{Builder, TestServer};
use crate::support::until;

/// For what waits for a sweep or a slow machine.
const LATE: Duration = Duration::from_secs(40);

/// A server whose flows answer every message at once, without limits.
fn builder(backend: Backend) -> Builder {
    TestServer::builder(backend).set("session.burst_quiet_ms", 0).set("limits.enabled", false)
}

async fn get(rest: &Rest, path: &str) -> Value {
    rest.get(path).await.unwrap().expect_ok().unwrap().envelope.data
}

async fn post(rest: &Rest, path: &str, body: Value) -> Value {
    rest.post(path, &body).await.unwrap().expect_ok().unwrap().envelope.data
}

async fn put(rest: &Rest, path: &str, body: Value) -> Value {
    rest.put(path, &body).await.unwrap().expect_ok().unwrap().envelope.data
}

/// The wrong fields of a refusal.
fn fields(answer: Answer, status: u16, error: &str) -> Value {
    answer.expect_error(status, error).unwrap().json()["data"]["fields"].clone()
}

/// Every body is refused with 400 and the name of its field.
async fn refused(rest: &Rest, path: &str, table: &[(Value, &str)]) {
    for (body, field) in table {
        let wrong = fields(rest.post(path, body).await.unwrap(), 400, "invalid_request");
        assert!(wrong[field].is_string(), "{path} {body}: {wrong}");
    }
}

/// A robot of somebody, with a client that carries its token.
async fn robot_of(server: &TestServer, owner: &Rest) -> (Identity, Rest) {
    let made = post(owner, "/api/robots", json!({"name": "管家", "kind": "native"})).await;
    let robot: Identity = serde_json::from_value(made).unwrap();
    let rest = server.rest().with_token(&robot.token);
    (robot, rest)
}

/// Somebody writes to a robot; the server's id of the message.
async fn said(rest: &Rest, robot: &Identity, sender: &str, text: &str) -> String {
    let answer = rest.post_message(&robot.robot_id, &ChatMessage::text(sender, text)).await.unwrap();
    answer.expect_ok().unwrap().text("/messageId").unwrap()
}

/// The first row of a list, as soon as there is one that fits.
async fn first(rest: &Rest, path: &str, fits: impl Fn(&Value) -> bool) -> Value {
    until(LATE, path, async || {
        let list = get(rest, path).await;
        list["list"].as_array().unwrap().iter().find(|row| fits(row)).cloned()
    })
    .await
}

/// Scripted models that listen.
async fn listening() -> Models {
    Models::start(ModelsConfig::default()).await.unwrap()
}

/// A model over a scripted server.
fn model(models: &Models, name: &str) -> Value {
    json!({"name": name, "provider": "custom", "modelId": name, "apiEndpoint": models.base(ModelWire::OpenaiChat),
        "apiKey": "geheim-12345", "inDefaultChain": true, "priority": 500})
}
