//! The edge as a whole: what the table promises, what the frame does, activation and its tokens, idempotency.
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use workbot_schema::idempotency;
use workbot_schema::users::Role;

use super::auth::{Action, Caller};
use super::extract::ClientAddress;
use super::testing::{Answer, TestServer};

const DEVICE: &str = "9774d56d682e549c";

async fn code(server: &TestServer, admin: &str) -> String {
    let answer = server
        .post("/api/admin/activation-codes", Some(admin), json!({"count": 1, "validityPeriod": 30}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.data()["codes"][0]["code"].as_str().unwrap().to_owned()
}

async fn activate(server: &TestServer, code: &str, device: &str) -> Answer {
    let body =
        json!({"code": code, "deviceInfo": {"deviceId": device, "brand": "Xiaomi", "totalMemory": 8192}});
    server.post("/api/robot-ids/activate", None, body).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn the_document_describes_every_route() {
    let document = serde_json::to_value(super::openapi::openapi()).unwrap();
    for at in super::routes() {
        let (path, methods) = at.describe();
        for method in methods {
            let operation = &document["paths"][path][method.to_lowercase()];
            assert!(operation.is_object(), "{method} {path} is not described");
            let responses = operation["responses"].as_object().unwrap();
            let has_example = responses.iter().any(|(status, response)| {
                status.starts_with('3')
                    || response["content"]
                        .as_object()
                        .is_some_and(|content| content.values().any(|kind| kind.get("example").is_some()))
            });
            assert!(has_example, "{method} {path} has no example");
        }
    }
    let described: usize =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
    let routed: usize = super::routes().iter().map(|at| at.describe().1.len()).sum();
    assert_eq!(described, routed);
}

#[test]
fn the_document_is_whole() {
    let document = serde_json::to_value(super::openapi::openapi()).unwrap();
    let mut references = Vec::new();
    let mut names = Vec::new();
    let mut rest = vec![&document];
    while let Some(value) = rest.pop() {
        if let Some(object) = value.as_object() {
            references.extend(object.get("$ref").and_then(Value::as_str));
            names.extend(object.get("operationId").and_then(Value::as_str));
            rest.extend(object.values());
        }
        rest.extend(value.as_array().into_iter().flatten());
    }
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "an operation id is used twice: {names:?}");
}

#[actix_web::test]
async fn every_failure_is_in_the_envelope() {
    let server = TestServer::start(|_settings| {}).await;
    let post = || TestRequest::post().uri("/api/robot-ids/verify");
    let json_kind = ("Content-Type", "application/json");
    let large = format!("{{\"code\":\"{}\"}}", "x".repeat(1 << 20));
    let cases = [
        (TestRequest::get().uri("/api/nothing"), 404, "route_not_found"),
        (TestRequest::get().uri("/api/robot%00"), 404, "route_not_found"),
        (TestRequest::get().uri("/api/robot-ids/verify"), 405, "method_not_allowed"),
        (post().set_payload("{}"), 415, "unsupported_media_type"),
        (
            post().insert_header(("Content-Type", "text/plain")).set_payload("{}"),
            415,
            "unsupported_media_type",
        ),
        (post().insert_header(json_kind).set_payload("{"), 400, "invalid_json"),
        (post().insert_header(json_kind).set_payload("{}"), 400, "invalid_request"),
        (post().insert_header(json_kind).set_payload(large), 413, "payload_too_large"),
        (TestRequest::get().uri("/api/admin/activation-codes"), 401, "unauthorized"),
        (post().uri("/api/heartbeat").set_json(json!({})), 401, "unauthorized"),
    ];
    for (request, status, error) in cases {
        let answer = server.send(request.insert_header(("X-Request-Id", "mine"))).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (status, error), "{answer:?}");
        assert_eq!(answer.body["requestId"], "mine");
        assert_eq!(answer.headers.get("x-request-id").unwrap(), "mine");
        assert_eq!((&answer.body["success"], &answer.body["code"]), (&json!(false), &json!(status)));
        assert_eq!(answer.headers.get("x-content-type-options").unwrap(), "nosniff");
        if status == 405 {
            assert_eq!(answer.headers.get("allow").unwrap(), "POST");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn the_gate_lets_only_the_pulse_through() {
    let server = TestServer::start(|_settings| {}).await;
    assert_eq!(server.get("/readyz", None).await.data()["ready"], true);
    server.edge.gate().drain();
    assert_eq!(server.get("/healthz", None).await.status, StatusCode::OK);
    for path in ["/readyz", "/api/openapi.json", "/nothing"] {
        let answer = server.get(path, None).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (503, "unavailable"), "{path}");
        assert_eq!(answer.headers.get("retry-after").unwrap(), "2");
        assert_eq!(answer.data()["retryAfter"], 2);
    }
    server.stop().await;
}

#[actix_web::test]
async fn activation_first_again_and_elsewhere() {
    let server = TestServer::start(|_settings| {}).await;
    let (_admin, admin) = server.user("13800000000", Role::Admin).await;
    let code = code(&server, &admin).await;
    let verify = |device: &'static str| json!({"code": code.to_lowercase(), "deviceId": device});
    let answer = server.post("/api/robot-ids/verify", None, verify(DEVICE)).await;
    assert_eq!(answer.data(), &json!({"valid": true, "status": "unused", "canActivate": true}));

    let first = activate(&server, &code, DEVICE).await;
    assert_eq!((first.status.as_u16(), &first.body["code"]), (201, &json!(201)));
    assert_eq!(
        (&first.body["message"], &first.data()["isNewActivation"]),
        (&json!("激活成功"), &json!(true))
    );
    let token = text(&first.data()["token"]);
    assert_eq!(server.post("/api/heartbeat", Some(&token), json!({})).await.status, StatusCode::OK);

    let again = activate(&server, &code, DEVICE).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (200, &json!(200)));
    assert_eq!(again.body["message"], "激活成功（已更新Token）");
    assert_eq!(again.data()["robotId"], first.data()["robotId"]);
    let revoked = server.post("/api/heartbeat", Some(&token), json!({})).await;
    assert_eq!((revoked.status.as_u16(), revoked.error()), (401, "unauthorized"));
    let old = json!({"refreshToken": first.data()["refreshToken"]});
    assert_eq!(server.post("/api/robot/refresh-token", None, old).await.status.as_u16(), 401);

    let other = activate(&server, &code, "another").await;
    assert_eq!((other.status.as_u16(), other.error()), (409, "activation_code_bound"));
    assert_eq!(other.data()["existingRobotId"], first.data()["robotId"]);
    assert!(other.data()["activatedAt"].is_string() && !other.body.to_string().contains(DEVICE));
    assert_eq!(activate(&server, "AAAAAAAA", DEVICE).await.error(), "activation_code_unknown");

    let unbind = json!({"code": code, "reason": "更换手机"});
    let answer = server.post("/api/admin/unbind-device", Some(&admin), unbind.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let moved = activate(&server, &code, "another").await;
    assert_eq!((moved.status.as_u16(), &moved.data()["robotId"]), (200, &first.data()["robotId"]));

    let path = format!("/api/admin/activation-codes/{code}/disable");
    assert_eq!(server.post(&path, Some(&admin), json!({})).await.data()["status"], "disabled");
    let token = text(&moved.data()["token"]);
    assert_eq!(server.post("/api/heartbeat", Some(&token), json!({})).await.error(), "robot_disabled");
    let refresh = json!({"refreshToken": moved.data()["refreshToken"]});
    assert_eq!(server.post("/api/robot/refresh-token", None, refresh).await.error(), "robot_disabled");
    assert_eq!(activate(&server, &code, "another").await.error(), "activation_code_disabled");
    let listed = server.get("/api/admin/activation-codes?status=disabled", Some(&admin)).await;
    assert_eq!((&listed.data()["total"], &listed.data()["list"][0]["code"]), (&json!(1), &json!(code)));
    server.stop().await;
}

#[actix_web::test]
async fn refresh_rotates_and_reuse_ends_the_family() {
    let server = TestServer::start(|settings| settings.tokens.rotation_grace_secs = 3_600).await;
    let (_admin, admin) = server.user("13800000000", Role::Admin).await;
    let first = activate(&server, &code(&server, &admin).await, DEVICE).await;
    let refresh = |token: Value| json!({"refreshToken": token});
    let path = "/api/robot/refresh-token";
    let second = server.post(path, None, refresh(first.data()["refreshToken"].clone())).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    let repeated = server.post(path, None, refresh(first.data()["refreshToken"].clone())).await;
    assert_eq!(repeated.body, second.body);
    for token in [&first.data()["token"], &second.data()["token"]] {
        assert_eq!(server.post("/api/heartbeat", Some(&text(token)), json!({})).await.status, StatusCode::OK);
    }
    assert_eq!(server.post(path, None, refresh(first.data()["token"].clone())).await.status.as_u16(), 401);
    server.stop().await;

    let server = TestServer::start(|settings| settings.tokens.rotation_grace_secs = 0).await;
    let (_admin, admin) = server.user("13800000000", Role::Admin).await;
    let first = activate(&server, &code(&server, &admin).await, DEVICE).await;
    let second = server.post(path, None, refresh(first.data()["refreshToken"].clone())).await;
    let reused = server.post(path, None, refresh(first.data()["refreshToken"].clone())).await;
    assert_eq!((reused.status.as_u16(), reused.error()), (401, "token_reused"));
    let next = server.post(path, None, refresh(second.data()["refreshToken"].clone())).await;
    assert_eq!(next.status.as_u16(), 401);
    let token = text(&second.data()["token"]);
    assert_eq!(server.post("/api/heartbeat", Some(&token), json!({})).await.status.as_u16(), 401);
    server.stop().await;
}

#[actix_web::test]
async fn guessing_codes_is_stopped_but_not_the_bound_phone() {
    let server = TestServer::start(|settings| settings.limits.activation_per_ip = 3).await;
    let (_admin, admin) = server.user("13800000000", Role::Admin).await;
    let code = code(&server, &admin).await;
    assert_eq!(activate(&server, &code, DEVICE).await.status.as_u16(), 201);
    for guess in ["AAAAAAA2", "AAAAAAA3", "AAAAAAA4"] {
        assert_eq!(activate(&server, guess, DEVICE).await.status.as_u16(), 404);
    }
    let locked = activate(&server, "AAAAAAA5", DEVICE).await;
    assert_eq!((locked.status.as_u16(), locked.error()), (429, "rate_limited"));
    let wait = locked.headers.get("retry-after").unwrap().to_str().unwrap().to_owned();
    assert_eq!(locked.data()["retryAfter"].to_string(), wait);
    let verify = json!({"code": code, "deviceId": DEVICE});
    assert_eq!(server.post("/api/robot-ids/verify", None, verify).await.status.as_u16(), 429);
    assert_eq!(activate(&server, &code, DEVICE).await.status.as_u16(), 200);
    assert_eq!(server.state.counters.limited_failures.get(), 2);
    server.stop().await;
}

#[actix_web::test]
async fn roles_are_held_to_the_table() {
    let server = TestServer::start(|_settings| {}).await;
    for (number, role) in Role::ALL.iter().enumerate() {
        let (_id, token) = server.user(&format!("1380000000{number}"), *role).await;
        let answer = server.get("/api/admin/activation-codes?pageSize=500", Some(&token)).await;
        if *role == Role::Admin {
            assert_eq!(answer.data()["warnings"].as_array().unwrap().len(), 1);
        } else {
            assert_eq!((answer.status.as_u16(), answer.error()), (403, "forbidden"), "{role}");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_creation_is_made_once_for_a_key() {
    let server = TestServer::start(|_settings| {}).await;
    let (admin_id, admin) = server.user("13800000000", Role::Admin).await;
    let create = |key: &str, count: i64| {
        TestRequest::post()
            .uri("/api/admin/activation-codes")
            .insert_header(("Authorization", format!("Bearer {admin}")))
            .insert_header(("Idempotency-Key", key))
            .set_json(json!({"count": count, "validityPeriod": 30}))
    };
    let refused = server.send(create("k", 0)).await;
    assert_eq!(refused.status.as_u16(), 400);
    let (first, second) =
        futures_util::future::join(server.send(create("k", 2)), server.send(create("k", 2))).await;
    assert_eq!((first.status.as_u16(), &first.body), (200, &second.body));
    let replays =
        [&first, &second].iter().filter(|answer| answer.headers.contains_key("idempotency-replayed")).count();
    assert_eq!(replays, 1);
    let since = server.state.now().plus(-chrono::TimeDelta::hours(1));
    let caller = format!("user:{admin_id}");
    let kept = idempotency::find(&server.state.db, caller, "k".to_owned(), since).await.unwrap().unwrap();
    assert!(kept.response.starts_with("v1."), "codes are remembered sealed");
    assert_eq!(server.send(create("k", 3)).await.error(), "idempotency_mismatch");
    assert_eq!(server.send(create(&"k".repeat(129), 2)).await.status.as_u16(), 400);
    let listed = server.get("/api/admin/activation-codes", Some(&admin)).await;
    assert_eq!(listed.data()["total"], 2);
    server.stop().await;
}

#[actix_web::test]
async fn foreign_robots_are_not_found_and_missing_roles_are_refused() {
    let server = TestServer::start(|_settings| {}).await;
    let (_admin, admin) = server.user("13800000009", Role::Admin).await;
    let (owner, owner_token) = server.user("13800000008", Role::User).await;
    let order = json!({"count": 1, "validityPeriod": 30, "boundUserId": owner});
    let made = server.post("/api/admin/activation-codes", Some(&admin), order).await;
    let robot = activate(&server, &text(&made.data()["codes"][0]["code"]), DEVICE).await;
    let other = activate(&server, &code(&server, &admin).await, "another").await;
    let robot_id = text(&robot.data()["robotId"]);
    let client = ClientAddress { address: [127, 0, 0, 1].into(), is_forwarded_by_stranger: false };
    let ask = async |token: &str, action: Action| {
        let caller = Caller::check(&server.state, token, client).await.unwrap();
        let found = caller.robot(&server.state, Some(&robot_id), action).await;
        found.map_or_else(|error| error.failure().status.as_u16(), |_robot| 200)
    };
    for (role, read, send) in [
        (Role::Admin, 200, 200),
        (Role::Operator, 404, 404),
        (Role::Developer, 404, 403),
        (Role::Viewer, 200, 403),
        (Role::User, 404, 404),
    ] {
        let (_id, token) = server.user(&format!("1390000000{}", role.as_str().len()), role).await;
        assert_eq!(
            (ask(&token, Action::ReadRobot).await, ask(&token, Action::Send).await),
            (read, send),
            "{role}"
        );
    }
    assert_eq!(ask(&owner_token, Action::Send).await, 200);
    assert_eq!(ask(&text(&robot.data()["token"]), Action::Send).await, 200);
    assert_eq!(ask(&text(&robot.data()["token"]), Action::KickRobot).await, 403);
    assert_eq!(ask(&text(&other.data()["token"]), Action::Send).await, 404);
    server.stop().await;
}

#[actix_web::test]
async fn metrics_and_documents_are_served() {
    let server = TestServer::start(|_settings| {}).await;
    let service = actix_web::test::init_service(super::app(server.edge.clone())).await;
    for (path, part) in [
        ("/metrics", "workbot_journal_batches_total"),
        ("/api/openapi.json", "\"openapi\":\"3.1.0\""),
        ("/api/docs/", "swagger"),
    ] {
        let request = TestRequest::get().uri(path).to_request();
        let response = actix_web::test::call_service(&service, request).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let body = actix_web::test::read_body(response).await;
        assert!(String::from_utf8_lossy(&body).contains(part), "{path}");
    }
    drop(service);
    server.stop().await;
}
