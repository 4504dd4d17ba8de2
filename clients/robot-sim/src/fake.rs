//! A fake server for tests: sockets driven by hand, or a small bot that stores nothing and pushes what it is sent.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::platform::http::{read_request, write_response};

pub(crate) const SOON: Duration = Duration::from_secs(5);

/// One accepted phone socket, driven by the test.
pub(crate) struct FakeSocket {
    pub socket: WebSocketStream<TcpStream>,
}

impl FakeSocket {
    pub async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub async fn connected(&mut self, heartbeat_ms: u64) {
        let data = json!({"robotId": "robot_1", "timestamp": 1, "heartbeatIntervalMs": heartbeat_ms});
        self.send(json!({"type": "connected", "data": data})).await;
    }

    pub async fn push(&mut self, id: &str, attempt: u32, content: &str, redelivered: bool) {
        self.send(command_frame(id, attempt, 0, content, redelivered)).await;
    }

    pub async fn message_ack(&mut self, frame: &Value, server_id: &str) {
        let data = json!({"messageId": frame["messageId"], "serverMessageId": server_id});
        self.send(json!({"type": "message_ack", "data": data})).await;
    }

    /// The next JSON frame; `None` when the socket has ended.
    pub async fn read(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(SOON, self.socket.next()).await.expect("a frame in time")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next frame of one type; heartbeats in between are answered.
    pub async fn read_kind(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.read().await.expect("an open socket");
            if frame["type"] == kind {
                return frame;
            }
            if frame["type"] == "heartbeat" {
                self.send(json!({"type": "heartbeat_response", "data": {"timestamp": 1, "serverTime": 2}}))
                    .await;
            }
        }
    }

    pub async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        self.socket.close(Some(frame)).await.unwrap();
    }
}

pub(crate) fn command_frame(
    id: &str,
    attempt: u32,
    priority: i64,
    content: &str,
    redelivered: bool,
) -> Value {
    let params = json!({"target": "a", "titleList": ["a", "b"], "content": content, "messageType": "text"});
    let mut data = json!({
        "commandId": id, "commandType": "send_message", "params": params, "priority": priority, "type": 203,
        "attempt": attempt, "createdAt": "2025-01-01T00:00:00Z",
    });
    if redelivered {
        data["redelivered"] = true.into();
    }
    json!({"type": "command", "data": data, "timestamp": 1, "messageId": "s"})
}

/// A listener whose sockets the test drives.
pub(crate) struct FakeServer {
    listener: TcpListener,
    pub url: String,
}

impl FakeServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }

    pub async fn accept(&self) -> FakeSocket {
        let (stream, _) =
            tokio::time::timeout(SOON, self.listener.accept()).await.expect("a connect").unwrap();
        FakeSocket { socket: accept_async(stream).await.unwrap() }
    }

    pub async fn accept_connected(&self, heartbeat_ms: u64) -> FakeSocket {
        let mut socket = self.accept().await;
        socket.connected(heartbeat_ms).await;
        socket
    }

    pub async fn refuse(&self, response: &str) {
        let (stream, _) =
            tokio::time::timeout(SOON, self.listener.accept()).await.expect("a connect").unwrap();
        let mut stream = BufReader::new(stream);
        read_request(&mut stream).await.unwrap();
        stream.get_mut().write_all(response.as_bytes()).await.unwrap();
    }
}

/// What the small bot does wrong on purpose.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// Every how many accepted commands one is never pushed; 0 = none.
    pub lose_every: u64,
    /// Every how many accepted commands one is pushed twice; 0 = none.
    pub double_every: u64,
}

/// Accepts send-message for a token (= robot id) and pushes the command down that robot's newest socket.
pub(crate) struct FakeBot {
    pub url: String,
}

type Sockets = Arc<Mutex<HashMap<String, mpsc::UnboundedSender<Value>>>>;

impl FakeBot {
    pub async fn start(faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sockets = Sockets::default();
        let numbers = Arc::new(AtomicU64::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sockets, numbers) = (Arc::clone(&sockets), Arc::clone(&numbers));
                tokio::spawn(async move {
                    let mut start = [0_u8; 7];
                    stream.peek(&mut start).await.unwrap();
                    if &start == b"GET /ws" {
                        serve_socket(stream, &sockets).await;
                    } else {
                        serve_rest(stream, &sockets, &numbers, faults).await;
                    }
                });
            }
        });
        Self { url }
    }
}

async fn serve_socket(stream: TcpStream, sockets: &Sockets) {
    let mut head = vec![0_u8; 512];
    let length = stream.peek(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    let robot = head.split("token=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let mut socket = FakeSocket { socket: accept_async(stream).await.unwrap() };
    let (sender, mut frames) = mpsc::unbounded_channel();
    sockets.lock().insert(robot, sender);
    socket.connected(200).await;
    loop {
        tokio::select! {
            Some(frame) = frames.recv() => socket.send(frame).await,
            message = socket.socket.next() => {
                let Some(Ok(Message::Text(text))) = message else { return };
                let frame: Value = serde_json::from_str(text.as_str()).unwrap();
                match frame["type"].as_str() {
                    Some("heartbeat") => {
                        socket.send(json!({"type": "heartbeat_response", "data": {}})).await;
                    }
                    Some("message") => socket.message_ack(&frame, &format!("srv-{}", frame["messageId"])).await,
                    _ => {}
                }
            }
        }
    }
}

async fn serve_rest(stream: TcpStream, sockets: &Sockets, numbers: &AtomicU64, faults: Faults) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(request)) = read_request(&mut stream).await {
        let number = numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("msg_{number}");
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let robot =
            request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
        let frame = command_frame(
            &id,
            1,
            body["priority"].as_i64().unwrap_or(0),
            body["content"].as_str().unwrap_or_default(),
            false,
        );
        let is = |every: u64| every > 0 && number.is_multiple_of(every);
        let pushes = if is(faults.lose_every) { 0 } else { 1 + u8::from(is(faults.double_every)) };
        for _ in 0..pushes {
            if let Some(socket) = sockets.lock().get(&robot) {
                socket.send(frame.clone()).unwrap();
            }
        }
        let answer = json!({"success": true, "code": 0, "message": "指令已下发",
            "data": {"messageId": id, "commandId": id, "status": "pending"}});
        write_response(stream.get_mut(), 200, "application/json", answer.to_string().as_bytes())
            .await
            .unwrap();
    }
}
