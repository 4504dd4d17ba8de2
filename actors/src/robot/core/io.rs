//! Pure: what goes into the core of a connection, and what comes out.
use workbot_schema::commands::operations::{ClaimLimit, Moved};
use workbot_schema::commands::{CommandState, ExecutionResult, RobotCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, MessageId};
use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::native::RobotConfig;

use crate::robot::dialect::{BadFrame, Inbound, Reply};
use crate::robot::orders::CloseCause;

/// What happens to a connection.
#[derive(Debug)]
pub enum Input {
    /// The router gave the robot to this socket.
    Attached {
        /// Public id.
        robot_id: String,
        /// The robot's settings.
        config: RobotConfig,
        /// Version of its row.
        version: i64,
        /// When: rows that were claimed before are pushed as redelivered.
        since: Ts,
    },
    /// A frame came; seconds to wait when it is one too many.
    Frame(Result<Inbound, BadFrame>, Option<u64>),
    /// There may be commands.
    Wake,
    /// The settings may have changed.
    Configure(RobotConfig, i64),
    /// Nothing is claimed any more.
    StopClaiming,
    /// The socket must close.
    Close(CloseCause),
    /// The unconfirmed commands; `is_complete` = there are no more of them.
    Unconfirmed(Taken, bool),
    /// What a claim brought.
    Claimed(Taken),
    /// A message was stored, or not.
    Stored {
        /// The app's id.
        reference: Option<String>,
        /// Our id, or seconds to wait.
        outcome: Result<MessageId, u64>,
    },
    /// A confirmation or result was stored; none = the robot has no such command, or it was refused.
    Moved(CommandId, Option<Box<Moved>>),
    /// A confirmation or result could not be stored at all.
    Lost(CommandId),
    /// Where a row is; none = it could not be read.
    Checked(CommandId, Option<(CommandState, i32)>),
    /// The time that was asked for has come.
    Tick,
}

/// What a claim came back with.
#[derive(Debug)]
pub enum Taken {
    /// Rows, in order.
    Rows(Vec<RobotCommand>),
    /// A newer login has the robot.
    Stale,
    /// It failed, or nobody knows.
    Failed,
}

impl Taken {
    /// How many rows, when there was an answer.
    pub fn count(&self) -> Option<i64> {
        match self {
            Self::Rows(rows) => i64::try_from(rows.len()).ok(),
            Self::Stale | Self::Failed => None,
        }
    }
}

/// What is to be done, in order.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Send a frame.
    Send(Reply),
    /// Push a command.
    Push {
        /// Which.
        command: Box<RobotCommand>,
        /// It may have been pushed on an earlier socket.
        is_redelivered: bool,
    },
    /// Read what was never confirmed, at most so many.
    TakeUnconfirmed(i64),
    /// Claim.
    Claim(ClaimLimit),
    /// Claim the first one if it is of this type.
    ClaimOnly(i32),
    /// Store a message.
    Receive {
        /// The app's id.
        reference: Option<String>,
        /// The message.
        message: Box<InboundMessage>,
    },
    /// Store a confirmation.
    Confirm {
        /// Which.
        id: CommandId,
        /// Which attempt.
        attempt: Option<i32>,
    },
    /// Store a result.
    Report {
        /// Which.
        id: CommandId,
        /// How.
        result: Box<ExecutionResult>,
    },
    /// Look where a row is.
    Check(CommandId),
    /// Keep a line in the phone's log.
    Note {
        /// `error` or `config`.
        kind: &'static str,
        /// Code.
        code: Option<i32>,
        /// Text.
        text: String,
    },
    /// Something the phone said of a command was given up; log and count.
    Drop {
        /// Which command.
        id: CommandId,
        /// What.
        what: &'static str,
    },
    /// Send a close frame and end.
    Close(CloseCause),
}

/// What the core knows of the world at a step.
pub struct World<'a> {
    /// Monotonic milliseconds.
    pub now_ms: u64,
    /// UTC.
    pub now: Ts,
    /// Commands that wait for the robot, about.
    pub queued: i64,
    /// A 304 waits.
    pub has_clear: bool,
    /// The pacing bucket.
    pub tokens: crate::robot::pacing::Tokens<'a>,
}
