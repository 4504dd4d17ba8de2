//! How one phone is set up.
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crate::behaviour::Behaviour;
use crate::dialect::{Credentials, Dialect, Native};
use crate::observer::Observer;
use crate::schedule::Backoff;

/// Who answers commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The caller: nothing is acknowledged or executed by itself.
    Manual,
    /// The phone, in this way.
    Automatic(Behaviour),
}

/// When keep-alives go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// At the interval the server announces.
    Announced,
    Every(Duration),
    Off,
}

/// Everything a phone needs to connect and work.
#[derive(Clone)]
pub struct PhoneConfig {
    /// `http://host:port` of the server.
    pub url: String,
    /// Name handed to the observer, usually the robot id.
    pub robot: String,
    pub credentials: Credentials,
    pub dialect: Arc<dyn Dialect>,
    pub mode: Mode,
    pub heartbeat: Heartbeat,
    /// `None`: stays away once the socket has ended.
    pub reconnect: Option<Backoff>,
    /// For the TCP connection, the upgrade and the first frame together.
    pub connect_timeout: Duration,
    /// For writing to a socket whose peer does not read.
    pub write_timeout: Duration,
    /// A chat message without acknowledgement is sent again after this time.
    pub message_ack_timeout: Duration,
    /// How much later than a confirm a frame must be sent for its answer to prove the confirm.
    pub confirm_grace: Duration,
    /// Frames kept for `Phone::next…`; 0 keeps none. When full, the newest is dropped and counted.
    pub inbox_max: usize,
    pub source: Option<Ipv4Addr>,
    pub seed: u64,
    pub observer: Option<Arc<dyn Observer>>,
}

impl PhoneConfig {
    /// A manual phone: heartbeats and pongs go out, everything else is up to the caller; no reconnect.
    pub fn manual(url: impl Into<String>, robot: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            robot: robot.into(),
            credentials: Credentials { token: token.into(), ..Credentials::default() },
            dialect: Arc::new(Native::default()),
            mode: Mode::Manual,
            heartbeat: Heartbeat::Announced,
            reconnect: None,
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            message_ack_timeout: Duration::from_secs(5),
            confirm_grace: Duration::from_millis(500),
            inbox_max: 4_096,
            source: None,
            seed: 0,
            observer: None,
        }
    }

    /// An automatic phone that answers in the given way, comes back after every end and keeps no frames.
    pub fn automatic(
        url: impl Into<String>,
        robot: impl Into<String>,
        token: impl Into<String>,
        behaviour: Behaviour,
    ) -> Self {
        Self {
            mode: Mode::Automatic(behaviour),
            reconnect: Some(Backoff::default()),
            inbox_max: 0,
            ..Self::manual(url, robot, token)
        }
    }
}

impl fmt::Debug for PhoneConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PhoneConfig")
            .field("url", &self.url)
            .field("robot", &self.robot)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
