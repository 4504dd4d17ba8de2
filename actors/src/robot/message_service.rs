//! Messages coming in, whatever the entrance: one write with everybody who is told of it.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use workbot_schema::batch::Outcome;
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{DeliveryId, MessageId};
use workbot_schema::messages::Entrance;
use workbot_schema::store::StoreError;
use workbot_schema::store::files::FileStore;
use workbot_schema::wire::inbound_message::InboundMessage;

use super::message_plan::{Stamp, plan};
use super::picture::{self, PictureProblem};
use crate::journal::{JournalError, JournalHandle};
use crate::kernel::{Clock, Offload, OffloadError};
use crate::supervisor::directory::RobotEntry;

/// How long decoding a picture may take.
const DECODE: Duration = Duration::from_secs(5);
/// How long the file store may take.
const STORE: Duration = Duration::from_secs(5);

/// What a stored message is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The id that runs through everything; of the first one when this one repeats it.
    pub message_id: MessageId,
    /// Whether it was stored now.
    pub is_new: bool,
}

/// Why a message was not stored.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Its picture cannot be taken (REST only: phones keep their message and lose the picture).
    #[error("{field}: {problem}")]
    Picture {
        /// Wire name.
        field: &'static str,
        /// What is wrong with it.
        problem: PictureProblem,
    },
    /// Too many large pictures at a time.
    #[error("the picture could not be read now: {0}")]
    Decoding(#[from] OffloadError),
    /// The file store is away or full.
    #[error("the picture could not be stored: {0}")]
    Files(StoreError),
    /// The journal did not write it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal answered something else.
    #[error("unexpected outcome of a message")]
    Unexpected,
}

impl MessageError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Picture { .. } => Class::Caller,
            Self::Decoding(error) => error.class(),
            Self::Files(error) => error.class(),
            Self::Journal(error) => error.class(),
            Self::Unexpected => Class::Bug,
        }
    }
}

/// Counters of the service; all only grow.
#[derive(Debug, Default)]
pub struct MessageCounters {
    /// Messages stored.
    pub stored: AtomicU64,
    /// Messages that were there already.
    pub repeated: AtomicU64,
    /// U+0000 replaced.
    pub replaced_nulls: AtomicU64,
    /// Pictures phones sent that were not kept.
    pub lost_pictures: AtomicU64,
}

/// Takes messages in; clone freely.
#[derive(Clone)]
pub struct MessageService {
    journal: JournalHandle,
    clock: Clock,
    files: FileStore,
    offload: Offload,
    counters: Arc<MessageCounters>,
}

impl MessageService {
    /// A service over its parts.
    pub fn new(journal: JournalHandle, clock: Clock, files: FileStore, offload: Offload) -> Self {
        Self { journal, clock, files, offload, counters: Arc::default() }
    }

    /// The counters.
    pub fn counters(&self) -> &MessageCounters {
        &self.counters
    }

    /// Stores a message and its callback; answers when both are durable. A repeat answers the first one's id.
    pub async fn receive(
        &self,
        entry: &RobotEntry,
        mut message: InboundMessage,
        entrance: Entrance,
    ) -> Result<Received, MessageError> {
        let file_name = self.prepare(entry, &mut message, entrance).await?;
        self.store(entry, message, file_name, entrance).await
    }

    /// The slow half: takes the picture out of a message into the file store; its name there.
    pub async fn prepare(
        &self,
        entry: &RobotEntry,
        message: &mut InboundMessage,
        entrance: Entrance,
    ) -> Result<Option<String>, MessageError> {
        let Some(content) = message.file_base64.take() else {
            return Ok(None);
        };
        match self.keep(content).await {
            Err(MessageError::Picture { problem, .. }) if entrance != Entrance::Rest => {
                self.counters.lost_pictures.fetch_add(1, Ordering::Relaxed);
                log::warn!(robot = entry.profile().robot.robot_id.as_str(), problem:% = problem;
                    "message stored without its picture");
                Ok(None)
            }
            kept => kept.map(Some),
        }
    }

    /// The other half: its write stands in the journal's line when this returns, so that messages keep the order of the
    /// calls; the future gives the answer.
    pub fn store(
        &self,
        entry: &RobotEntry,
        message: InboundMessage,
        file_name: Option<String>,
        entrance: Entrance,
    ) -> impl Future<Output = Result<Received, MessageError>> + Send + use<> {
        let now = self.clock.now();
        let counters = Arc::clone(&self.counters);
        counters.replaced_nulls.fetch_add(u64::from(message.replaced_nulls), Ordering::Relaxed);
        let message_id = MessageId::generate(now);
        let stamp =
            Stamp { message_id: message_id.clone(), delivery_id: DeliveryId::generate(), now: Ts::new(now) };
        let write = plan(&entry.profile(), message, file_name, entrance, stamp).into_write();
        let written = self.journal.write(write);
        async move {
            match written.await?.into_iter().next() {
                Some(Outcome::Done(_seq)) => {
                    counters.stored.fetch_add(1, Ordering::Relaxed);
                    Ok(Received { message_id, is_new: true })
                }
                Some(Outcome::MessageExisted(message_id)) => {
                    counters.repeated.fetch_add(1, Ordering::Relaxed);
                    Ok(Received { message_id, is_new: false })
                }
                _ => Err(MessageError::Unexpected),
            }
        }
    }

    /// Decodes a picture and puts it into the file store; its name there.
    async fn keep(&self, content: String) -> Result<String, MessageError> {
        let decoded =
            self.offload.run_sized(content.len(), DECODE, move || picture::decode(&content)).await?;
        let bytes = decoded.map_err(|problem| MessageError::Picture { field: "fileBase64", problem })?;
        match tokio::time::timeout(STORE, self.files.put(bytes)).await {
            Ok(stored) => stored.map_err(MessageError::Files),
            Err(_elapsed) => {
                Err(MessageError::Files(StoreError::Unavailable("no answer in time".to_owned())))
            }
        }
    }
}
