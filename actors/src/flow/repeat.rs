//! Pure: a run that repeats another one, whole or from a node on. It is a run of its own, with ids of its own.
use serde::{Deserialize, Serialize};
use workbot_schema::wire::flow::{NodeRecord, NodeStatus, NodeType, RunStatus};

use super::context::forget;
use super::run::{Run, RunSeed};
use super::state::{Token, TokenState};

/// From where a run is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryFrom {
    /// From its start; nothing of the old run counts.
    Start,
    /// From the node that failed, or was under way when the run was stopped; what came before counts.
    Failed,
    /// From this node; what came before its first visit counts.
    Node(String),
}

impl RetryFrom {
    /// `start`, `failed`, or the id of a node.
    pub fn read(text: &str) -> Self {
        match text {
            "start" => Self::Start,
            "failed" => Self::Failed,
            node => Self::Node(node.to_owned()),
        }
    }
}

/// Why a run cannot be repeated so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetryRefusal {
    /// It still runs.
    #[error("the run is not over")]
    StillRunning,
    /// No node of it failed.
    #[error("no node of the run failed")]
    NothingFailed,
    /// It never came to that node.
    #[error("the run never visited that node")]
    NotVisited,
}

impl Run {
    /// A new run that repeats an old one; [`super::RunEvent::Start`] begins it. The seed tells of robot, session and message as
    /// they are now; results of nodes that are not repeated come from the old run.
    pub fn retry(old: &Self, from: &RetryFrom, seed: RunSeed) -> Result<Self, RetryRefusal> {
        if !old.status.is_final() {
            return Err(RetryRefusal::StillRunning);
        }
        let mut run = Self::new(seed);
        for node_type in NodeType::ALL {
            forget(&mut run.context, *node_type);
        }
        run.context.execution_path.clear();
        let (kept, node_id) = match from {
            RetryFrom::Start => return Ok(run),
            RetryFrom::Failed => {
                let is_failed = |record: &&NodeRecord| record.status == NodeStatus::Failed;
                let last = || old.nodes.iter().rfind(is_failed).map(|record| record.node_id.clone());
                let named = old.error.as_ref().and_then(|error| error.node_id.clone());
                let failed = named.or_else(last).filter(|_| old.status == RunStatus::Failed);
                let failed = failed.ok_or(RetryRefusal::NothingFailed)?;
                let place =
                    old.nodes.iter().rposition(|record| is_failed(&record) && record.node_id == failed);
                (place.unwrap_or(old.nodes.len()), failed)
            }
            RetryFrom::Node(node_id) => {
                let place = old.nodes.iter().position(|record| record.node_id == *node_id);
                (place.ok_or(RetryRefusal::NotVisited)?, node_id.clone())
            }
        };
        let is_over =
            |record: &&NodeRecord| matches!(record.status, NodeStatus::Completed | NodeStatus::Failed);
        for (number, record) in (1..).zip(old.nodes.iter().take(kept).filter(is_over)) {
            run.take_over(old, record);
            run.nodes.push(NodeRecord { visit: number, ..record.clone() });
            run.state.visits = number;
        }
        run.state.kept = run.state.visits;
        let sent = old.state.commands.last().filter(|_| run.context.send_id.is_some());
        let sent = sent.map(|news| news.send_id.clone());
        run.state.tokens.push(Token { id: 0, node_id, state: TokenState::Ready, sent, late_for: Vec::new() });
        run.state.next_token = 1;
        Ok(run)
    }

    /// Keeps what a node of the old run made.
    fn take_over(&mut self, old: &Self, record: &NodeRecord) {
        let (context, had) = (&mut self.context, &old.context);
        context.execution_path.push(record.node_id.clone());
        if record.status != NodeStatus::Completed {
            return;
        }
        match record.node_type {
            NodeType::Intent => {
                context.intent.clone_from(&had.intent);
                context.intent_confidence = had.intent_confidence;
            }
            NodeType::AiReply => context.ai_response.clone_from(&had.ai_response),
            NodeType::MessageDispatch => context.target_name.clone_from(&had.target_name),
            NodeType::SendCommand => {
                context.send_id.clone_from(&had.send_id);
                context.command_status.clone_from(&had.command_status);
                self.state.commands.clone_from(&old.state.commands);
            }
            NodeType::AlertSave => {
                context.alert_id.clone_from(&had.alert_id);
                context.alert_level.clone_from(&had.alert_level);
                context.alert_code.clone_from(&had.alert_code);
                context.alert_data.clone_from(&had.alert_data);
            }
            NodeType::AlertRule => self.state.rules.clone_from(&old.state.rules),
            NodeType::MessageReceive
            | NodeType::Decision
            | NodeType::CommandStatus
            | NodeType::End
            | NodeType::ExecuteNotification => {}
        }
    }
}
