//! A phone becomes a robot by its code, and its tokens are exchanged, revoked and locked out as promised.
use serde_json::{Value, json};
use workbot_robot_sim::{Device, PhoneConfig, SimError};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::socket::Bare;

on_both!(codes_and_devices, tokens, service_ends, guessing_is_locked_out);

/// The exact body of the published example, with the code and device put in.
fn published_body(code: &str, device: &str) -> String {
    format!(
        r#"{{"code": "{code}", "deviceInfo": {{"deviceId": "{device}", "brand": "Xiaomi", "model": "Mi 10", "os": "Android",
        "osVersion": "13", "manufacturer": "Xiaomi", "network": "WiFi", "appVersion": "3.0.1", "totalMemory": 8192,
        "screenResolution": "1080x2400"}}}}"#
    )
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

async fn codes_and_devices(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (rest, admin) = (server.rest(), server.admin().await);
    let made =
        admin.post("/api/admin/activation-codes", &json!({"count": 3, "validityPeriod": 30})).await.unwrap();
    let made = made.expect_ok().unwrap().envelope.data;
    let codes: Vec<String> = made["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code["code"].as_str().unwrap_or_default().to_owned())
        .collect();
    for code in &codes {
        assert!(
            code.len() == 8 && code.chars().all(|c| "ABCDEFGHJKLMNPQRSTUVWXYZ23456789".contains(c)),
            "{code}"
        );
    }
    let code = codes[0].clone();
    let verified = rest.verify(&code, "phone-1").await.unwrap().expect_status(200).unwrap();
    assert_eq!(verified.envelope.data, json!({"valid": true, "status": "unused", "canActivate": true}));

    let first = rest.post_raw("/api/robot-ids/activate", published_body(&code, "phone-1")).await.unwrap();
    let first = first.expect_status(201).unwrap();
    assert_eq!(
        (first.envelope.success, first.envelope.code, first.envelope.message.as_str()),
        (true, 201, "激活成功")
    );
    let data = &first.envelope.data;
    assert_eq!(keys(data), ["expiresAt", "isNewActivation", "refreshToken", "robotId", "robotUuid", "token"]);
    assert_eq!(data["isNewActivation"], true);
    let robot_id = data["robotId"].as_str().unwrap();
    assert!(robot_id.starts_with("robot_") && robot_id.split('_').count() == 3, "{robot_id}");
    assert!(uuid::Uuid::parse_str(data["robotUuid"].as_str().unwrap()).is_ok());
    let expires = chrono::DateTime::parse_from_rfc3339(data["expiresAt"].as_str().unwrap()).unwrap();
    let days = (expires.to_utc() - chrono::Utc::now()).num_hours();
    assert!((6 * 24 + 23..=7 * 24).contains(&days), "{days} hours");
    let first_rest = rest.with_token(data["token"].as_str().unwrap());
    first_rest.heartbeat().await.unwrap().expect_ok().unwrap();
    let phone = server.manual(&first.data().unwrap());
    let phone = workbot_robot_sim::Phone::connect(phone).await.unwrap();

    let again = rest
        .post_raw("/api/robot-ids/activate", published_body(&code.to_lowercase(), "phone-1"))
        .await
        .unwrap();
    let again = again.expect_status(200).unwrap();
    assert_eq!((again.envelope.code, again.envelope.message.as_str()), (200, "激活成功（已更新Token）"));
    assert_eq!(again.envelope.data["isNewActivation"], false);
    for same in ["robotId", "robotUuid"] {
        assert_eq!(again.envelope.data[same], data[same]);
    }
    assert_eq!(
        phone.wait_ended(SOON).await.unwrap().close_code(),
        Some(4001),
        "the socket of the older token"
    );
    first_rest.heartbeat().await.unwrap().expect_status(401).unwrap();
    let refused = rest.refresh(data["refreshToken"].as_str().unwrap()).await.unwrap();
    refused.expect_status(401).unwrap();

    let other = rest.post_raw("/api/robot-ids/activate", published_body(&code, "phone-2")).await.unwrap();
    let other = other.expect_error(409, "activation_code_bound").unwrap();
    assert_eq!(keys(&other.envelope.data), ["activatedAt", "existingRobotId"]);
    assert_eq!(other.envelope.data["existingRobotId"], data["robotId"]);
    assert!(!other.body.contains("phone-1"));
    assert_eq!(other.header("x-request-id").map(str::to_owned), other.envelope.request_id);

    let theirs = rest.verify(&code, "phone-1").await.unwrap().envelope.data;
    assert_eq!(
        (&theirs["status"], &theirs["canActivate"], &theirs["robotId"]),
        (&json!("active"), &json!(true), &data["robotId"])
    );
    let foreign = rest.verify(&code, "phone-2").await.unwrap().expect_status(200).unwrap().envelope.data;
    assert_eq!((&foreign["canActivate"], foreign.get("robotId")), (&json!(false), None));

    admin
        .post(&format!("/api/admin/activation-codes/{}/disable", codes[1]), &json!({}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let disabled = rest.activate(&codes[1], &Device::new("phone-3")).await.unwrap();
    disabled.expect_error(403, "activation_code_disabled").unwrap();
    let unknown = rest.activate("ZZZZZZZ2", &Device::new("phone-3")).await.unwrap();
    unknown.expect_error(404, "activation_code_unknown").unwrap();
    let listed =
        admin.get("/api/admin/activation-codes?page=1&pageSize=2").await.unwrap().expect_ok().unwrap();
    assert_eq!(
        (listed.envelope.data["total"].as_i64(), listed.envelope.data["list"].as_array().unwrap().len()),
        (Some(3), 2)
    );
    let listed = admin.get("/api/admin/activation-codes?status=disabled").await.unwrap().expect_ok().unwrap();
    assert_eq!(listed.envelope.data["list"][0]["code"], codes[1].as_str());

    let unbound = json!({"code": code, "reason": "换手机"});
    let mut socket = Bare::online(server.url(), &again.text("/token").unwrap()).await;
    admin.post("/api/admin/unbind-device", &unbound).await.unwrap().expect_ok().unwrap();
    assert_eq!(socket.close_code().await, 4001, "an unbound phone is sent away");
    let moved = rest.post_raw("/api/robot-ids/activate", published_body(&code, "phone-2")).await.unwrap();
    let moved = moved.expect_ok().unwrap();
    assert_eq!(moved.envelope.data["robotId"], data["robotId"]);

    let over = format!(
        "UPDATE activation_codes SET expires_at = '2020-01-01T00:00:00.000000Z' WHERE code = '{}'",
        codes[2]
    );
    server.database().sql(&over);
    let expired = rest.activate(&codes[2], &Device::new("phone-4")).await.unwrap();
    expired.expect_error(403, "activation_code_expired").unwrap();
    assert_eq!(rest.verify(&codes[2], "phone-4").await.unwrap().envelope.data["status"], "expired");

    for (body, field) in [
        (json!({"deviceInfo": {"deviceId": "x"}}), "code"),
        (json!({"code": codes[2]}), "deviceInfo"),
        (json!({"code": codes[2], "deviceInfo": {"brand": "x"}}), "deviceInfo.deviceId"),
        (json!({"code": "", "deviceInfo": {"deviceId": "x"}}), "code"),
        (json!({"code": "A\u{0}", "deviceInfo": {"deviceId": "x"}}), "code"),
    ] {
        let wrong = rest.post("/api/robot-ids/activate", &body).await.unwrap();
        let wrong = wrong.expect_error(400, "invalid_request").unwrap();
        assert!(wrong.envelope.data["fields"].get(field).is_some(), "{field}: {}", wrong.body);
    }
    rest.post_raw("/api/robot-ids/activate", "{").await.unwrap().expect_error(400, "invalid_json").unwrap();
}

async fn tokens(backend: Backend) {
    let server = TestServer::builder(backend).set("tokens.rotation_grace_secs", 1).start().await;
    let (robot, _) = server.robot().await;
    let rest = server.rest();
    let rotated = rest.refresh(&robot.refresh_token).await.unwrap().expect_ok().unwrap();
    assert_eq!(keys(&rotated.envelope.data), ["expiresAt", "refreshToken", "token"]);
    assert_ne!(rotated.text("/refreshToken").unwrap(), robot.refresh_token);
    rest.with_token(&robot.token).heartbeat().await.unwrap().expect_ok().unwrap();
    let repeated = rest.refresh(&robot.refresh_token).await.unwrap().expect_ok().unwrap();
    assert_eq!(repeated.envelope.data, rotated.envelope.data, "the same answer within the grace");
    let next = rest.refresh(&rotated.text("/refreshToken").unwrap()).await.unwrap().expect_ok().unwrap();
    let newest = next.text("/token").unwrap();
    let phone =
        workbot_robot_sim::Phone::connect(PhoneConfig::manual(server.url(), &robot.robot_id, &newest))
            .await
            .unwrap();

    let reused = crate::support::until(SOON, "the grace is over", async || {
        let answer = rest.refresh(&robot.refresh_token).await.unwrap();
        (answer.status != 200).then_some(answer)
    })
    .await;
    reused.expect_error(401, "token_reused").unwrap();
    let ended = phone.wait_ended(SOON).await.unwrap();
    assert_eq!(ended.close_code(), Some(4001));
    rest.with_token(&newest).heartbeat().await.unwrap().expect_status(401).unwrap();
    rest.refresh(&next.text("/refreshToken").unwrap()).await.unwrap().expect_status(401).unwrap();
    let closed = server_refuses(&server, &robot.robot_id, &newest).await;
    assert_eq!(closed, Some(4001));
    for wrong in ["", "eyJhbGciOiJub25lIn0.e30.", "x"] {
        let status = rest.with_token(wrong).heartbeat().await.unwrap().status;
        assert_eq!(status, 401, "{wrong:?}");
        let status = rest.refresh(wrong).await.unwrap().status;
        assert!(matches!(status, 400 | 401), "{wrong:?}: {status}");
    }
    let access_as_refresh = rest.refresh(&robot.token).await.unwrap();
    access_as_refresh.expect_status(401).unwrap();
    let refresh_as_access = rest.with_token(&robot.refresh_token).heartbeat().await.unwrap();
    refresh_as_access.expect_status(401).unwrap();
}

async fn server_refuses(server: &TestServer, robot: &str, token: &str) -> Option<u16> {
    match workbot_robot_sim::Phone::connect(PhoneConfig::manual(server.url(), robot, token)).await {
        Err(SimError::Closed { code, .. }) => Some(code),
        other => panic!("{other:?}"),
    }
}

async fn service_ends(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let code = server.codes(1).await.remove(0);
    let device = Device::new("phone");
    let robot = server.rest().activated(&code, &device).await.unwrap();
    let rest = server.rest().with_token(&robot.token);
    let queued = rest.send_text(&robot.robot_id, &["a"], "x").await.unwrap().expect_ok().unwrap();
    assert!(server.terminate().await.success());
    server.database().sql("UPDATE robots SET service_expires_at = '2020-01-01T00:00:00.000000Z'");
    server.restart().await;
    for refused in [
        rest.send_text(&robot.robot_id, &["a"], "x").await,
        rest.poll(&robot.robot_id, 0).await,
        rest.command(&queued.text("/messageId").unwrap()).await,
        rest.callbacks(&robot.robot_id).await,
        rest.heartbeat().await,
        rest.refresh(&robot.refresh_token).await,
    ] {
        refused.unwrap().expect_error(403, "robot_expired").unwrap();
    }
    assert_eq!(server_refuses(&server, &robot.robot_id, &robot.token).await, Some(4001));
    let again = server.rest().activate(&code, &device).await.unwrap();
    again.expect_error(403, "activation_code_expired").unwrap();
    let verified = server.rest().verify(&code, "phone").await.unwrap().expect_status(200).unwrap();
    assert_eq!(
        (&verified.envelope.data["status"], &verified.envelope.data["canActivate"]),
        (&json!("expired"), &json!(false))
    );
}

async fn guessing_is_locked_out(backend: Backend) {
    let server = TestServer::builder(backend).set("server.trusted_proxies", "127.0.0.1").start().await;
    let rest = server.rest();
    let elsewhere = rest.with_header("X-Forwarded-For", "203.0.113.9");
    let codes = server.codes(2).await;
    let owner = Device::new("owner");
    rest.activated(&codes[0], &owner).await.unwrap();
    for _ in 0..5 {
        rest.activate(&codes[0], &Device::new("thief")).await.unwrap().expect_status(409).unwrap();
    }
    let locked = rest.activate(&codes[0], &Device::new("thief")).await.unwrap();
    let locked = locked.expect_error(429, "rate_limited").unwrap();
    let wait = locked.envelope.data["retryAfter"].as_u64().unwrap();
    assert!(wait >= 1 && locked.header("retry-after") == Some(wait.to_string().as_str()), "{}", locked.body);
    rest.verify(&codes[0], "thief").await.unwrap().expect_status(429).unwrap();
    let other_address = elsewhere.activate(&codes[0], &Device::new("thief")).await.unwrap();
    other_address.expect_error(409, "activation_code_bound").unwrap();
    rest.activate(&codes[0], &owner).await.unwrap().expect_status(200).unwrap();
    rest.verify(&codes[1], "new").await.unwrap().expect_status(200).unwrap();
    for _ in 0..5 {
        rest.verify("ZZZZZZZ2", "thief").await.unwrap().expect_status(200).unwrap();
    }
    let address = rest.verify(&codes[1], "new").await.unwrap();
    address.expect_error(429, "rate_limited").unwrap();
    elsewhere.verify(&codes[1], "new").await.unwrap().expect_status(200).unwrap();
}
