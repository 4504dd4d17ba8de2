//! What the journal writes: records that stand or fall together, many writes in one transaction.
//!
//! A write stops at the first record that changes nothing (a repeated id, a lost compare-and-set): the records after it are
//! skipped, because they tell of something that did not happen.
mod apply;
mod conversation;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use apply::{BatchContext, apply};

use crate::accounts::{AccountAct, AccountDone};
use crate::activation::{Activated, Activation, ActivationCode, RefreshToken, Rotated, Rotation};
use crate::ai_calls::AiCall;
use crate::ai_models::health::HealthCheck;
use crate::alert_notifications::{AlertNotification, NotificationAttempt};
use crate::alerts::operations::Raised;
use crate::alerts::{Alert, AlertAct, NewAlert};
use crate::commands::operations::{ClaimLimit, Moved};
use crate::commands::{CommandEvent, NewCommand, RobotCommand};
use crate::configuration::{Configuration, Configured, Edited};
use crate::deliveries::{AttemptRecord, Delivery, DeliveryState};
use crate::fields::Ts;
use crate::flow_executions::{FlowExecution, NewRun, RunCheckpoint};
use crate::idempotency::IdempotencyRecord;
use crate::ids::{
    AlertId, CommandId, DeliveryId, MessageId, PlatformKeyId, RobotUuid, RunId, SessionId, TemplateId, UserId,
};
use crate::logs::{AuditLog, RobotConnection, RobotLog};
use crate::messages::{MessageReason, SessionMessage};
use crate::platform_keys::PlatformKey;
use crate::robots::operations::Updated;
use crate::robots::{Robot, RobotChanges};
use crate::sessions::{SessionChange, SessionChanged};
use crate::wire::callback::ResultTarget;
use crate::worktool::WorktoolFact;

/// Which login of a robot speaks: an older one may report, never claim.
#[derive(Debug, Clone)]
pub struct Fence {
    /// The robot's present generation.
    pub current: Arc<AtomicU64>,
    /// The generation that asks.
    pub mine: u64,
}

impl Fence {
    /// A newer login has taken over.
    pub fn is_stale(&self) -> bool {
        self.current.load(Ordering::Acquire) != self.mine
    }
}

/// One record of a write.
#[derive(Debug, Clone)]
pub enum Record {
    /// A chat message; `seq` is filled in.
    Message(Box<SessionMessage>),
    /// Why a message was or was not answered; moves from `from` only.
    Settle {
        /// The message.
        id: MessageId,
        /// Why.
        reason: MessageReason,
        /// More about it.
        detail: Option<String>,
        /// The command that answers it; none leaves it as it is.
        command_id: Option<CommandId>,
        /// The reason that is replaced; none = undecided.
        from: Option<MessageReason>,
    },
    /// A message that nobody could be told of is left to the robot's flow; its reason is taken back.
    Reopen {
        /// The message.
        id: MessageId,
        /// Whose chat.
        robot: RobotUuid,
        /// Which conversation.
        session: SessionId,
        /// The reason it has.
        from: MessageReason,
    },
    /// A new command.
    Command(Box<NewCommand>),
    /// A robot takes commands.
    Claim {
        /// Which.
        robot: RobotUuid,
        /// How many.
        limit: ClaimLimit,
        /// Which login.
        fence: Fence,
    },
    /// A robot that takes nothing else now takes the first command of its queue if it is of this type.
    ClaimOnly {
        /// Which.
        robot: RobotUuid,
        /// WorkTool type number.
        command_type: i32,
        /// Which login.
        fence: Fence,
    },
    /// A robot came back: what it never confirmed.
    TakeUnconfirmed {
        /// Which.
        robot: RobotUuid,
        /// At most so many.
        limit: i64,
        /// Which login.
        fence: Fence,
    },
    /// Something happens to a command.
    CommandEvent {
        /// Only when it belongs to this robot.
        robot: Option<RobotUuid>,
        /// Which.
        id: CommandId,
        /// What.
        event: Box<CommandEvent>,
        /// Whom to tell of a final result.
        callback: Option<Box<ResultTarget>>,
    },
    /// Everything that waits for a robot is cancelled (304).
    CancelQueued {
        /// Whose.
        robot: RobotUuid,
        /// But not this one.
        except: CommandId,
        /// For the history.
        detail: String,
    },
    /// A callback to make; `seq` is filled in.
    Delivery(Box<Delivery>),
    /// An attempt was made.
    Attempt(AttemptRecord),
    /// A callback ends without an attempt.
    FinishDelivery {
        /// Which.
        id: DeliveryId,
        /// How.
        state: DeliveryState,
        /// Why.
        error: String,
    },
    /// The answer of a creation, remembered for repeats; `since` = older ones are forgotten.
    Idempotency {
        /// What.
        record: IdempotencyRecord,
        /// From when on keys count.
        since: Ts,
    },
    /// A new robot.
    Robot(Box<Robot>),
    /// A robot changes.
    UpdateRobot {
        /// Which.
        id: RobotUuid,
        /// What.
        changes: Box<RobotChanges>,
        /// Only at this version.
        expected: Option<i64>,
    },
    /// A robot is assigned to these users and to nobody else.
    Members {
        /// Which.
        robot: RobotUuid,
        /// To whom.
        users: Vec<UserId>,
    },
    /// A callback is bound or freed.
    Bind {
        /// Whose.
        robot: RobotUuid,
        /// 0, 1, 5 or 6.
        binding_type: i32,
        /// Where to; none = freed.
        url: Option<String>,
    },
    /// New activation codes.
    Codes(Vec<ActivationCode>),
    /// A phone asks to be activated.
    Activate(Box<Activation>),
    /// A refresh token is exchanged.
    Rotate(Rotation),
    /// A refresh token for a robot made without a code.
    RefreshToken(RefreshToken),
    /// Something happens to people and their logins.
    Account(Box<AccountAct>),
    /// A new platform key.
    PlatformKey(Box<PlatformKey>),
    /// A platform key was used.
    PlatformKeyUsed(PlatformKeyId),
    /// A connection began.
    ConnectionOpened(Box<RobotConnection>),
    /// A connection ended.
    ConnectionClosed {
        /// Which.
        id: String,
        /// Close code.
        code: Option<i32>,
        /// Why.
        reason: String,
    },
    /// A phone's log line; `seq` is filled in.
    RobotLog(RobotLog),
    /// Who changed what; `seq` is filled in.
    Audit(AuditLog),
    /// Something a WorkTool phone let us know.
    Worktool {
        /// Whose.
        robot: RobotUuid,
        /// What.
        fact: Box<WorktoolFact>,
    },
    /// Something is configured.
    Configure(Box<Configuration>),
    /// A template was used.
    TemplateUsed(TemplateId),
    /// A run begins; its messages are claimed with it.
    StartRun(Box<NewRun>),
    /// Somebody begins to work on a run again.
    ResumeRun {
        /// Which.
        id: RunId,
        /// The step it must be at.
        step: i32,
    },
    /// A run came to a place it can go on from.
    SaveRun(Box<RunCheckpoint>),
    /// Something happens to a conversation.
    Session(Box<SessionChange>),
    /// An alert; the same once more within its cooldown is only counted.
    Alert(Box<NewAlert>),
    /// Somebody does something about an alert.
    AlertChange {
        /// Which.
        id: AlertId,
        /// What.
        change: AlertAct,
        /// User id, or `system`.
        by: String,
        /// What they wrote.
        note: Option<String>,
    },
    /// Somebody is to be told of an alert; `seq` is filled in.
    Notification(Box<AlertNotification>),
    /// It was tried to tell somebody.
    NotificationAttempt(Box<NotificationAttempt>),
    /// A call to a model; `seq` is filled in. For the line of logs.
    AiCall(Box<AiCall>),
    /// Somebody looked after a model. For the line of logs.
    Health(Box<HealthCheck>),
}

/// What a record did.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It did what it says; its place in the order.
    Done(i64),
    /// The message repeats this one.
    MessageExisted(MessageId),
    /// The id was known.
    Existed,
    /// The command as stored.
    Queued(Box<RobotCommand>),
    /// What the robot took, in order.
    Claimed(Vec<RobotCommand>),
    /// A newer login has taken over.
    Stale,
    /// The command, moved or not, and the callback that was made for its result.
    Moved(Box<Moved>, Option<Box<Delivery>>),
    /// There is no such command, delivery or robot.
    Missing,
    /// The commands that were cancelled.
    Cancelled(Vec<CommandId>),
    /// The delivery after the attempt.
    Delivery(Box<Delivery>),
    /// The answer that was remembered.
    Remembered(Box<IdempotencyRecord>),
    /// The robot after the change.
    Robot(Box<Updated>),
    /// The activation.
    Activated(Box<Activated>),
    /// The exchange.
    Rotated(Box<Rotated>),
    /// What came of an act on people and their logins.
    Account(Box<AccountDone>),
    /// What became of a change of configuration.
    Configured(Box<Edited<Configured>>),
    /// The run began at this place; these messages are settled as merged.
    Started {
        /// Its place in the order.
        seq: i64,
        /// Settled with it.
        merged: Vec<MessageId>,
    },
    /// The run as whoever resumed it finds it.
    Run(Box<FlowExecution>),
    /// The conversation, changed or not.
    Session(Box<SessionChanged>),
    /// The alert, new or counted once more.
    Alert(Box<Raised>),
    /// The alert, moved or not.
    AlertMoved {
        /// As it is now.
        alert: Box<Alert>,
        /// Whether it moved.
        is_won: bool,
    },
    /// The notification as it is now.
    Notification(Box<AlertNotification>),
    /// There was no need for it; the records after it go on.
    Needless,
    /// A record before it changed nothing.
    Skipped,
}

impl Outcome {
    /// Whether the records after it go on.
    pub fn goes_on(&self) -> bool {
        match self {
            Self::Done(_)
            | Self::Queued(_)
            | Self::Claimed(_)
            | Self::Cancelled(_)
            | Self::Delivery(_)
            | Self::Started { .. }
            | Self::Run(_)
            | Self::Alert(_)
            | Self::Notification(_)
            | Self::Needless => true,
            Self::Configured(edited) => matches!(edited.as_ref(), Edited::Done(_)),
            Self::Session(changed) => changed.is_won,
            Self::AlertMoved { is_won, .. } => *is_won,
            Self::Moved(moved, _callback) => moved.is_won,
            Self::Robot(updated) => matches!(updated.as_ref(), Updated::Done(_)),
            Self::Activated(activated) => {
                matches!(activated.as_ref(), Activated::First(_) | Activated::Again(_))
            }
            Self::Account(done) => done.is_success(),
            Self::Rotated(rotated) => matches!(rotated.as_ref(), Rotated::Done { .. }),
            Self::MessageExisted(_)
            | Self::Existed
            | Self::Stale
            | Self::Missing
            | Self::Remembered(_)
            | Self::Skipped => false,
        }
    }
}

/// Records that stand or fall together.
pub type Write = Vec<Record>;
