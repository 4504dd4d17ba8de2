//! Codes by SMS: what they are good for, and how often.
use serde_json::json;

use super::{ADMIN, Browser, ask, audited, codes, enter, log_in, next_code};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(
    a_code_opens_a_session,
    wrong_codes_void_the_code_and_stop_the_address,
    codes_are_limited,
    strangers_are_answered_alike,
    strangers_may_register_when_they_are_let
);

async fn a_code_opens_a_session(backend: Backend) {
    let server = TestServer::start(backend).await;
    let user = server.user(ADMIN, "admin").await;
    let asked = ask(&server, " +86 138-1234-1234").await.expect_ok().unwrap();
    assert_eq!(asked.envelope.data, json!({"expiresIn": 300, "resendAfter": 60, "delivery": "log"}));
    let code = next_code(&server, ADMIN, 0).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    enter(&server, ADMIN, wrong).await.expect_error(401, "sms_code_wrong").unwrap();
    enter(&server, ADMIN, "12345").await.expect_error(400, "invalid_request").unwrap();
    let browser = Browser::of(&server, &enter(&server, ADMIN, &code).await.expect_ok().unwrap());
    enter(&server, ADMIN, &code).await.expect_error(401, "sms_code_wrong").unwrap();

    let info = browser.bare.get("/api/user/info").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(
        (&info["userId"], &info["phone"], &info["role"], &info["csrfToken"]),
        (&json!(user.id), &json!("138****1234"), &json!("admin"), &json!(browser.csrf))
    );
    assert_eq!(
        (&info["permissions"]["users"], &info["permissions"]["command"]),
        (&json!("all"), &json!("all"))
    );
    assert!(info["lastLoginAt"].is_string());
    let by_token = user.rest.get("/api/user/info").await.unwrap().expect_ok().unwrap().envelope.data;
    assert!(by_token["csrfToken"].is_null() && by_token["sessionId"].is_null());

    let key = json!({"name": "甲", "scopes": ["send"]});
    let refused = browser.bare.post("/api/platform-keys", &key).await.unwrap();
    refused.expect_error(403, "csrf_failed").unwrap();
    let planted = browser.bare.with_header("X-CSRF-Token", "0".repeat(64));
    planted.post("/api/platform-keys", &key).await.unwrap().expect_error(403, "csrf_failed").unwrap();
    browser.rest.post("/api/platform-keys", &key).await.unwrap().expect_ok().unwrap();

    let listed = browser.bare.get("/api/user/sessions").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&listed["total"], &listed["list"][0]["isCurrent"]), (&json!(1), &json!(true)));
    assert_eq!(listed["list"][0]["id"], json!(browser.session));

    let left = browser.rest.post("/api/user/logout", &json!({})).await.unwrap().expect_ok().unwrap();
    let removed =
        left.headers.iter().filter(|(name, value)| name == "set-cookie" && value.contains("Max-Age=0"));
    assert_eq!(removed.count(), 2, "{left:?}");
    assert!(!browser.is_in().await);
    let verbs = audited(&user.rest).await;
    assert_eq!(verbs, ["user.login", "platform_key.create", "user.logout"]);
    let plain = server.database().sql("SELECT code_hash AS value FROM login_codes");
    assert!(plain.iter().all(|hash| hash.len() == 64 && !hash.contains(&code)), "{plain:?}");
}

async fn wrong_codes_void_the_code_and_stop_the_address(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.sms_pause_secs", 1).start().await;
    server.user(ADMIN, "admin").await;
    ask(&server, ADMIN).await.expect_ok().unwrap();
    let code = next_code(&server, ADMIN, 0).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    for _try in 0..5 {
        enter(&server, ADMIN, wrong).await.expect_error(401, "sms_code_wrong").unwrap();
    }
    for _try in 0..4 {
        enter(&server, ADMIN, &code).await.expect_error(401, "sms_code_wrong").unwrap();
    }
    let tries = server.database().sql("SELECT CAST(wrong_tries AS VARCHAR(9)) AS value FROM login_codes");
    assert_eq!(tries, ["5"]);
    enter(&server, ADMIN, &code).await.expect_error(401, "sms_code_wrong").unwrap();
    let stopped = enter(&server, ADMIN, &code).await.expect_error(429, "rate_limited").unwrap();
    let secs = stopped.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!((1..=600).contains(&secs) && stopped.envelope.data["retryAfter"] == secs, "{stopped:?}");
    // The address is stopped whatever it shows, a link included.
    let link = json!({"ticket": "nonsense"});
    let answer = server.rest().post("/api/user/ticket", &link).await.unwrap();
    answer.expect_error(429, "rate_limited").unwrap();
}

async fn codes_are_limited(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.sms_per_ip", 3).start().await;
    server.user(ADMIN, "admin").await;
    ask(&server, ADMIN).await.expect_ok().unwrap();
    let again = ask(&server, ADMIN).await.expect_error(429, "rate_limited").unwrap();
    let secs = again.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!((1..=60).contains(&secs) && again.envelope.data["retryAfter"] == secs, "{again:?}");
    ask(&server, "13800000002").await.expect_ok().unwrap();
    ask(&server, "13800000003").await.expect_ok().unwrap();
    let many = ask(&server, "13800000004").await.expect_error(429, "rate_limited").unwrap();
    let secs = many.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!((3_500..=3_600).contains(&secs), "{many:?}");
    // Refusals make no code, and so count for nothing.
    assert_eq!(server.database().sql("SELECT phone AS value FROM login_codes").len(), 3);
}

async fn strangers_are_answered_alike(backend: Backend) {
    let server = TestServer::start(backend).await;
    let admin = server.user(ADMIN, "admin").await;
    let known = ask(&server, ADMIN).await.expect_ok().unwrap();
    next_code(&server, ADMIN, 0).await;
    let stranger = ask(&server, "13900000000").await.expect_ok().unwrap();
    assert_eq!(known.body, stranger.body);
    ask(&server, "13900000000").await.expect_error(429, "rate_limited").unwrap();
    enter(&server, "13900000000", "123456").await.expect_error(401, "sms_code_wrong").unwrap();
    // A person who was switched off is a stranger.
    let made = json!({"phone": "13900000001", "role": "user"});
    let made = admin.rest.post("/api/admin/users", &made).await.unwrap().expect_ok().unwrap();
    let path = format!("/api/admin/users/{}", made.text("/userId").unwrap());
    admin.rest.put(&path, &json!({"enabled": false})).await.unwrap().expect_ok().unwrap();
    ask(&server, "13900000001").await.expect_ok().unwrap();
    // The code of somebody who asks later is in the log: none of theirs went before it.
    server.user("13900000002", "user").await;
    log_in(&server, "13900000002").await;
    assert!(codes(&server, "13900000000").is_empty() && codes(&server, "13900000001").is_empty());
}

async fn strangers_may_register_when_they_are_let(backend: Backend) {
    let server = TestServer::builder(backend).set("users.open_registration", true).start().await;
    let browser = log_in(&server, "13900000000").await;
    let info = browser.bare.get("/api/user/info").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&info["role"], &info["permissions"]["users"]), (&json!("user"), &json!(null)));
    browser.bare.get("/api/admin/users").await.unwrap().expect_error(403, "forbidden").unwrap();
}
