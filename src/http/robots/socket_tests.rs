//! The socket of a native phone against a listening server.
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt::time::timeout;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use workbot_schema::users::Role;

use crate::http::server::{Bound, bind};
use crate::http::testing::TestServer;

const PATIENCE: Duration = Duration::from_secs(20);

type Phone = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A phone, or the HTTP status that refused it.
async fn phone(address: SocketAddr, query: &str, headers: &[(&'static str, &str)]) -> Result<Phone, u16> {
    let mut request = format!("ws://{address}/ws/connect{query}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    match timeout(PATIENCE, connect_async(request)).await.unwrap() {
        Ok((phone, _response)) => Ok(phone),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next text frame, or the close code.
async fn next(phone: &mut Phone) -> Result<Value, u16> {
    loop {
        match timeout(PATIENCE, phone.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(reason))) => return Err(reason.map_or(0, |reason| u16::from(reason.code))),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[actix_web::test]
async fn phones_connect_are_refused_and_replaced() {
    let server = TestServer::start(|settings| {
        settings.server.host = "127.0.0.1".to_owned();
        settings.server.port = 0;
        settings.server.workers = 1;
    })
    .await;
    let Bound { address, server: listening } = bind(server.edge.clone()).unwrap();
    let handle = listening.handle();
    let running = actix_web::rt::spawn(listening);
    let (_id, admin) = server.user("13800000001", Role::Admin).await;
    let codes = json!({"count": 1, "validityPeriod": 30});
    let codes = server.post("/api/admin/activation-codes", Some(&admin), codes).await;
    let activation = json!({"code": codes.data()["codes"][0]["code"], "deviceInfo": {"deviceId": "d1"}});
    let activated = server.post("/api/robot-ids/activate", None, activation).await;
    let (id, token) =
        (activated.data()["robotId"].clone(), activated.data()["token"].as_str().unwrap().to_owned());

    assert_eq!(phone(address, "", &[]).await.err(), Some(401));
    let mut wrong = phone(address, "?token=nonsense", &[]).await.unwrap();
    assert_eq!(next(&mut wrong).await, Err(4001));
    let bearer = format!("Bearer {token}");
    let mut other = phone(address, "", &[("Authorization", &bearer), ("X-Device-Id", "d2")]).await.unwrap();
    assert_eq!(next(&mut other).await, Err(4003));

    let mut first = phone(address, "", &[("Authorization", &bearer), ("X-Device-Id", "d1")]).await.unwrap();
    let connected = next(&mut first).await.unwrap();
    assert_eq!((&connected["type"], &connected["data"]["robotId"]), (&json!("connected"), &id));
    let body = json!({"type": "text", "titleList": ["张三"], "content": "你好"});
    let sent = server.post("/api/robot/send-message", Some(&token), body).await;
    let command = loop {
        let frame = next(&mut first).await.unwrap();
        if frame["type"] == "command" {
            break frame;
        }
    };
    assert_eq!(command["data"]["commandId"], sent.data()["messageId"]);
    let result =
        json!({"type": "result", "data": {"commandId": sent.data()["messageId"], "status": "success"}});
    first.send(Message::text(result.to_string())).await.unwrap();
    let view = server.get(&format!("/api/robots/{}", id.as_str().unwrap()), Some(&admin)).await;
    assert!(view.data()["connectedAt"].is_string(), "{view:?}");

    let mut second = phone(address, &format!("?token={token}"), &[]).await.unwrap();
    assert_eq!(next(&mut second).await.unwrap()["type"], "connected");
    assert_eq!(next_close(&mut first).await, 4009);
    let kicked =
        server.post(&format!("/api/robots/{}/kick", id.as_str().unwrap()), Some(&admin), json!({})).await;
    assert_eq!(kicked.data()["kicked"], true, "{kicked:?}");
    assert_eq!(next_close(&mut second).await, 4000);

    let mut refused = None;
    for _attempt in 0..20 {
        if let Err(status) = phone(address, &format!("?token={token}"), &[]).await {
            refused = Some(status);
            break;
        }
    }
    assert_eq!(refused, Some(429));
    handle.stop(false).await;
    timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
    server.stop().await;
}

/// The close code, whatever comes before it.
async fn next_close(phone: &mut Phone) -> u16 {
    loop {
        if let Err(code) = next(phone).await {
            return code;
        }
    }
}
