//! How a socket gets its robot from the router, and gives it back.
use std::sync::Arc;

use actix::Message;
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;

use super::orders::RobotOrder;
use crate::kernel::Postbox;
use crate::supervisor::directory::RobotEntry;

/// What a phone speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketDialect {
    /// Our own app.
    Native,
    /// The WorkTool app.
    Worktool,
    /// No phone of ours: a hosted platform speaks for the robot.
    Cloud,
}

impl SocketDialect {
    /// As the connection log writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Worktool => "worktool",
            Self::Cloud => "cloud",
        }
    }
}

/// Who logs in; checked before a socket is made of it.
#[derive(Clone)]
pub struct RobotLogin {
    /// The robot.
    pub entry: Arc<RobotEntry>,
    /// What it speaks.
    pub dialect: SocketDialect,
    /// Where from, for the connection log.
    pub address: Option<String>,
}

/// Asks the router for the robot: the generation is raised, an older socket is told to close ([`super::orders::CloseCause::Replaced`])
/// and given up to 2 s before the answer. A full router refuses: the socket closes with 1013 and the phone comes again.
#[derive(Clone, Message)]
#[rtype(result = "Result<Attached, AttachError>")]
pub struct Attach {
    /// Which robot.
    pub uuid: RobotUuid,
    /// Where orders go.
    pub orders: Postbox<RobotOrder>,
    /// What the phone speaks.
    pub dialect: SocketDialect,
    /// Where from.
    pub address: Option<Arc<str>>,
    /// Row in the connection log.
    pub connection_id: Arc<str>,
    /// Since when.
    pub since: Ts,
}

/// The robot belongs to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached {
    /// The number of this login.
    pub generation: u64,
}

/// Why the router does not give the robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// It is gone from the directory (4002).
    #[error("robot unknown")]
    Unknown,
    /// It was disabled, deleted, or its service ended meanwhile (4001).
    #[error("robot refused")]
    Refused,
    /// The server is about to stop (1012).
    #[error("server stopping")]
    Stopping,
}

impl AttachError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Unknown | Self::Refused => Class::Caller,
            Self::Stopping => Class::Transient,
        }
    }

    /// Close code on the native socket.
    pub fn code(&self) -> u16 {
        match self {
            Self::Unknown => 4002,
            Self::Refused => 4001,
            Self::Stopping => 1012,
        }
    }
}

/// A socket that had the robot has ended. When the router is full the sweep notices the silence instead.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Detach {
    /// Which robot.
    pub uuid: RobotUuid,
    /// Which login; an older one frees nothing.
    pub generation: u64,
    /// Close code, of whichever side closed; none when the connection broke.
    pub code: Option<u16>,
    /// Why, for people.
    pub reason: String,
}
