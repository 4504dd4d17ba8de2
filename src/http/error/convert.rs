//! Errors of the inner layers as the edge tells them: by class, and by name where the caller can do something about it.
use std::time::Duration;

use workbot_actors::delivery::address_policy::AddressError;
use workbot_actors::flow::RetryRefusal;
use workbot_actors::journal::JournalError;
use workbot_actors::kernel::{AskError, OffloadError};
use workbot_actors::robot::command_service::CommandError;
use workbot_actors::robot::message_service::MessageError;
use workbot_actors::robot::picture::PictureProblem;
use workbot_actors::session::SessionError;
use workbot_actors::supervisor::directory::LoadError;
use workbot_schema::class::Class;
use workbot_schema::fields::sealed::SealError;
use workbot_schema::store::StoreError;

use super::{ApiError, Conflict, Limited, Missing, Rule};

fn by_class(class: Class, text: String) -> ApiError {
    match class {
        Class::Transient => ApiError::Unavailable(text),
        Class::Permanent | Class::Caller | Class::Bug => ApiError::Internal(text),
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        by_class(error.class(), error.to_string())
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> Self {
        by_class(error.class(), error.to_string())
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        by_class(error.class(), error.to_string())
    }
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        by_class(error.class(), error.to_string())
    }
}

impl From<OffloadError> for ApiError {
    fn from(error: OffloadError) -> Self {
        by_class(error.class(), error.to_string())
    }
}

impl From<SealError> for ApiError {
    fn from(error: SealError) -> Self {
        by_class(error.class(), error.to_string())
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("answer: {error}"))
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::QueueFull { retry_after } => {
                Self::Limited(Limited::Queue, Duration::from_secs(retry_after))
            }
            CommandError::NotFound => Self::NotFound(Missing::Command),
            CommandError::Journal(error) => error.into(),
            CommandError::Store(error) => error.into(),
            CommandError::Unexpected(what) => Self::Internal(format!("unexpected outcome: {what}")),
        }
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => Self::NotFound(Missing::Session),
            SessionError::TakenBy(by) => Self::Conflict(Conflict::SessionTaken { by }),
            SessionError::Retry(RetryRefusal::StillRunning) => Self::Conflict(Conflict::RunNotOver),
            SessionError::Retry(RetryRefusal::NothingFailed) => Self::Conflict(Conflict::NothingFailed),
            SessionError::Retry(RetryRefusal::NotVisited) => {
                Self::field("from", "应为 start、failed 或该次执行经过的节点编号")
            }
            SessionError::Journal(error) => error.into(),
            SessionError::Away(error) => error.into(),
            SessionError::Busy | SessionError::Store(_) => by_class(error.class(), error.to_string()),
        }
    }
}

impl From<MessageError> for ApiError {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Picture { field, problem: PictureProblem::Encoding } => {
                Self::field(field, PictureProblem::Encoding.to_string())
            }
            MessageError::Picture { field, problem } => Self::rule(field, problem.to_string()),
            MessageError::Decoding(error) => error.into(),
            MessageError::Files(error) => error.into(),
            MessageError::Journal(error) => error.into(),
            MessageError::Unexpected => Self::Internal("unexpected outcome of a message".to_owned()),
        }
    }
}

impl ApiError {
    /// An address given in `field` that WorkBot must not call: 422.
    pub fn address(field: impl Into<String>, error: AddressError) -> Self {
        Self::Rule(Rule::Address { field: field.into(), error })
    }
}
