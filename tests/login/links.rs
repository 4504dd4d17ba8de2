//! Login links: once, in time, and the one that sets a new installation up.
use serde_json::json;

use super::{ADMIN, Browser, audited, follow, link, log_in};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(
    links_work_once_and_in_time,
    the_first_start_offers_a_link,
    sessions_outlive_a_restart_until_they_are_over
);

async fn exchange(server: &TestServer, body: serde_json::Value) -> workbot_robot_sim::Answer {
    server.rest().post("/api/user/ticket", &body).await.unwrap()
}

async fn links_work_once_and_in_time(backend: Backend) {
    let server = TestServer::start(backend).await;
    let admin = server.user(ADMIN, "admin").await;
    let ticket = link(&server, ADMIN).await;
    let browser =
        Browser::of(&server, &exchange(&server, json!({"ticket": ticket})).await.expect_ok().unwrap());
    assert!(browser.is_in().await);
    exchange(&server, json!({"ticket": ticket})).await.expect_error(401, "ticket_invalid").unwrap();
    exchange(&server, json!({"ticket": "nonsense"})).await.expect_error(401, "ticket_invalid").unwrap();
    exchange(&server, json!({"ticket": ""})).await.expect_error(400, "invalid_request").unwrap();

    let late = link(&server, ADMIN).await;
    server.database().sql("UPDATE login_tickets SET expires_at = created_at RETURNING ticket_hash AS value");
    exchange(&server, json!({"ticket": late})).await.expect_error(401, "ticket_invalid").unwrap();
    assert_eq!(audited(&admin.rest).await, ["user.login"]);
}

async fn the_first_start_offers_a_link(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let offers = |server: &TestServer| -> Vec<String> {
        let log = server.log();
        let told = log.iter().filter_map(|line| line.split_once("/login?ticket="));
        told.map(|(_before, rest)| rest.split(' ').next().unwrap().to_owned()).collect()
    };
    let first = offers(&server);
    assert_eq!(first.len(), 1, "{first:?}");
    server.restart().await;
    let both = offers(&server);
    assert_eq!(both.len(), 2, "{both:?}");
    // The later link takes the place of the earlier one.
    let phone = json!({"ticket": both[0], "phone": ADMIN});
    exchange(&server, phone).await.expect_error(401, "ticket_invalid").unwrap();
    let asked =
        exchange(&server, json!({"ticket": both[1]})).await.expect_error(400, "invalid_request").unwrap();
    assert!(asked.envelope.data["fields"]["phone"].is_string(), "{asked:?}");
    let wrong = exchange(&server, json!({"ticket": both[1], "phone": "123"})).await;
    wrong.expect_error(400, "invalid_request").unwrap();
    let body = json!({"ticket": both[1], "phone": ADMIN, "name": " 老王 "});
    let made = exchange(&server, body.clone()).await.expect_ok().unwrap();
    let browser = Browser::of(&server, &made);
    let info = browser.bare.get("/api/user/info").await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!((&info["role"], &info["name"]), (&json!("admin"), &json!("老王")));
    exchange(&server, body).await.expect_error(401, "ticket_invalid").unwrap();
    server.restart().await;
    assert_eq!(offers(&server).len(), 2, "an installation with a user offers nothing");
    assert!(browser.is_in().await);
    assert_eq!(audited(&browser.bare).await, ["user.login"]);

    // The link of an installation is void as soon as somebody made a user in another way.
    let other = TestServer::start(backend).await;
    other.user(ADMIN, "admin").await;
    let body = json!({"ticket": offers(&other)[0], "phone": "13800000009"});
    exchange(&other, body).await.expect_error(401, "ticket_invalid").unwrap();
}

async fn sessions_outlive_a_restart_until_they_are_over(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    server.user(ADMIN, "admin").await;
    let (first, second) = (log_in(&server, ADMIN).await, follow(&server, ADMIN).await);
    let third = follow(&server, ADMIN).await;
    server.restart().await;
    assert!(first.is_in().await && second.is_in().await && third.is_in().await);

    let gone = format!("/api/user/sessions/{}", first.session);
    second.bare.delete(&gone).await.unwrap().expect_error(403, "csrf_failed").unwrap();
    second.rest.delete(&gone).await.unwrap().expect_ok().unwrap();
    assert!(!first.is_in().await && second.is_in().await);
    second.rest.delete(&gone).await.unwrap().expect_error(404, "session_not_found").unwrap();
    let stranger = server.user("13900000000", "admin").await;
    let foreign = format!("/api/user/sessions/{}", second.session);
    stranger.rest.delete(&foreign).await.unwrap().expect_error(404, "session_not_found").unwrap();

    // Past its end, and idle for too long; read anew after the start.
    for (column, browser) in [("expires_at", &second), ("last_used_at", &third)] {
        let long_ago = match backend {
            Backend::Sqlite => "'2020-01-01T00:00:00.000000Z'",
            Backend::Postgres => "'2020-01-01T00:00:00Z'",
        };
        let id = &browser.session;
        server.database().sql(&format!(
            "UPDATE user_sessions SET {column} = {long_ago} WHERE id = '{id}' RETURNING id AS value"
        ));
    }
    server.restart().await;
    assert!(!second.is_in().await && !third.is_in().await);
}
