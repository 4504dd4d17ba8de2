//! Pure: one step of a run, from what happened to where it must wait.
use workbot_schema::commands::state::CommandState;
use workbot_schema::fields::Ts;
use workbot_schema::wire::flow::{NodeConfig, RunStatus};

use super::effects::Effect;
use super::event::{
    AskFailure, AskReport, CommandNews, IntentOutcome, ReplyOutcome, RuleMatch, RunEvent, Visit,
};
use super::graph::{CompiledFlow, CompiledNode};
use super::nodes::{self, Failure, Progress};
use super::run::Run;
use super::state::{Asking, Question, Sent, TokenState};

impl Run {
    /// Takes what happened and runs on until it must wait or ends. Deterministic: the same events at the same times give the
    /// same effects, ids and state. After the end it does nothing.
    pub fn step(&mut self, flow: &CompiledFlow, event: RunEvent, now: Ts) -> Vec<Effect> {
        if self.status.is_final() {
            return Vec::new();
        }
        let mut engine = Engine { run: self, flow, now, effects: Vec::new() };
        engine.take(event);
        engine.run_on();
        engine.settle();
        engine.effects
    }
}

/// A run while it steps.
pub(super) struct Engine<'a> {
    pub run: &'a mut Run,
    pub flow: &'a CompiledFlow,
    pub now: Ts,
    pub effects: Vec<Effect>,
}

impl<'a> Engine<'a> {
    fn take(&mut self, event: RunEvent) {
        match event {
            RunEvent::Start => self.start(),
            RunEvent::Resume => self.ask_again(),
            RunEvent::Intent { at, outcome } => self.intent_answered(&at, outcome),
            RunEvent::Reply { at, outcome } => self.reply_answered(&at, outcome),
            RunEvent::Template { at, text } => self.template_answered(&at, text.as_deref()),
            RunEvent::Rules { at, matched } => self.rules_answered(&at, matched),
            RunEvent::Command(news) => self.command_moved(news),
            RunEvent::Due => self.time_passed(),
            RunEvent::Stop { code, message } => self.fail_run(&Failure { code, message }, None),
        }
    }

    /// A run that repeats another has its branch already.
    fn start(&mut self) {
        let is_new = self.run.state.visits == 0 && self.run.state.tokens.is_empty();
        if let Some(start) = self.flow.start().filter(|_| is_new) {
            self.spawn(start.id.clone(), Vec::new(), None);
        }
    }

    fn ask_again(&mut self) {
        for place in 0..self.run.state.tokens.len() {
            let Some(token) = self.run.state.tokens.get_mut(place) else { continue };
            let TokenState::Asking(asking) = &mut token.state else { continue };
            let Some(node) = self.flow.node(&asking.at.node_id) else { continue };
            asking.deadline = self.now.plus(patience(node));
            let asking = asking.clone();
            self.effects.extend(nodes::ask(&node.config, &asking, &self.run.context, &self.run.state));
        }
    }

    /// The branch that asked this, if it still waits for the answer.
    fn asking(&self, at: &Visit, question: Question) -> Option<(u32, &'a CompiledNode, Asking)> {
        self.run.state.tokens.iter().find_map(|token| match &token.state {
            TokenState::Asking(asking) if asking.at == *at && asking.question == question => {
                Some((token.id, self.flow.node(&at.node_id)?, asking.clone()))
            }
            _ => None,
        })
    }

    fn intent_answered(&mut self, at: &Visit, outcome: Result<IntentOutcome, AskFailure>) {
        let Some((token, node, asking)) = self.asking(at, Question::Intent) else { return };
        let NodeConfig::Intent(config) = &node.config else { return };
        match outcome {
            Ok(outcome) => {
                self.count(&outcome.report);
                remember(&mut self.run.state.failed_intent, &outcome.report.failed);
                let output = nodes::understood(config, &outcome, &mut self.run.context);
                self.complete(token, node, at, output);
            }
            Err(failure) => {
                remember(&mut self.run.state.failed_intent, &failure.failed);
                self.answer_failed(token, node, asking, told(failure));
            }
        }
    }

    fn reply_answered(&mut self, at: &Visit, outcome: Result<ReplyOutcome, AskFailure>) {
        let Some((token, node, mut asking)) = self.asking(at, Question::Reply) else { return };
        match outcome {
            Ok(outcome) => {
                self.count(&outcome.report);
                remember(&mut self.run.state.failed_reply, &outcome.report.failed);
                match nodes::replied(&outcome, &mut self.run.context) {
                    Ok(output) => {
                        self.run.state.degraded = outcome.report.degraded;
                        self.complete(token, node, at, output);
                    }
                    Err(failure) => {
                        match outcome.report.model_id {
                            Some(model) => asking.excluded.push(model),
                            None => asking.is_rules_only = true,
                        }
                        self.answer_failed(token, node, asking, failure);
                    }
                }
            }
            Err(failure) => {
                remember(&mut self.run.state.failed_reply, &failure.failed);
                self.answer_failed(token, node, asking, told(failure));
            }
        }
    }

    fn template_answered(&mut self, at: &Visit, text: Option<&str>) {
        let Some((token, node, _)) = self.asking(at, Question::Template) else { return };
        let progress = nodes::rendered(text, &mut self.run.context);
        self.progress(token, node, at, progress);
    }

    fn rules_answered(&mut self, at: &Visit, found: Vec<RuleMatch>) {
        let Some((token, node, _)) = self.asking(at, Question::Rules) else { return };
        let NodeConfig::AlertRule(config) = &node.config else { return };
        let output = nodes::matched(config, found, &mut self.run.state);
        self.complete(token, node, at, output);
    }

    /// Only commands of the run are heard, and none that already has its result.
    fn command_moved(&mut self, news: CommandNews) {
        let known = self.run.state.commands.iter_mut().find(|known| known.send_id == news.send_id);
        let Some(known) = known.filter(|known| !known.state.is_final()) else { return };
        known.clone_from(&news);
        if self.run.context.send_id.as_deref() == Some(news.send_id.as_str()) {
            self.run.context.command_status = Some(news.state.wire().to_owned());
        }
        if !nodes::is_told(news.state) {
            return;
        }
        for (token, sent) in self.waiting(|sent| sent.send_id == news.send_id) {
            let Some(node) = self.flow.node(&sent.at.node_id) else { continue };
            let output = nodes::heard(&news, &mut self.run.context);
            let is_bad =
                matches!(news.state, CommandState::Failed | CommandState::Expired | CommandState::Cancelled);
            match node.on_error {
                Some(_) if is_bad => {
                    let reason = news.error_reason.clone().unwrap_or_else(|| news.state.wire().to_owned());
                    self.note(&sent.at, output);
                    self.give_up(token, node, &sent.at, &Failure::new("command_failed", reason));
                }
                _ => self.complete(token, node, &sent.at, output),
            }
        }
    }

    fn waiting(&self, is_meant: impl Fn(&Sent) -> bool) -> Vec<(u32, Sent)> {
        let tokens = self.run.state.tokens.iter();
        let waiting = tokens.filter_map(|token| match &token.state {
            TokenState::Sent(sent) if is_meant(sent) => Some((token.id, sent.clone())),
            _ => None,
        });
        waiting.collect()
    }

    fn time_passed(&mut self) {
        let now = self.now;
        let tokens = self.run.state.tokens.iter();
        let late: Vec<(u32, Asking)> = tokens
            .filter_map(|token| match &token.state {
                TokenState::Asking(asking) if asking.deadline <= now => Some((token.id, asking.clone())),
                _ => None,
            })
            .collect();
        for (token, mut asking) in late {
            let Some(node) = self.flow.node(&asking.at.node_id) else { continue };
            asking.is_rules_only = true;
            self.answer_failed(token, node, asking, Failure::new("node_timeout", "等待超时"));
        }
        for (token, sent) in self.waiting(|sent| sent.due_at <= now) {
            let Some(node) = self.flow.node(&sent.at.node_id) else { continue };
            let output = nodes::unheard(&sent.send_id, &mut self.run.context);
            if sent.is_failure {
                self.note(&sent.at, output);
                self.give_up(token, node, &sent.at, &Failure::new("node_timeout", "等待超时"));
            } else {
                self.complete(token, node, &sent.at, output);
            }
        }
    }

    /// Tries again while the node has tries left.
    fn answer_failed(&mut self, token: u32, node: &'a CompiledNode, asking: Asking, failure: Failure) {
        if self.token(token).is_none() {
            return;
        }
        if asking.at.attempt > node.retries {
            return self.give_up(token, node, &asking.at, &failure);
        }
        let mut again = asking;
        again.at.attempt += 1;
        again.deadline = self.now.plus(patience(node));
        self.note_retry(&again.at, &failure);
        let effect = nodes::ask(&node.config, &again, &self.run.context, &self.run.state);
        self.effects.extend(effect);
        self.set(token, TokenState::Asking(again));
    }

    /// Goes on from what a node said.
    pub fn progress(&mut self, token: u32, node: &'a CompiledNode, at: &Visit, progress: Progress) {
        match progress {
            Progress::Done(output) => self.complete(token, node, at, output),
            Progress::Failed(failure) => self.give_up(token, node, at, &failure),
            Progress::Ask(question) => {
                let deadline = self.now.plus(patience(node));
                let asking =
                    Asking { at: at.clone(), question, deadline, excluded: Vec::new(), is_rules_only: false };
                match nodes::ask(&node.config, &asking, &self.run.context, &self.run.state) {
                    Some(effect) => {
                        self.effects.push(effect);
                        self.set(token, TokenState::Asking(asking));
                    }
                    None => self.give_up(token, node, at, &Failure::new("bad_question", "节点无法提问")),
                }
            }
            Progress::Await { send_id, wait_secs } => self.await_result(token, node, at, send_id, wait_secs),
        }
    }

    fn count(&mut self, report: &AskReport) {
        let state = &mut self.run.state;
        let tokens = report.tokens_in.max(0).saturating_add(report.tokens_out.max(0));
        state.spent.tokens = state.spent.tokens.saturating_add(tokens);
        state.spent.cost_micros = state.spent.cost_micros.saturating_add(report.cost_micros.max(0));
    }

    fn settle(&mut self) {
        let run = &mut *self.run;
        if !run.status.is_final() && run.state.tokens.is_empty() && run.state.visits > run.state.kept {
            if run.state.is_end_reached {
                run.status = RunStatus::Completed;
            } else {
                self.fail_run(&Failure::new("dead_end", "流程没有到达结束节点"), None);
            }
        }
        if self.run.status.is_final() {
            self.effects.push(Effect::Finished);
            return;
        }
        let is_idle = |state: &TokenState| matches!(state, TokenState::Sent(_) | TokenState::Joining);
        let tokens = &self.run.state.tokens;
        let is_waiting = !tokens.is_empty() && tokens.iter().all(|token| is_idle(&token.state));
        self.run.status = if is_waiting { RunStatus::Waiting } else { RunStatus::Running };
    }
}

/// How long a node waits for an answer.
fn patience(node: &CompiledNode) -> chrono::TimeDelta {
    node.timeout.unwrap_or(super::ANSWER_PATIENCE)
}

fn told(failure: AskFailure) -> Failure {
    Failure { code: failure.code, message: failure.message }
}

fn remember(known: &mut Vec<workbot_schema::ids::ModelId>, failed: &[workbot_schema::ids::ModelId]) {
    for model in failed {
        if !known.contains(model) {
            known.push(model.clone());
        }
    }
}
