//! What can go wrong for a simulated phone, its REST client and the scripted platform.

/// Every failure a caller of this crate can meet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimError {
    /// The awaited thing did not come in time.
    #[error("no {wanted} within {after_ms} ms")]
    Deadline { wanted: String, after_ms: u64 },
    /// The server answered the upgrade with an ordinary HTTP response.
    #[error("upgrade refused with HTTP {status}: {body}")]
    Refused { status: u16, retry_after: Option<u64>, body: String },
    /// The server closed the socket with a close frame.
    #[error("socket closed with {code}: {reason}")]
    Closed { code: u16, reason: String },
    /// The connection ended without a close frame, or there is none now.
    #[error("connection lost: {0}")]
    Lost(String),
    /// Limits of the server were in the way all the time.
    #[error("still limited (HTTP 429) after {after_ms} ms")]
    Limited { after_ms: u64 },
    /// Something else came than the caller insisted on.
    #[error("wanted {wanted}, got {got}")]
    Unexpected { wanted: String, got: String },
    /// A REST request got no answer; whether it took effect is not known.
    #[error("request failed: {0}")]
    Request(String),
    /// The address or a header value cannot be used.
    #[error("address not usable: {0}")]
    Address(String),
    /// The phone or platform task has ended.
    #[error("stopped")]
    Stopped,
    /// The phone already holds as many unacknowledged chat messages as it may.
    #[error("outbox is full")]
    OutboxFull,
}

impl SimError {
    /// Whether the same call may work when it is made again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Deadline { .. }
            | Self::Limited { .. }
            | Self::Lost(_)
            | Self::Request(_)
            | Self::OutboxFull => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Closed { code, .. } => !matches!(code, 4001..=4003 | 4009),
            Self::Unexpected { .. } | Self::Address(_) | Self::Stopped => false,
        }
    }

    /// Whether nothing but the server's limits was in the way.
    pub fn is_for_limits(&self) -> bool {
        matches!(self, Self::Limited { .. })
    }

    /// The close code, when the server closed the socket with one.
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::Closed { code, .. } => Some(*code),
            _ => None,
        }
    }
}
