//! Codes by SMS: one way to send them, two senders behind it.
//!
//! A code stands nowhere but in the message: no error and no other log line carries it.
mod aliyun;
mod signature;

pub use aliyun::{AliyunKeys, AliyunSender};
use workbot_schema::class::Class;
use workbot_schema::users::masked;

/// Why a code did not go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmsError {
    /// The platform refused it.
    #[error("the SMS platform refused: {0}")]
    Refused(String),
    /// The platform could not be asked, or is busy.
    #[error("the SMS platform did not take it: {0}")]
    Unavailable(String),
}

impl SmsError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Refused(_) => Class::Permanent,
            Self::Unavailable(_) => Class::Transient,
        }
    }
}

/// Who sends codes.
#[derive(Clone)]
pub enum SmsSender {
    /// The server's log: for trying things out.
    Log,
    /// Aliyun.
    Aliyun(Box<AliyunSender>),
}

impl SmsSender {
    /// Whether codes are read in the log instead of on a phone.
    pub fn is_log(&self) -> bool {
        matches!(self, Self::Log)
    }

    /// Sends a code. `request` is the id of the request that asked for it.
    pub async fn send(&self, phone: &str, code: &str, request: &str) -> Result<(), SmsError> {
        match self {
            Self::Log => {
                log::info!(request = request; "sms code {code} for {}", masked(phone));
                Ok(())
            }
            Self::Aliyun(sender) => sender.send(phone, code).await,
        }
    }
}
