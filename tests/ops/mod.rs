//! What operators and other programs rely on: health, metrics, the description of the API, one form of failure.
mod description;

use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::Behaviour;

use crate::commands::{queue, state};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(health_and_metrics, failures_have_one_form);

async fn health_and_metrics(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("server.trusted_proxies", "127.0.0.1")
        .set("server.metrics_token", "0123456789abcdef")
        .start()
        .await;
    let rest = server.rest();
    for path in ["/healthz", "/readyz"] {
        let answer = rest.get(path).await.unwrap().expect_status(200).unwrap();
        assert!(
            answer.envelope.success && answer.header("x-request-id").is_some(),
            "{path}: {}",
            answer.body
        );
    }
    assert_eq!(rest.get("/readyz").await.unwrap().envelope.data["ready"], true);
    let (robot, token) = server.robot().await;
    let phone = server.automatic(&robot, Behaviour::default()).await;
    let sent = queue(&token, &robot.robot_id, "x").await;
    state(&token, &sent, "succeeded").await;

    let page = rest.get("/metrics").await.unwrap().expect_status(200).unwrap();
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    let value = |name: &str| -> f64 {
        let line =
            page.body.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {}", page.body))
    };
    assert_eq!(
        (value("workbot_robots_connected"), value("workbot_robots_online"), value("workbot_commands_queued")),
        (1.0, 1.0, 0.0)
    );
    assert!(value("workbot_journal_batches_total") > 0.0 && value("workbot_journal_available") == 1.0);
    assert!(
        page.body.contains("workbot_http_requests_total{outcome=\"ok\"}")
            && page.body.contains("workbot_mailbox_depth{kind=\"router\"}")
    );
    for line in page.body.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, number) = line.rsplit_once(' ').unwrap();
        let bare = name.split('{').next().unwrap();
        assert!(number.parse::<f64>().is_ok() && bare.starts_with("workbot_"), "{line}");
        assert!(page.body.contains(&format!("# TYPE {bare} ")), "{bare} is not declared");
    }
    assert!(!page.body.contains(&robot.robot_id), "no series a robot");

    let far = rest.with_header("X-Forwarded-For", "203.0.113.9");
    far.get("/metrics").await.unwrap().expect_error(401, "unauthorized").unwrap();
    far.with_token("wrong-wrong-wrong").get("/metrics").await.unwrap().expect_status(401).unwrap();
    far.with_token("0123456789abcdef").get("/metrics").await.unwrap().expect_status(200).unwrap();
    phone.stop().await.unwrap();
}

async fn raw(
    server: &TestServer,
    method: &str,
    path: &str,
    kind: Option<&str>,
    body: Vec<u8>,
) -> (u16, String, Value) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let mut request = client.request(method.parse().unwrap(), format!("{}{path}", server.url())).body(body);
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    let response = request.send().await.unwrap();
    let allow =
        response.headers().get("allow").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let status = response.status().as_u16();
    (status, allow, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
}

async fn failures_have_one_form(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (robot, rest) = server.robot().await;
    for (status, error, method, path, kind, body) in [
        (404, "route_not_found", "GET", "/wework/nowhere", None, Vec::new()),
        (404, "route_not_found", "POST", "/api/nowhere", Some("application/json"), b"{}".to_vec()),
        (405, "method_not_allowed", "DELETE", "/api/robot-ids/verify", None, Vec::new()),
        (405, "method_not_allowed", "PATCH", "/api/robots", Some("application/json"), b"{}".to_vec()),
        (415, "unsupported_media_type", "POST", "/api/robot-ids/verify", Some("text/plain"), b"{}".to_vec()),
        (
            415,
            "unsupported_media_type",
            "POST",
            "/api/robot-ids/verify",
            Some("application/json; charset=gbk"),
            b"{}".to_vec(),
        ),
        (
            413,
            "payload_too_large",
            "POST",
            "/api/robot-ids/verify",
            Some("application/json"),
            vec![b' '; 1_048_577],
        ),
        (
            400,
            "invalid_json",
            "POST",
            "/api/robot-ids/verify",
            Some("application/json"),
            b"{\"code\":".to_vec(),
        ),
        (
            400,
            "invalid_json",
            "POST",
            "/api/robot-ids/verify",
            Some("application/json"),
            b"\xff\xfe".to_vec(),
        ),
        (
            400,
            "invalid_json",
            "POST",
            "/api/robot-ids/verify",
            Some("application/json"),
            [b"[".repeat(10_000), b"]".repeat(10_000)].concat(),
        ),
        (
            400,
            "invalid_request",
            "POST",
            "/api/robot-ids/verify",
            Some("application/json"),
            b"[\"AAAABBBB\", \"phone\"]".to_vec(),
        ),
        (401, "unauthorized", "GET", "/api/robots", None, Vec::new()),
    ] {
        let (found, allow, body) = raw(&server, method, path, kind, body).await;
        assert_eq!((found, body["error"].as_str()), (status, Some(error)), "{method} {path}: {body}");
        assert_eq!((&body["success"], &body["code"]), (&json!(false), &json!(status)));
        assert!(body["message"].as_str().is_some_and(|text| text.chars().any(|c| c >= '\u{4e00}')), "{body}");
        assert!(body["requestId"].is_string() && body.get("data").is_some());
        if status == 405 {
            assert!(allow.contains("POST"), "{path} allows {allow:?}");
        }
    }
    for id in ["a", "req-1.x:y", &"x".repeat(64)] {
        let answer = rest.with_header("X-Request-Id", id).callbacks(&robot.robot_id).await.unwrap();
        assert_eq!(answer.header("x-request-id"), Some(id));
    }
    let long = rest.with_header("X-Request-Id", "x".repeat(65)).get("/api/nowhere").await.unwrap();
    let own = long.envelope.request_id.clone().unwrap();
    assert!(own.starts_with("req_") && long.header("x-request-id") == Some(own.as_str()));
    let answer = rest.get("/api/robots").await.unwrap();
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}
