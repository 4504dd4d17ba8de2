//! Pure: visits of nodes and the records that are kept of them.
use chrono::TimeDelta;
use serde_json::{Map, Value};
use workbot_schema::ids::CommandId;
use workbot_schema::wire::flow::{NodeRecord, NodeStatus, NodeType, RunStatus};

use super::event::Visit;
use super::graph::CompiledNode;
use super::nodes::{self, Failure, Visiting};
use super::run::RunError;
use super::state::{Sent, TokenState};
use super::step::Engine;

/// Most nodes a run visits.
pub const VISITS_MAX: u32 = 100;

impl<'a> Engine<'a> {
    /// Visits the node a branch stands at.
    pub(super) fn visit(&mut self, id: u32) {
        let Some(node_id) = self.token(id).map(|token| token.node_id.clone()) else { return };
        let Some(node) = self.flow.node(&node_id) else { return };
        let state = &mut self.run.state;
        if state.visits.saturating_sub(state.kept) >= VISITS_MAX {
            let message = format!("执行超过 {VISITS_MAX} 个节点");
            return self.fail_run(&Failure::new("loop_limit", message), Some(node));
        }
        state.visits += 1;
        let at = Visit { node_id, number: state.visits, attempt: 1 };
        self.run.context.execution_path.push(node.id.clone());
        self.run.context.current_node_id.clone_from(&node.id);
        self.run.nodes.push(NodeRecord {
            node_id: node.id.clone(),
            node_type: node.node_type,
            node_name: node.name.clone(),
            visit: at.number,
            status: NodeStatus::Running,
            input: nodes::input(&node.config, &self.run.context),
            output: Value::Object(Map::new()),
            started_at: self.now,
            duration_ms: 0,
            attempt: 1,
            error: None,
        });
        let mut sent = self.token(id).and_then(|token| token.sent.take());
        let progress = nodes::enter(
            &node.config,
            Visiting {
                at: &at,
                context: &mut self.run.context,
                state: &mut self.run.state,
                sent: &mut sent,
                effects: &mut self.effects,
            },
        );
        if let Some(token) = self.token(id) {
            token.sent = sent;
        }
        self.progress(id, node, &at, progress);
    }

    /// The visit is done: the branch goes on.
    pub(super) fn complete(&mut self, id: u32, node: &CompiledNode, at: &Visit, output: Value) {
        if self.token(id).is_none() {
            return;
        }
        let choice = self.choose(node);
        self.note(at, output);
        self.note(at, Value::Object(choice.notes));
        self.close(at, NodeStatus::Completed, None);
        self.run.state.is_end_reached |= node.node_type == NodeType::End;
        self.go(id, &choice.targets);
    }

    /// The visit failed for good: the branch goes to where the node says, or the run fails.
    pub(super) fn give_up(&mut self, id: u32, node: &'a CompiledNode, at: &Visit, failure: &Failure) {
        if self.token(id).is_none() {
            return;
        }
        let Some(target) = node.on_error.and_then(|place| self.flow.at(place)) else {
            return self.fail_run(failure, Some(node));
        };
        let told = format!("{}：{}", failure.code, failure.message);
        self.close(at, NodeStatus::Failed, Some(told));
        if let Some(token) = self.token(id) {
            token.node_id.clone_from(&target.id);
            token.state = TokenState::Ready;
        }
    }

    /// Waits for the result of a command.
    pub(super) fn await_result(
        &mut self,
        id: u32,
        node: &CompiledNode,
        at: &Visit,
        send_id: CommandId,
        wait_secs: i64,
    ) {
        let wait = TimeDelta::try_seconds(wait_secs).unwrap_or_default();
        let is_failure = node.timeout.is_some_and(|timeout| timeout < wait);
        let due_at = self.now.plus(node.timeout.filter(|_| is_failure).unwrap_or(wait));
        if let Some(record) = self.run.nodes.iter_mut().rev().find(|record| record.visit == at.number) {
            record.status = NodeStatus::Waiting;
        }
        self.set(id, TokenState::Sent(Sent { at: at.clone(), send_id, due_at, is_failure }));
    }

    /// Ends the run before its end; what was under way is closed with it.
    pub(super) fn fail_run(&mut self, failure: &Failure, node: Option<&CompiledNode>) {
        let told = format!("{}：{}", failure.code, failure.message);
        let open: Vec<Visit> = self
            .run
            .nodes
            .iter()
            .filter(|record| matches!(record.status, NodeStatus::Running | NodeStatus::Waiting))
            .map(|record| Visit {
                node_id: record.node_id.clone(),
                number: record.visit,
                attempt: record.attempt,
            })
            .collect();
        for at in open {
            self.close(&at, NodeStatus::Failed, Some(told.clone()));
        }
        self.run.state.tokens.clear();
        self.run.status = RunStatus::Failed;
        self.run.error = Some(RunError {
            code: failure.code.clone(),
            node_id: node.map(|node| node.id.clone()),
            message: failure.message.clone(),
        });
    }

    /// Adds to the output of a visit.
    pub(super) fn note(&mut self, at: &Visit, output: Value) {
        let record = self.run.nodes.iter_mut().rev().find(|record| record.visit == at.number);
        if let (Some(Value::Object(kept)), Value::Object(keys)) =
            (record.map(|record| &mut record.output), output)
        {
            kept.extend(keys);
        }
    }

    /// The visit is tried again.
    pub(super) fn note_retry(&mut self, at: &Visit, failure: &Failure) {
        if let Some(record) = self.run.nodes.iter_mut().rev().find(|record| record.visit == at.number) {
            record.attempt = at.attempt;
            record.error = Some(format!("{}：{}", failure.code, failure.message));
        }
    }

    fn close(&mut self, at: &Visit, status: NodeStatus, error: Option<String>) {
        let now = self.now;
        let Some(record) = self.run.nodes.iter_mut().rev().find(|record| record.visit == at.number) else {
            return;
        };
        record.status = status;
        record.duration_ms = now.millis().saturating_sub(record.started_at.millis()).max(0);
        if error.is_some() {
            record.error = error;
        }
        self.run.new_nodes.push(record.clone());
    }
}
