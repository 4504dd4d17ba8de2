//! A bare WebSocket where WorkTool apps connect: every frame is written by the test, byte for byte.
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use workbot_robot_sim::dialect::Upgrade;
use workbot_robot_sim::link::{Socket, Target, open, parse_base};

use super::server::SOON;

/// What the server sends first, on every connection.
pub const START: &str = r#"{"socketType":2,"list":[{"type":202},{"type":503}]}"#;
/// The app's login line.
pub const LOGIN: &str = "连接建立: wtxxxx appVersion: 2.8.1     Android 12 Xiaomi M2012K11AC workVersion: 4.1.10 deviceRooted: false hook: false";

/// An open socket of an app that does nothing by itself.
pub struct AppSocket(Socket);

impl AppSocket {
    /// Opens it for a link id.
    pub async fn open(url: &str, link_id: &str) -> Self {
        let upgrade = Upgrade { target: format!("/webserver/wework/{link_id}"), headers: Vec::new() };
        let target = Target { base: parse_base(url).unwrap(), source: None };
        Self(open(&target, &upgrade, SOON).await.unwrap())
    }

    /// Opens it, takes the start frame, and says what a reconnecting app says.
    pub async fn online(url: &str, link_id: &str) -> Self {
        let mut socket = Self::open(url, link_id).await;
        assert_eq!(socket.text().await, START);
        socket.greet().await;
        socket
    }

    /// What a reconnecting app says first.
    pub async fn greet(&mut self) {
        self.send(r#"{"type":11}"#).await;
        self.send(r#"{"td":1700000000000}"#).await;
        self.item("2023-11-23#10:00:00#login", &json!({"log": LOGIN, "type": 301})).await;
    }

    /// Sends exactly this text.
    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Sends an item in the app's envelope.
    pub async fn item(&mut self, id: &str, item: &Value) {
        let frame =
            json!({"socketType": 2, "messageId": id, "list": [item], "encryptedList": "", "encryptType": 0});
        self.send(&frame.to_string()).await;
    }

    /// Confirms a frame.
    pub async fn confirm(&mut self, id: &str) {
        let frame =
            json!({"socketType": 1, "messageId": id, "list": [], "encryptedList": "", "encryptType": 0});
        self.send(&frame.to_string()).await;
    }

    /// Reports the result of a command as the app writes it.
    pub async fn result(&mut self, id: &str, code: i64, raw: &Value) {
        let report = json!({"rawMsg": raw.to_string(), "errorCode": code, "errorReason": "", "runTime": 1_700_000_000_000_i64,
            "timeCost": 4.512, "successList": ["测试群"], "failList": [], "type": 0});
        let frame = json!({"socketType": 3, "messageId": id, "list": [report], "encryptedList": "", "encryptType": 0});
        self.send(&frame.to_string()).await;
    }

    /// The next text frame, exactly as it came.
    pub async fn text(&mut self) -> String {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => return text.to_string(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("no text frame: {other:?}"),
                }
            }
        };
        timeout(SOON, next).await.expect("a frame in time")
    }

    /// The next text frame as JSON.
    pub async fn frame(&mut self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|_no_json| panic!("no JSON: {text}"))
    }

    /// Insists that no frame comes for `quiet`.
    pub async fn silent(&mut self, quiet: Duration) {
        if let Ok(next) = timeout(quiet, self.text()).await {
            panic!("silence was wanted: {next}");
        }
    }
}
