//! The live feed in a browser: our own pages alone, and no longer than the session.
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use workbot_robot_sim::SimError;

use super::{ADMIN, Browser, follow};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;
use crate::support::socket::Bare;

on_both!(pages_of_others_may_not_watch, sockets_end_with_their_session);

const FEED: &str = "/ws/monitor?channels=panel1";

async fn watch(server: &TestServer, browser: &Browser, origin: &str) -> Result<Bare, SimError> {
    let headers = [("Cookie", browser.cookie.as_str()), ("Origin", origin)];
    let count = if origin.is_empty() { 1 } else { 2 };
    Bare::open_with(server.url(), FEED, &headers[..count]).await
}

async fn pages_of_others_may_not_watch(backend: Backend) {
    let server =
        TestServer::builder(backend).set("server.public_url", "https://bot.example.com").start().await;
    let admin = server.user(ADMIN, "admin").await;
    let browser = follow_secure(&server).await;
    for origin in
        ["", "null", "http://evil.example.com", "https://bot.example.com.evil.com", "http://127.0.0.1:1"]
    {
        match watch(&server, &browser, origin).await {
            Err(SimError::Refused { status: 403, .. }) => {}
            other => panic!("{origin}: {:?}", other.err()),
        }
    }
    for origin in [server.url(), "https://bot.example.com"] {
        let mut socket = watch(&server, &browser, origin).await.unwrap();
        assert_eq!(socket.frame().await["type"], "stat");
    }
    // A program with a token is no browser: nobody sends its header for it.
    Bare::open_at(server.url(), FEED, &admin.token).await.unwrap();
    assert_eq!(Bare::refused_at(server.url(), FEED, "").await, 401);
}

/// With an address of https the cookies travel over TLS alone.
async fn follow_secure(server: &TestServer) -> Browser {
    let ticket = super::link(server, ADMIN).await;
    let answer = server.rest().post("/api/user/ticket", &json!({"ticket": ticket})).await.unwrap();
    let answer = answer.expect_ok().unwrap();
    let cookies: Vec<_> = answer.headers.iter().filter(|(name, _value)| name == "set-cookie").collect();
    assert!(cookies.iter().all(|(_name, value)| value.contains("Secure")), "{cookies:?}");
    Browser::of(server, &answer)
}

/// The reason of the `bye` and the code of the close after it.
async fn farewell(socket: &mut Bare) -> u16 {
    loop {
        let frame = socket.frame().await;
        if frame["type"] == "bye" {
            assert!(frame["data"]["reason"].is_string(), "{frame}");
            return socket.only_close_code().await;
        }
        assert_eq!(frame["type"], "stat", "{frame}");
    }
}

async fn sockets_end_with_their_session(backend: Backend) {
    let server = TestServer::start(backend).await;
    let admin = server.user(ADMIN, "admin").await;
    let made = json!({"phone": "13900000000", "role": "viewer"});
    let made = admin.rest.post("/api/admin/users", &made).await.unwrap().expect_ok().unwrap();
    let viewer = format!("/api/admin/users/{}", made.text("/userId").unwrap());
    let (first, second) = (follow(&server, "13900000000").await, follow(&server, "13900000000").await);
    let mut of_first = watch(&server, &first, server.url()).await.unwrap();
    let mut of_second = watch(&server, &second, server.url()).await.unwrap();
    let mut of_admin = Bare::open_at(server.url(), FEED, &admin.token).await.unwrap();

    first.rest.post("/api/user/logout", &json!({})).await.unwrap().expect_ok().unwrap();
    assert_eq!(farewell(&mut of_first).await, 4001);
    assert!(second.is_in().await);
    admin.rest.put(&viewer, &json!({"enabled": false})).await.unwrap().expect_ok().unwrap();
    assert!(!second.is_in().await);
    assert_eq!(farewell(&mut of_second).await, 4001);

    of_admin.send(Message::Ping(Vec::new().into())).await;
    assert_eq!(of_admin.frame().await["type"], "stat", "others go on");
}
