//! Why the frames of a socket ended, and the close code that says so.

use actix_http::ws::{CloseCode, CloseReason};
use thiserror::Error;
use workbot_schema::class::Class;

/// Reason of the end of a socket's frames; the owner closes with [`FrameEnd::close_reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameEnd {
    /// The peer broke the protocol: 1002.
    #[error("protocol error: {0}")]
    Protocol(#[from] ProtocolFault),
    /// A text message or the reason of a close frame is not UTF-8: 1007 (RFC 6455 §8.1).
    #[error("text is not utf-8")]
    InvalidUtf8,
    /// A message declared or reached more bytes than allowed: 1009.
    #[error("message of {bytes} bytes is over the limit of {limit}")]
    TooBig {
        /// Bytes received plus bytes declared.
        bytes: u64,
        /// Bytes allowed in one message.
        limit: usize,
    },
    /// A message came in too many frames, or in too many empty ones: 1008.
    #[error("too many fragments in one message")]
    TooManyFragments,
    /// A binary message where only text is accepted: 1003.
    #[error("binary messages are not accepted")]
    BinaryRefused,
    /// All sockets together hold as many unfinished messages as they may: 1013.
    #[error("too many unfinished messages, try again later")]
    OverBudget,
    /// The connection ended without a close frame; there is nobody to close.
    #[error("peer gone without a close frame")]
    PeerGone,
}

impl FrameEnd {
    /// Close frame that tells the peer the reason; none when the peer is gone.
    pub fn close_reason(&self) -> Option<CloseReason> {
        let code = match self {
            Self::Protocol(_) => CloseCode::Protocol,
            Self::InvalidUtf8 => CloseCode::Invalid,
            Self::TooBig { .. } => CloseCode::Size,
            Self::TooManyFragments => CloseCode::Policy,
            Self::BinaryRefused => CloseCode::Unsupported,
            Self::OverBudget => CloseCode::Again,
            Self::PeerGone => return None,
        };
        Some(CloseReason { code, description: Some(self.to_string()) })
    }

    /// How the end is treated: ours to outlive when transient, else the peer's to mend.
    pub fn class(&self) -> Class {
        match self {
            Self::OverBudget | Self::PeerGone => Class::Transient,
            Self::Protocol(_)
            | Self::InvalidUtf8
            | Self::TooBig { .. }
            | Self::TooManyFragments
            | Self::BinaryRefused => Class::Caller,
        }
    }
}

/// What the peer did against RFC 6455.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProtocolFault {
    /// A reserved bit is set though no extension was negotiated (§5.2).
    #[error("reserved bits are set")]
    ReservedBits,
    /// The opcode is none of the six (§5.2).
    #[error("unknown opcode {0}")]
    UnknownOpcode(u8),
    /// A client's frame is not masked (§5.1).
    #[error("frame is not masked")]
    Unmasked,
    /// A length is written in more bytes than it needs, or in more than 63 bits (§5.2).
    #[error("length is badly encoded")]
    LengthEncoding,
    /// A control frame is fragmented (§5.5).
    #[error("control frame is fragmented")]
    ControlFragmented,
    /// A control frame has more than 125 bytes (§5.5).
    #[error("control frame is too long")]
    ControlTooLong,
    /// A continuation frame belongs to no message (§5.4).
    #[error("continuation of no message")]
    ContinuationOfNothing,
    /// A message starts before the one before it ended (§5.4).
    #[error("new message inside a fragmented one")]
    MessageInsideMessage,
    /// A close frame has a payload of one byte (§5.5.1).
    #[error("close payload of one byte")]
    ClosePayload,
    /// A close frame has a code that may not be sent (§7.4).
    #[error("close code {0} may not be sent")]
    CloseCode(u16),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_but_a_lost_peer_has_a_code_and_a_short_reason() {
        let cases = [
            (FrameEnd::Protocol(ProtocolFault::MessageInsideMessage), Some(1002), Class::Caller),
            (FrameEnd::InvalidUtf8, Some(1007), Class::Caller),
            (FrameEnd::TooBig { bytes: u64::MAX, limit: usize::MAX }, Some(1009), Class::Caller),
            (FrameEnd::TooManyFragments, Some(1008), Class::Caller),
            (FrameEnd::BinaryRefused, Some(1003), Class::Caller),
            (FrameEnd::OverBudget, Some(1013), Class::Transient),
            (FrameEnd::PeerGone, None, Class::Transient),
        ];
        for (end, code, class) in cases {
            let reason = end.close_reason();
            assert_eq!(reason.as_ref().map(|reason| u16::from(reason.code)), code, "{end}");
            assert!(reason.and_then(|reason| reason.description).is_none_or(|text| text.len() <= 123));
            assert_eq!(end.class(), class);
        }
    }
}
