//! Pure: branches of a run: where they go, where they meet, where they end.
use serde_json::{Map, Value, json};
use workbot_schema::ids::CommandId;
use workbot_schema::wire::flow::JoinRule;

use super::graph::{CompiledNode, WayRule};
use super::nodes::Failure;
use super::state::{Token, TokenState};
use super::step::Engine;

/// Most branches at a time.
const BRANCHES_MAX: usize = 100;

impl Engine<'_> {
    /// Moves what can move, the oldest branch first. Every turn visits a node, parks a branch or ends one, so it stops.
    pub(super) fn run_on(&mut self) {
        while !self.run.status.is_final() {
            if let Some(token) = self.first(|state| matches!(state, TokenState::Ready)) {
                self.arrive(token);
            } else if let Some(token) = self.complete_join() {
                self.visit(token);
            } else {
                return;
            }
        }
    }

    fn first(&self, is_meant: impl Fn(&TokenState) -> bool) -> Option<u32> {
        self.run.state.tokens.iter().find(|token| is_meant(&token.state)).map(|token| token.id)
    }

    pub(super) fn token(&mut self, id: u32) -> Option<&mut Token> {
        self.run.state.tokens.iter_mut().find(|token| token.id == id)
    }

    pub(super) fn set(&mut self, id: u32, state: TokenState) {
        if let Some(token) = self.token(id) {
            token.state = state;
        }
    }

    /// A new branch, about to enter a node.
    pub(super) fn spawn(&mut self, node_id: String, late_for: Vec<String>, sent: Option<CommandId>) {
        let state = &mut self.run.state;
        if state.tokens.len() >= BRANCHES_MAX {
            let message = format!("同时执行的分支超过 {BRANCHES_MAX} 条");
            return self.fail_run(&Failure::new("loop_limit", message), None);
        }
        let id = state.next_token;
        state.next_token = id.saturating_add(1);
        state.tokens.push(Token { id, node_id, state: TokenState::Ready, sent, late_for });
    }

    fn end_branch(&mut self, id: u32) {
        self.run.state.tokens.retain(|token| token.id != id);
    }

    fn arrive(&mut self, id: u32) {
        let Some(node_id) = self.token(id).map(|token| token.node_id.clone()) else { return };
        let Some(node) = self.flow.node(&node_id) else {
            let failure = Failure::new("flow_changed", format!("流程中没有节点“{node_id}”"));
            return self.fail_run(&failure, None);
        };
        match node.join {
            None => self.visit(id),
            Some(JoinRule::Any) => self.arrive_first(id, node),
            Some(JoinRule::All) => self.park(id, node),
        }
    }

    /// The first branch goes on; whoever can still come here is late.
    fn arrive_first(&mut self, id: u32, node: &CompiledNode) {
        if self.token(id).is_some_and(|token| token.late_for.contains(&node.id)) {
            return self.end_branch(id);
        }
        let flow = self.flow;
        for token in self.run.state.tokens.iter_mut().filter(|token| token.id != id) {
            let stands_here = token.node_id == node.id && matches!(token.state, TokenState::Ready);
            let can_come = stands_here || flow.leads(&token.node_id, &node.id);
            if can_come && !token.late_for.contains(&node.id) {
                token.late_for.push(node.id.clone());
            }
        }
        self.visit(id);
    }

    /// Waits here; branches that wait at one node are one branch. It is late only where all of them are.
    fn park(&mut self, id: u32, node: &CompiledNode) {
        let Some(place) = self.run.state.tokens.iter().position(|token| token.id == id) else { return };
        let is_parked = |token: &Token| {
            token.id != id && token.node_id == node.id && matches!(token.state, TokenState::Joining)
        };
        if self.run.state.tokens.iter().any(is_parked) {
            let arrived = self.run.state.tokens.remove(place);
            if let Some(parked) = self.run.state.tokens.iter_mut().find(|token| is_parked(token)) {
                parked.late_for.retain(|late| arrived.late_for.contains(late));
                parked.sent = parked.sent.take().or(arrived.sent);
            }
        } else {
            self.set(id, TokenState::Joining);
        }
    }

    /// A parked branch for which nobody can come any more. When all branches are parked for each other, the oldest goes on.
    fn complete_join(&self) -> Option<u32> {
        let tokens = &self.run.state.tokens;
        let parked = |token: &&Token| matches!(token.state, TokenState::Joining);
        let is_complete = |joining: &&Token| {
            let others = tokens.iter().filter(|other| other.id != joining.id);
            !others.into_iter().any(|other| self.flow.leads(&other.node_id, &joining.node_id))
        };
        let complete = tokens.iter().filter(parked).find(is_complete);
        let oldest = || tokens.first().filter(|_| tokens.iter().all(|token| parked(&token)));
        complete.or_else(oldest).map(|token| token.id)
    }

    /// Moves a branch along the ways it takes; one way more is one branch more, no way is its end.
    pub(super) fn go(&mut self, id: u32, targets: &[usize]) {
        let flow = self.flow;
        let mut targets = targets.iter().filter_map(|place| flow.at(*place));
        let Some(first) = targets.next() else { return self.end_branch(id) };
        let Some(token) = self.token(id) else { return };
        token.node_id.clone_from(&first.id);
        token.state = TokenState::Ready;
        let (late_for, sent) = (token.late_for.clone(), token.sent.clone());
        for target in targets {
            if !self.run.status.is_final() {
                self.spawn(target.id.clone(), late_for.clone(), sent.clone());
            }
        }
    }

    /// The first condition that holds, else otherwise; and every way without a condition.
    pub(super) fn choose(&self, node: &CompiledNode) -> Choice {
        let mut choice = Choice::default();
        let (mut chosen, mut errors) = (None, Vec::new());
        for way in &node.ways {
            match &way.rule {
                WayRule::When(condition) if chosen.is_none() => match condition.is_true(&self.run.context) {
                    Ok(true) => chosen = Some((way, Some(condition.source()))),
                    Ok(false) => {}
                    Err(reason) => errors.push(format!("{}：{reason}", condition.source())),
                },
                _ => {}
            }
        }
        let otherwise = || node.ways.iter().find(|way| matches!(way.rule, WayRule::Otherwise));
        let chosen = chosen.or_else(|| otherwise().map(|way| (way, None)));
        for way in &node.ways {
            let is_chosen = chosen.is_some_and(|(chosen, _)| chosen.edge == way.edge);
            if is_chosen || matches!(way.rule, WayRule::Always) {
                choice.targets.push(way.to);
            }
        }
        if let Some((way, condition)) = chosen {
            let branch = self.flow.at(way.to).map(|node| node.id.as_str());
            choice.notes.insert("branch".to_owned(), json!(branch));
            choice.notes.insert("condition".to_owned(), json!(condition.unwrap_or("otherwise")));
        }
        if !errors.is_empty() {
            choice.notes.insert("expressionError".to_owned(), json!(errors.join("\n")));
        }
        choice
    }
}

/// Where a branch goes and what is said of it.
#[derive(Default)]
pub(super) struct Choice {
    /// Nodes.
    pub targets: Vec<usize>,
    /// For the output of the visit.
    pub notes: Map<String, Value>,
}
