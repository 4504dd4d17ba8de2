//! Decides without a runtime: the eleven kinds of live events (seed 004 §6.3), and which of them a committed write makes.
use std::sync::Arc;

use workbot_schema::alert_notifications::{AlertNotification, NotificationState};
use workbot_schema::alerts::Alert;
use workbot_schema::commands::{CommandState, RobotCommand};
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::{NodeRecord, RunSaved};
use workbot_schema::ids::RobotUuid;
use workbot_schema::messages::{Direction, SessionMessage};
use workbot_schema::wire::flow::NodeType;

use crate::journal::Event;

/// What can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Messages and commands.
    Panel1,
    /// Runs of flows.
    Panel2,
    /// Alerts.
    Alerts,
    /// The tree of actors, once a second.
    Actors,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Panel1, Self::Panel2, Self::Alerts, Self::Actors];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Panel1 => "panel1",
            Self::Panel2 => "panel2",
            Self::Alerts => "alerts",
            Self::Actors => "actors",
        }
    }

    /// The channel of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// One of the eleven kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody wrote.
    MessageReceived,
    /// A text, a file or a card went to a chat.
    MessageSent,
    /// A command was given to a robot.
    CommandSent,
    /// A command came to its end.
    CommandResult,
    /// A run knows what is wanted.
    IntentRecognized,
    /// A run has its reply.
    AiReplyGenerated,
    /// A node is done.
    NodeExecuted,
    /// A run came to its end.
    FlowCompleted,
    /// An alert was raised, or happened once more.
    AlertTriggered,
    /// A rule raised it.
    AlertRuleMatched,
    /// Somebody was told, or could not be.
    NotificationSent,
}

impl Kind {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::MessageReceived => "message_received",
            Self::MessageSent => "message_sent",
            Self::CommandSent => "command_sent",
            Self::CommandResult => "command_result",
            Self::IntentRecognized => "intent_recognized",
            Self::AiReplyGenerated => "ai_reply_generated",
            Self::NodeExecuted => "node_executed",
            Self::FlowCompleted => "flow_completed",
            Self::AlertTriggered => "alert_triggered",
            Self::AlertRuleMatched => "alert_rule_matched",
            Self::NotificationSent => "notification_sent",
        }
    }

    /// Whether it is told on a channel; results of commands are told on two.
    pub fn is_on(self, channel: Channel) -> bool {
        match self {
            Self::MessageReceived | Self::MessageSent | Self::CommandSent => channel == Channel::Panel1,
            Self::CommandResult => matches!(channel, Channel::Panel1 | Channel::Panel2),
            Self::IntentRecognized | Self::AiReplyGenerated | Self::NodeExecuted | Self::FlowCompleted => {
                channel == Channel::Panel2
            }
            Self::AlertTriggered | Self::AlertRuleMatched | Self::NotificationSent => {
                channel == Channel::Alerts
            }
        }
    }
}

/// The row behind an event.
#[derive(Debug, Clone)]
pub enum Source {
    /// A message.
    Message(Arc<SessionMessage>),
    /// A command.
    Command(Arc<RobotCommand>),
    /// A checkpoint of a run, and which of its new nodes is meant.
    Run(Arc<RunSaved>, Option<usize>),
    /// An alert.
    Alert(Arc<Alert>),
    /// A notification.
    Notification(Arc<AlertNotification>),
}

/// One live event.
#[derive(Debug, Clone)]
pub struct MonitorEvent {
    /// Its number, unique and growing.
    pub seq: i64,
    /// What happened.
    pub kind: Kind,
    /// To whom it happened; alerts of the server itself have no robot.
    pub robot: Option<RobotUuid>,
    /// When it was committed.
    pub at: Ts,
    /// The row behind it.
    pub source: Source,
}

impl MonitorEvent {
    /// The node that is meant.
    pub fn node(&self) -> Option<&NodeRecord> {
        match &self.source {
            Source::Run(run, Some(place)) => run.new_nodes.get(*place),
            _ => None,
        }
    }

    /// About how many bytes it keeps in memory.
    pub fn bytes(&self) -> usize {
        /// What a row takes without its texts.
        const ROW: usize = 512;
        ROW + match &self.source {
            Source::Message(message) => message.spoken.len() + message.raw_spoken.len(),
            Source::Command(command) => command.item.len() + command.history.len(),
            Source::Run(run, _place) => run.new_nodes.len() * ROW,
            Source::Alert(_) | Source::Notification(_) => ROW,
        }
    }
}

/// WorkTool types that put something into a chat.
fn is_message(command_type: i32) -> bool {
    matches!(command_type, 203..=205 | 208 | 209 | 214 | 218 | 220)
}

/// Whether a command in this state will not go on by itself.
fn is_over(state: CommandState) -> bool {
    state.is_final() || state == CommandState::Unknown
}

/// Appends the events of a committed one; those without a number of their own take numbers from `first` on.
pub fn events_of(event: &Event, first: i64, now: Ts, into: &mut Vec<Arc<MonitorEvent>>) {
    let mut next = first;
    let mut push = |kind, robot, source| {
        into.push(Arc::new(MonitorEvent { seq: next, kind, robot, at: now, source }));
        next = next.saturating_add(1);
    };
    match event {
        Event::MessageStored(message) => {
            let kind = match message.direction {
                Direction::In => Kind::MessageReceived,
                Direction::Out => Kind::MessageSent,
            };
            into.push(Arc::new(MonitorEvent {
                seq: message.seq,
                kind,
                robot: Some(message.robot_uuid),
                at: now,
                source: Source::Message(Arc::clone(message)),
            }));
        }
        Event::CommandMoved { command, from } => {
            let robot = Some(command.robot_uuid);
            if command.state == CommandState::Sent && *from == CommandState::Queued {
                push(Kind::CommandSent, robot, Source::Command(Arc::clone(command)));
                if is_message(command.command_type) && command.attempt == 1 {
                    push(Kind::MessageSent, robot, Source::Command(Arc::clone(command)));
                }
            } else if is_over(command.state) {
                push(Kind::CommandResult, robot, Source::Command(Arc::clone(command)));
            }
        }
        Event::RunSaved(run) => {
            let robot = Some(run.robot_uuid);
            for (place, node) in run.new_nodes.iter().enumerate() {
                push(Kind::NodeExecuted, robot, Source::Run(Arc::clone(run), Some(place)));
                let told = match node.node_type {
                    NodeType::Intent => Some(Kind::IntentRecognized),
                    NodeType::AiReply => Some(Kind::AiReplyGenerated),
                    _ => None,
                };
                if let Some(kind) = told.filter(|_kind| node.error.is_none()) {
                    push(kind, robot, Source::Run(Arc::clone(run), Some(place)));
                }
            }
            if run.status.is_final() {
                push(Kind::FlowCompleted, robot, Source::Run(Arc::clone(run), None));
            }
        }
        Event::AlertRaised { alert, .. } => {
            push(Kind::AlertTriggered, alert.robot_uuid, Source::Alert(Arc::clone(alert)));
            if alert.rule_id.is_some() {
                push(Kind::AlertRuleMatched, alert.robot_uuid, Source::Alert(Arc::clone(alert)));
            }
        }
        Event::NotificationMoved(notification) if notification.state != NotificationState::Pending => {
            push(Kind::NotificationSent, None, Source::Notification(Arc::clone(notification)));
        }
        _ => {}
    }
}
