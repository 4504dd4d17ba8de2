//! What the alert actor makes of each committed event.
use std::sync::Arc;

use workbot_schema::ai_calls::{AiCallLog, AiCallStatus, AiPurpose};
use workbot_schema::alerts::Alert;
use workbot_schema::commands::{CommandSource, CommandState, RobotCommand};
use workbot_schema::configuration::ConfigurationKind;
use workbot_schema::deliveries::{Delivery, DeliveryKind, DeliveryState};
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::{NodeRecord, RunSaved, RunStatus};
use workbot_schema::ids::{MessageId, RobotUuid, RunId};
use workbot_schema::messages::{Direction, MessageReason, SessionMessage};
use workbot_schema::wire::flow::NodeType;

use super::AlertActor;
use super::board::{Measured, subject_of};
use super::counters::count;
use super::held::Match;
use super::rules::Facts;
use super::writing::Task;
use crate::journal::Event;

/// Alerts of a run that no node of its flow raised.
const CRASHED: &str = "crashed";

impl AlertActor {
    pub(super) fn hear(&mut self, event: &Event, now_ms: u64) {
        match event {
            Event::MessageStored(message) => self.on_message(message, now_ms),
            Event::MessageSettled { id, reason, .. } => self.on_settled(id, *reason),
            Event::CommandQueued(command) => self.on_command(command, now_ms),
            Event::CommandMoved { command, .. } => self.on_moved(command, now_ms),
            Event::DeliveryMoved(delivery) => self.on_delivery(delivery, now_ms),
            Event::RunStarted(run) => self.held.begun(&run.id, &run.message_list()),
            Event::RunSaved(saved) => self.on_run(saved, now_ms),
            Event::AiCalled(call) => self.on_call(call, now_ms),
            Event::AlertRaised { alert, is_new } => self.on_alert(alert, *is_new),
            Event::NotificationQueued(_) => self.has_due = true,
            Event::Configured { kind: ConfigurationKind::Rule | ConfigurationKind::Channel, .. } => {
                self.is_stale = true;
            }
            _ => {}
        }
    }

    fn on_message(&mut self, message: &Arc<SessionMessage>, now_ms: u64) {
        if message.direction != Direction::In {
            return;
        }
        self.arrivals.note(&message.id, message.created_at);
        let facts = Facts { text: Some(&message.spoken), ..Facts::default() };
        let rules = self.evaluate(message.robot_uuid, &facts);
        if rules.is_empty() {
            return;
        }
        let found = Match { message: Some(Arc::clone(message)), message_id: message.id.clone(), rules };
        if message.reason.is_some() {
            self.put(Task::Message(found));
        } else if let Some(oldest) = self.held.hold(found, None, now_ms) {
            self.put(Task::Message(oldest));
        }
    }

    /// Messages answered together wait for the first one of them.
    fn on_settled(&mut self, id: &MessageId, reason: MessageReason) {
        if reason != MessageReason::Merged {
            for found in self.held.settled(id) {
                self.put(Task::Message(found));
            }
        }
    }

    fn on_command(&mut self, command: &RobotCommand, now_ms: u64) {
        let is_answer = matches!(
            command.source,
            CommandSource::Flow | CommandSource::InlineReply | CommandSource::SendMessage
        );
        let Some(message) = command.message_id.as_ref().filter(|_message| is_answer) else { return };
        if let Some(millis) = self.arrivals.answered(message, command.created_at) {
            self.measure(command.robot_uuid, Measured::Answer(millis), now_ms);
        }
    }

    fn on_moved(&mut self, command: &RobotCommand, now_ms: u64) {
        let is_bad = match command.state {
            CommandState::Succeeded => false,
            CommandState::Partial | CommandState::Failed | CommandState::Unknown | CommandState::Expired => {
                true
            }
            CommandState::Queued | CommandState::Sent | CommandState::Confirmed | CommandState::Cancelled => {
                return;
            }
        };
        self.measure(command.robot_uuid, Measured::Ending { is_bad }, now_ms);
    }

    fn on_delivery(&mut self, delivery: &Delivery, now_ms: u64) {
        let is_bad = match delivery.state {
            DeliveryState::Delivered => false,
            DeliveryState::Failed | DeliveryState::Dropped => true,
            DeliveryState::Pending => return,
        };
        if delivery.kind != DeliveryKind::Test {
            self.measure(delivery.robot_uuid, Measured::Callback { is_bad }, now_ms);
        }
    }

    fn on_run(&mut self, saved: &RunSaved, now_ms: u64) {
        if let RunStatus::Completed | RunStatus::Failed = saved.status {
            let is_bad = saved.status == RunStatus::Failed;
            self.measure(saved.robot_uuid, Measured::Ending { is_bad }, now_ms);
        }
        self.on_nodes(&saved.id, saved.robot_uuid, &saved.messages, &saved.new_nodes, now_ms);
    }

    fn on_nodes(
        &mut self,
        run: &RunId,
        robot: RobotUuid,
        messages: &[MessageId],
        nodes: &[NodeRecord],
        now_ms: u64,
    ) {
        for node in nodes.iter().filter(|node| node.node_type == NodeType::Intent) {
            let Some(intent) = node.output.get("intent").and_then(serde_json::Value::as_str) else {
                continue;
            };
            let rules = self.evaluate(robot, &Facts { intent: Some(intent), ..Facts::default() });
            if let (false, Some(first)) = (rules.is_empty(), messages.first()) {
                let found = Match { message: None, message_id: first.clone(), rules };
                if let Some(oldest) = self.held.hold(found, Some(run.clone()), now_ms) {
                    self.put(Task::Message(oldest));
                }
            }
        }
    }

    fn on_call(&mut self, call: &AiCallLog, now_ms: u64) {
        let is_work = matches!(call.purpose, AiPurpose::Intent | AiPurpose::Reply | AiPurpose::Report);
        if let Some(robot) = call.robot_uuid.filter(|_robot| is_work && call.model_id.is_some()) {
            let is_bad = call.status == AiCallStatus::Failed;
            self.measure(robot, Measured::AiCall { is_bad }, now_ms);
        }
    }

    /// An alert of a flow stands for what its message met. One that the server raised is told by rules about levels.
    fn on_alert(&mut self, alert: &Arc<Alert>, is_new: bool) {
        if alert.rule_id.is_some() {
            return;
        }
        let is_of_flow = alert.run_id.is_some() && alert.code != CRASHED;
        if is_of_flow {
            self.held.alerted(alert.run_id.as_ref(), alert.message_id.as_ref());
        } else if is_new {
            self.put(Task::Level(Arc::clone(alert)));
        }
    }

    fn evaluate(&self, robot: RobotUuid, facts: &Facts<'_>) -> Vec<super::rules::RuleMatch> {
        let Some(entry) = self.parts.directory.find(robot) else {
            count(&self.parts.counters.strangers);
            return Vec::new();
        };
        let now = Ts::new(self.parts.clock.now());
        self.parts.book.evaluate(subject_of(&entry.profile()), facts, &[], now)
    }

    fn measure(&mut self, robot: RobotUuid, what: Measured, now_ms: u64) {
        match self.parts.directory.find(robot) {
            Some(entry) => self.board.note(&entry.profile(), what, now_ms),
            None => count(&self.parts.counters.strangers),
        }
    }
}
