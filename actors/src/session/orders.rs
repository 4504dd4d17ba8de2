//! What is said to conversations and by them.
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tokio::sync::OwnedSemaphorePermit;
use workbot_schema::class::Class;
use workbot_schema::commands::RobotCommand;
use workbot_schema::ids::{RobotUuid, RunId, SessionId};
use workbot_schema::messages::SessionMessage;
use workbot_schema::sessions::{Session, SessionAct};

use crate::flow::RetryRefusal;
use crate::journal::JournalError;
use crate::kernel::{AskError, Postbox, ask};

/// How long a conversation may take for an order; whoever asks through the router waits a second longer.
pub const ORDER: Duration = Duration::from_secs(10);

/// A message without a reason was stored. When the mailbox is full the store has it.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Arrive(pub Arc<SessionMessage>);

/// There may be something to do: messages or runs that nobody looks after. The permit is held until they are done.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Look(pub Option<OwnedSemaphorePermit>);

/// A command of the conversation has moved.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Tell(pub Arc<RobotCommand>);

/// The conversation's row was changed.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Changed(pub Arc<Session>);

/// Nothing comes any more: the actor ends.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Retire;

/// A conversation had nothing to do for a while. The router, its only sender, forgets it and retires it, unless something has
/// come; then it is told again.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct SessionIdle {
    /// Which.
    pub session: SessionId,
}

/// Somebody changes a conversation: takes it over, gives it back, gives it another persona. Sent to the router, who hands it on.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Session, SessionError>")]
pub struct Change {
    /// Whose chat.
    pub robot: RobotUuid,
    /// Which.
    pub session: SessionId,
    /// What happens to it.
    pub act: SessionAct,
    /// Its row, for a conversation of which none is stored yet.
    pub row: Option<Box<Session>>,
}

/// Somebody wants a run again. Sent to the router, who hands it on.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<RunId, SessionError>")]
pub struct Retry {
    /// Whose chat.
    pub robot: RobotUuid,
    /// Which conversation.
    pub session: SessionId,
    /// Which run.
    pub run: RunId,
    /// From where: `start`, `failed`, or the id of a node.
    pub from: String,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// There is no such conversation or run.
    #[error("there is no such conversation or run")]
    NotFound,
    /// Somebody else has the conversation.
    #[error("{0} has the conversation")]
    TakenBy(String),
    /// The run cannot be repeated so.
    #[error(transparent)]
    Retry(#[from] RetryRefusal),
    /// As many orders wait as may.
    #[error("too many orders wait for the conversation")]
    Busy,
    /// The conversation does not answer.
    #[error("the conversation does not answer: {0}")]
    Away(#[from] AskError),
    /// The journal did not write it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store could not be read.
    #[error("the store cannot be read: {0}")]
    Store(String),
}

impl SessionError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::NotFound | Self::TakenBy(_) | Self::Retry(_) => Class::Caller,
            Self::Busy | Self::Store(_) => Class::Transient,
            Self::Away(error) => error.class(),
            Self::Journal(error) => error.class(),
        }
    }
}

/// The way to conversations for the console; clone freely.
#[derive(Clone)]
pub struct SessionHandle {
    change: Postbox<Change>,
    retry: Postbox<Retry>,
}

impl SessionHandle {
    /// A handle over the router's mailboxes.
    pub fn new(change: Postbox<Change>, retry: Postbox<Retry>) -> Self {
        Self { change, retry }
    }

    /// Changes a conversation; the row as it is then.
    pub async fn change(&self, change: Change) -> Result<Session, SessionError> {
        ask(&self.change, change, ORDER.saturating_add(Duration::from_secs(1))).await?
    }

    /// Repeats a run as a new one, linked to it; the id of the new one.
    pub async fn retry(&self, retry: Retry) -> Result<RunId, SessionError> {
        ask(&self.retry, retry, ORDER.saturating_add(Duration::from_secs(1))).await?
    }
}
