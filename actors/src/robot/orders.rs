//! What others say to a connected robot. It carries no commands, only that there is work: the store has them.
use actix::Message;

/// Why a socket is closed from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCause {
    /// A newer login of the same robot (4009; toast 501013).
    Replaced,
    /// Tokens revoked, robot disabled or deleted, service over (4001).
    Refused,
    /// Somebody with the right to do so disconnected it (4000).
    Kicked,
    /// No frame in time (4000).
    Silent,
    /// Too many bad frames (4029).
    Flooding,
    /// The server stops (1012).
    Restarting,
}

impl CloseCause {
    /// Close code on the native socket.
    pub fn code(self) -> u16 {
        match self {
            Self::Replaced => 4009,
            Self::Refused => 4001,
            Self::Kicked | Self::Silent => 4000,
            Self::Flooding => 4029,
            Self::Restarting => 1012,
        }
    }

    /// Text beside the code.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Replaced => "replaced by a newer login",
            Self::Refused => "token or service is over",
            Self::Kicked => "disconnected by an operator",
            Self::Silent => "no frame in time",
            Self::Flooding => "too many bad frames",
            Self::Restarting => "server restarting",
        }
    }
}

/// An order to a socket actor. When its mailbox is full the order is dropped: `Wake` is repeated by the sweep, and a robot
/// that does not take `Close` is detached and its generation is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub enum RobotOrder {
    /// There may be commands to claim.
    Wake,
    /// The robot's settings changed: send them.
    Configure,
    /// Still there? (A frozen actor does not answer, and the sweep sees it.)
    Probe,
    /// Take no more commands: the server is about to stop.
    StopClaiming,
    /// Say goodbye and end.
    Close(CloseCause),
}
