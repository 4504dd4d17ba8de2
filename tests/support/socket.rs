//! A bare WebSocket for what a well-behaved phone never does.
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use workbot_robot_sim::SimError;
use workbot_robot_sim::dialect::Upgrade;
use workbot_robot_sim::link::{Socket, Target, open, parse_base};

use super::server::SOON;

/// An open socket without any behaviour of its own.
pub struct Bare(Socket);

impl Bare {
    /// Opens `/ws/connect` with a token in the query and these headers.
    pub async fn open(url: &str, token: &str, headers: &[(&str, &str)]) -> Result<Self, SimError> {
        let upgrade = Upgrade {
            target: if token.is_empty() {
                "/ws/connect".into()
            } else {
                format!("/ws/connect?token={token}")
            },
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let target = Target { base: parse_base(url).unwrap(), source: None };
        open(&target, &upgrade, SOON).await.map(Self)
    }

    /// Opens another path with a bearer token (none when it is empty).
    pub async fn open_at(url: &str, path: &str, token: &str) -> Result<Self, SimError> {
        match token {
            "" => Self::open_with(url, path, &[]).await,
            token => Self::open_with(url, path, &[("Authorization", &format!("Bearer {token}"))]).await,
        }
    }

    /// Opens another path with these headers.
    pub async fn open_with(url: &str, path: &str, headers: &[(&str, &str)]) -> Result<Self, SimError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let target = Target { base: parse_base(url).unwrap(), source: None };
        open(&target, &Upgrade { target: path.to_owned(), headers }, SOON).await.map(Self)
    }

    /// The status that refuses the upgrade of a path.
    pub async fn refused_at(url: &str, path: &str, token: &str) -> u16 {
        match Self::open_at(url, path, token).await {
            Err(SimError::Refused { status, .. }) => status,
            Err(error) => panic!("a refusal was wanted, this came: {error}"),
            Ok(_socket) => panic!("a refusal was wanted, the socket is open"),
        }
    }

    /// Opens one that is taken in, and takes its `connected` and `config` frames.
    pub async fn online(url: &str, token: &str) -> Self {
        let mut socket = Self::open(url, token, &[]).await.unwrap();
        assert_eq!(socket.frame().await["type"], "connected");
        assert_eq!(socket.frame().await["type"], "config");
        socket
    }

    /// Sends anything.
    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Sends a text frame.
    pub async fn text(&mut self, text: impl Into<String>) {
        self.send(Message::text(text.into())).await;
    }

    /// Sends a text frame with exactly these bytes, UTF-8 or not.
    pub async fn bytes_as_text(&mut self, bytes: &[u8]) {
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true);
        self.send(Message::Frame(frame)).await;
    }

    /// The next message of any kind; an end of the connection without a close frame is the error.
    pub async fn next(&mut self) -> Message {
        let next = timeout(SOON, self.0.next()).await.expect("a frame in time");
        next.expect("an open connection").unwrap()
    }

    /// The next text frame as JSON.
    pub async fn frame(&mut self) -> Value {
        loop {
            match self.next().await {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("a text frame was wanted, this came: {other:?}"),
            }
        }
    }

    /// The code of the close frame; everything before it is skipped.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(close) = self.next().await {
                return close.expect("a close code").code.into();
            }
        }
    }

    /// The code of the close frame that answers a text frame of this many bytes, which is refused before its end.
    pub async fn close_code_of_too_large(&mut self, bytes: usize) -> u16 {
        // The rest of the frame may meet a connection that is gone already.
        drop(self.0.send(Message::text("x".repeat(bytes))).await);
        self.close_code().await
    }

    /// The code of the close frame, which must be the next frame.
    pub async fn only_close_code(&mut self) -> u16 {
        match self.next().await {
            Message::Close(Some(close)) => close.code.into(),
            other => panic!("only a close frame was wanted, this came: {other:?}"),
        }
    }

    /// Insists on silence.
    pub async fn expect_silence(&mut self, quiet: Duration) {
        if let Ok(message) = timeout(quiet, self.0.next()).await {
            panic!("silence was wanted, this came: {message:?}");
        }
    }
}
