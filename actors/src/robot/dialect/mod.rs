//! Pure: what phones say and hear, whatever they speak.
pub mod native;
pub mod worktool;

use serde_json::Value;
use workbot_schema::commands::ExecutionResult;
use workbot_schema::ids::CommandId;
use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::native::RobotConfig;

/// What a phone said.
#[derive(Debug, Clone, PartialEq)]
pub enum Inbound {
    /// The bare keep-alive.
    Ping,
    /// A heartbeat with the phone's own time.
    Heartbeat(Value),
    /// A chat message.
    Message {
        /// The app's id as it came: the answer names it.
        reference: Option<String>,
        /// The message.
        message: Box<InboundMessage>,
    },
    /// It has a command.
    Ack {
        /// Which.
        id: CommandId,
        /// Which attempt; the latest pushed one when absent.
        attempt: Option<i32>,
    },
    /// It carried a command out, or failed to.
    Result {
        /// Which.
        id: CommandId,
        /// How.
        result: Box<ExecutionResult>,
    },
    /// Something went wrong on the phone.
    Error {
        /// Code.
        code: Option<i32>,
        /// Its words.
        text: String,
    },
    /// It took a configuration.
    ConfigAck {
        /// Which.
        version: Option<i64>,
    },
    /// It refused a configuration.
    ConfigNack {
        /// Which.
        version: Option<i64>,
        /// Why.
        reason: String,
    },
    /// Of a type nobody knows.
    Unknown,
}

/// A frame that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// Its id, when it had one.
    pub reference: Option<String>,
    /// What is wrong, for people.
    pub text: String,
    /// Not even a frame: too many of these close the socket.
    pub is_garbage: bool,
}

/// What a phone hears, commands aside.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It is taken in.
    Connected {
        /// As whom.
        robot_id: String,
        /// How often it shall send a heartbeat.
        heartbeat_interval_ms: u64,
    },
    /// Answer to the bare keep-alive.
    Pong,
    /// Answer to a heartbeat.
    HeartbeatResponse(Value),
    /// The message is durable.
    MessageAck {
        /// The app's id.
        reference: Option<String>,
        /// Ours.
        message_id: String,
    },
    /// The message is not stored.
    MessageNack {
        /// The app's id.
        reference: Option<String>,
        /// Seconds.
        retry_after: u64,
    },
    /// A frame was not understood.
    Error {
        /// Code.
        code: i32,
        /// What is wrong.
        text: String,
        /// Its id.
        reference: Option<String>,
    },
    /// The robot's settings.
    Config {
        /// What they are.
        config: RobotConfig,
        /// Version of the robot's row.
        version: i64,
    },
}
