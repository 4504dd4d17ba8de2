//! What a committed write makes true, told to router and monitor in commit order.
use std::sync::Arc;

use actix::Message;
use workbot_schema::accounts::AccountDone;
use workbot_schema::activation::{Activated, Rotated};
use workbot_schema::ai_calls::AiCallLog;
use workbot_schema::alert_notifications::AlertNotification;
use workbot_schema::alerts::Alert;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::commands::{CommandState, RobotCommand};
use workbot_schema::configuration::ConfigurationKind;
use workbot_schema::deliveries::{Delivery, DeliveryState};
use workbot_schema::flow_executions::{FlowExecution, RunSaved};
use workbot_schema::ids::{CommandId, MessageId, RobotUuid, SessionId, UserId};
use workbot_schema::messages::{MessageReason, SessionMessage};
use workbot_schema::robots::Robot;
use workbot_schema::robots::operations::Updated;
use workbot_schema::sessions::Session;

use super::conversation_event::conversation_events;

use crate::supervisor::directory::Reservation;

/// One thing that is true from now on.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message was stored.
    MessageStored(Arc<SessionMessage>),
    /// Why a message was or was not answered is known.
    MessageSettled {
        /// Which.
        id: MessageId,
        /// Why.
        reason: MessageReason,
    },
    /// A message is left to the robot's flow after all.
    MessageReopened {
        /// Which.
        id: MessageId,
        /// Whose chat.
        robot: RobotUuid,
        /// Which conversation.
        session: SessionId,
    },
    /// The places that were kept for the commands of the same write, which come next.
    PlacesKept(Arc<Reservation>),
    /// A command waits for its robot.
    CommandQueued(Arc<RobotCommand>),
    /// A command moved (also back to queued, for another attempt).
    CommandMoved {
        /// As it is now.
        command: Arc<RobotCommand>,
        /// The state before.
        from: CommandState,
    },
    /// Waiting commands were cancelled together.
    CommandsCancelled {
        /// Whose.
        robot: RobotUuid,
        /// Which.
        ids: Vec<CommandId>,
    },
    /// A callback waits to be made.
    DeliveryQueued(Arc<Delivery>),
    /// A callback was tried, or ended without.
    DeliveryMoved(Arc<Delivery>),
    /// A robot was made or changed.
    RobotChanged(Arc<Robot>),
    /// A robot was assigned to these users and to nobody else.
    MembersChanged {
        /// The robot as it is now.
        robot: Arc<Robot>,
        /// To whom.
        users: Vec<UserId>,
    },
    /// A robot's tokens were revoked.
    TokensRevoked(RobotUuid),
    /// A callback was bound or freed.
    BindingChanged {
        /// The robot as it is now.
        robot: Arc<Robot>,
        /// 0, 1, 5 or 6.
        binding_type: i32,
        /// Where to; none = freed.
        url: Option<String>,
    },
    /// Something was configured.
    Configured {
        /// What it is.
        kind: ConfigurationKind,
        /// Its id.
        id: String,
    },
    /// A run began; what it went through so far is told by the event after it.
    RunStarted(Arc<FlowExecution>),
    /// A run came further, or ended.
    RunSaved(Arc<RunSaved>),
    /// A conversation was taken over, given back, or changed in another way.
    SessionChanged(Arc<Session>),
    /// An alert was raised, or counted once more.
    AlertRaised {
        /// As it is now.
        alert: Arc<Alert>,
        /// Whether it is a new one.
        is_new: bool,
    },
    /// An alert was acknowledged or resolved.
    AlertChanged(Arc<Alert>),
    /// Somebody is to be told of an alert.
    NotificationQueued(Arc<AlertNotification>),
    /// It was tried to tell somebody.
    NotificationMoved(Arc<AlertNotification>),
    /// A model was called.
    AiCalled(Arc<AiCallLog>),
}

/// The events of one batch, in commit order, with the numbers kept for what they mean to those who watch.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Published {
    /// What is true from now on.
    pub events: Arc<[Event]>,
    /// The first number kept, above the numbers of all rows of the batch; each event has [`Event::width`] of them, in order.
    pub first: i64,
    /// The last number of the batch, its rows included.
    pub last: i64,
}

impl Published {
    /// Events after the number `after`.
    pub fn after(after: i64, events: impl Into<Arc<[Event]>>) -> Self {
        let events = events.into();
        let width: i64 = events.iter().map(Event::width).sum();
        Self { events, first: after.saturating_add(1), last: after.saturating_add(width) }
    }
}

impl Event {
    /// How many numbers are kept for it: at least as many as there are frames it makes for those who watch. A stored message is
    /// told under the number of its row.
    pub fn width(&self) -> i64 {
        match self {
            Self::CommandMoved { .. } | Self::AlertRaised { .. } => 2,
            Self::RunSaved(saved) => {
                i64::try_from(saved.new_nodes.len()).unwrap_or(0).saturating_mul(2).saturating_add(1)
            }
            Self::NotificationMoved(_) => 1,
            _ => 0,
        }
    }

    /// Whether the directory must know before anybody is answered.
    pub fn changes_directory(&self) -> bool {
        matches!(
            self,
            Self::RobotChanged(_)
                | Self::MembersChanged { .. }
                | Self::TokensRevoked(_)
                | Self::BindingChanged { .. }
        )
    }
}

/// Appends what `record` made true by `outcome`.
pub fn events_of(record: &Record, outcome: &Outcome, events: &mut Vec<Event>) {
    match (record, outcome) {
        (Record::Message(message), Outcome::Done(seq)) => {
            let mut message = message.as_ref().clone();
            message.seq = *seq;
            events.push(Event::MessageStored(Arc::new(message)));
        }
        (Record::Settle { id, reason, .. }, Outcome::Done(_)) => {
            events.push(Event::MessageSettled { id: id.clone(), reason: *reason });
        }
        (Record::Reopen { id, robot, session, .. }, Outcome::Done(_)) => {
            events.push(Event::MessageReopened { id: id.clone(), robot: *robot, session: session.clone() });
        }
        (_, Outcome::Queued(command)) => {
            events.push(Event::CommandQueued(Arc::new(command.as_ref().clone())))
        }
        (Record::Claim { .. } | Record::ClaimOnly { .. }, Outcome::Claimed(commands)) => {
            events.extend(commands.iter().map(|command| Event::CommandMoved {
                command: Arc::new(command.clone()),
                from: CommandState::Queued,
            }));
        }
        (_, Outcome::Moved(moved, callback)) => {
            if moved.is_won {
                events
                    .push(Event::CommandMoved { command: Arc::new(moved.command.clone()), from: moved.from });
            }
            if let Some(delivery) = callback {
                events.push(Event::DeliveryQueued(Arc::new(delivery.as_ref().clone())));
            }
        }
        (Record::CancelQueued { robot, .. }, Outcome::Cancelled(ids)) if !ids.is_empty() => {
            events.push(Event::CommandsCancelled { robot: *robot, ids: ids.clone() });
        }
        (Record::Delivery(_), Outcome::Delivery(delivery)) => {
            events.push(Event::DeliveryQueued(Arc::new(delivery.as_ref().clone())));
        }
        (_, Outcome::Delivery(delivery)) => {
            debug_assert!(delivery.state != DeliveryState::Pending || delivery.attempts > 0);
            events.push(Event::DeliveryMoved(Arc::new(delivery.as_ref().clone())));
        }
        (Record::Robot(robot), Outcome::Done(_)) => {
            events.push(Event::RobotChanged(Arc::new(robot.as_ref().clone())));
        }
        (Record::Members { users, .. }, Outcome::Robot(updated)) => {
            if let Updated::Done(robot) = updated.as_ref() {
                let robot = Arc::new(robot.as_ref().clone());
                events.push(Event::MembersChanged { robot, users: users.clone() });
            }
        }
        (Record::Bind { binding_type, url, .. }, Outcome::Robot(updated)) => {
            if let Updated::Done(robot) = updated.as_ref() {
                let robot = Arc::new(robot.as_ref().clone());
                events.push(Event::BindingChanged { robot, binding_type: *binding_type, url: url.clone() });
            }
        }
        (_, Outcome::Robot(updated)) => {
            if let Updated::Done(robot) = updated.as_ref() {
                events.push(Event::RobotChanged(Arc::new(robot.as_ref().clone())));
            }
        }
        (_, Outcome::Activated(activated)) => match activated.as_ref() {
            Activated::First(robot) | Activated::Again(robot) => {
                events.push(Event::RobotChanged(Arc::new(robot.as_ref().clone())));
            }
            _ => {}
        },
        (_, Outcome::Account(done)) => {
            if let AccountDone::Changed { robots, .. } = done.as_ref() {
                let changed = robots.iter().map(|robot| Event::RobotChanged(Arc::new(robot.clone())));
                events.extend(changed);
            }
        }
        (_, Outcome::Rotated(rotated)) => {
            if let Rotated::Reused(robot) = rotated.as_ref() {
                events.push(Event::TokensRevoked(*robot));
            }
        }
        _ => conversation_events(record, outcome, events),
    }
}
