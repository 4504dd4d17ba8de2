//! Pure: a run in memory, between the moments in which it is written down.
//!
//! ```text
//! event ─▶ step ─▶ effects ─┬─ what is known here (rules, templates, alert rules) ─▶ event …
//!                           ├─ what models must be asked ─▶ asks
//!                           └─ commands, alerts, notices ─▶ draft ─▶ one write with the run's new state
//! ```
use std::collections::VecDeque;
use std::sync::Arc;

use chrono::TimeDelta;
use workbot_schema::alert_notifications::AlertNotification;
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::FlowExecution;
use workbot_schema::ids::{CommandId, FlowId, MessageId, RobotUuid, RunId, SessionId};
use workbot_schema::messages::{MessageReason, SessionMessage};
use workbot_schema::sessions::SessionAct;
use workbot_schema::wire::flow::{NodeStatus, RunStatus};

use super::reasons::{Author, Carrier, Progress};
use crate::flow::{
    AlertDraft, CompiledFlow, Degraded, Effect, IntentAsk, IntentOutcome, Notice, ReplyAsk, ReplyOutcome,
    RuleMatch, RulesAsk, Run, RunEvent, Spent, Submission, TemplateAsk, Visit,
};

/// A run that waits for nothing that has a time is looked at again after this.
const WATCH: TimeDelta = TimeDelta::seconds(60);
/// An ask has an answer of its own when its time is over; only then somebody else looks.
const GRACE: TimeDelta = TimeDelta::seconds(5);

/// What a run keeps from its start to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct RunHead {
    /// The run.
    pub id: RunId,
    /// Which flow.
    pub flow_id: FlowId,
    /// In which version.
    pub flow_version: i64,
    /// Whose chat.
    pub robot: RobotUuid,
    /// Which conversation.
    pub session: SessionId,
    /// What it answers, the first one first.
    pub messages: Vec<MessageId>,
    /// The run it repeats.
    pub retry_of: Option<RunId>,
    /// From where.
    pub retry_from: Option<String>,
    /// Since when.
    pub started_at: Ts,
}

/// What is known without asking anybody far away.
pub trait Oracle {
    /// What the message wants; `None` = a model must be asked.
    fn intent(&self, run: &Run, ask: &IntentAsk) -> Option<IntentOutcome>;
    /// What is said; `None` = a model must be asked.
    fn reply(&self, run: &Run, ask: &ReplyAsk) -> Option<ReplyOutcome>;
    /// A template's text, when one can be filled in.
    fn template(&self, run: &Run, ask: &TemplateAsk) -> Option<String>;
    /// The alert rules that match.
    fn rules(&self, run: &Run, ask: &RulesAsk) -> Vec<RuleMatch>;
    /// The notifications of a notice.
    fn notifications(&self, run: &Run, notice: &Notice) -> Vec<AlertNotification>;
}

/// A question for a model.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// What the message wants.
    Intent(IntentAsk),
    /// What is said.
    Reply(ReplyAsk),
}

impl Ask {
    /// Who asks.
    pub fn at(&self) -> &Visit {
        match self {
            Self::Intent(ask) => &ask.at,
            Self::Reply(ask) => &ask.at,
        }
    }
}

/// What the next write carries beside the run.
#[derive(Debug, Default, PartialEq)]
pub struct Draft {
    /// Commands.
    pub submissions: Vec<Submission>,
    /// Alerts.
    pub alerts: Vec<AlertDraft>,
    /// Who is told of them.
    pub notifications: Vec<AlertNotification>,
    /// Something happens to the conversation.
    pub act: Option<SessionAct>,
}

impl Draft {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What stands in the run's first message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Why it was answered; none = undecided.
    pub reason: Option<MessageReason>,
    /// The command that answers it.
    pub command: Option<CommandId>,
}

/// The run.
#[derive(Debug)]
pub struct LiveRun {
    /// What it keeps.
    pub head: RunHead,
    /// The engine's part.
    pub run: Run,
    /// The flow it follows.
    pub flow: Arc<CompiledFlow>,
    /// The step in the store; none = not stored.
    pub step: Option<i32>,
    /// What the next write carries.
    pub draft: Draft,
    /// The command of the reply.
    pub carrier: Option<(CommandId, Carrier)>,
    /// What the message says.
    pub told: Told,
    /// What is stored of its cost.
    pub spent: Spent,
    /// Questions under way.
    pub asking: usize,
    /// A write is under way; what happens meanwhile waits.
    pub is_writing: bool,
    /// What happened meanwhile.
    pub inbox: VecDeque<RunEvent>,
    /// When the turn began, monotonic milliseconds.
    pub began_ms: u64,
    /// It is answered with fixed words, whatever its flow says.
    pub is_canned: bool,
}

impl LiveRun {
    /// A run that did not begin.
    pub fn begin(head: RunHead, run: Run, flow: Arc<CompiledFlow>, told: Told, now_ms: u64) -> Self {
        Self {
            head,
            run,
            flow,
            step: None,
            draft: Draft::default(),
            carrier: None,
            told,
            spent: Spent::default(),
            asking: 0,
            is_writing: false,
            inbox: VecDeque::new(),
            began_ms: now_ms,
            is_canned: false,
        }
    }

    /// A run from the store; `None` when its row cannot be read.
    pub fn restore(
        row: FlowExecution,
        flow: Arc<CompiledFlow>,
        message: Option<&SessionMessage>,
        now_ms: u64,
    ) -> Option<Self> {
        let state: crate::flow::RunState = row.state.read().ok()?;
        let status = RunStatus::parse(row.status.as_str())?;
        let run = Run::restore(row.context.read().ok()?, state, row.nodes.read().ok()?, status, None);
        let head = RunHead {
            messages: row.message_list(),
            id: row.id,
            flow_id: row.flow_id,
            flow_version: row.flow_version,
            robot: row.robot_uuid,
            session: row.session_id,
            retry_of: row.retry_of,
            retry_from: row.retry_from,
            started_at: row.started_at,
        };
        let told = Told {
            reason: message.and_then(|message| message.reason),
            command: message.and_then(|message| message.command_id.clone()),
        };
        let spent = run.state.spent;
        Some(Self { step: Some(row.step), spent, ..Self::begin(head, run, flow, told, now_ms) })
    }

    /// Lets something happen, and everything that follows without asking a model; the questions for models.
    pub fn drive(&mut self, event: RunEvent, oracle: &impl Oracle, now: Ts) -> Vec<Ask> {
        let (mut asks, mut events) = (Vec::new(), VecDeque::from([event]));
        while let Some(event) = events.pop_front() {
            for effect in self.run.step(&self.flow, event, now) {
                match effect {
                    Effect::AskIntent(ask) => match oracle.intent(&self.run, &ask) {
                        Some(outcome) => {
                            events.push_back(RunEvent::Intent { at: ask.at, outcome: Ok(outcome) })
                        }
                        None => asks.push(Ask::Intent(ask)),
                    },
                    Effect::AskReply(ask) => match oracle.reply(&self.run, &ask) {
                        Some(outcome) => {
                            events.push_back(RunEvent::Reply { at: ask.at, outcome: Ok(outcome) })
                        }
                        None => asks.push(Ask::Reply(ask)),
                    },
                    Effect::RenderTemplate(ask) => {
                        let text = oracle.template(&self.run, &ask);
                        events.push_back(RunEvent::Template { at: ask.at, text });
                    }
                    Effect::EvaluateRules(ask) => {
                        let matched = oracle.rules(&self.run, &ask);
                        events.push_back(RunEvent::Rules { at: ask.at, matched });
                    }
                    Effect::Submit(submission) => self.draft.submissions.push(submission),
                    Effect::SaveAlert(alert) => self.draft.alerts.push(alert),
                    Effect::Notify(notice) => {
                        self.draft.notifications.extend(oracle.notifications(&self.run, &notice));
                    }
                    Effect::Finished => {}
                }
            }
        }
        asks
    }

    /// What a step changes; equal before and after it = nothing happened.
    pub fn mark(&self) -> (RunStatus, u32, usize, usize, usize) {
        let state = &self.run.state;
        let is_ended = |status| matches!(status, NodeStatus::Completed | NodeStatus::Failed);
        let ended = self.run.nodes.iter().filter(|node| is_ended(node.status)).count();
        (self.run.status, state.visits, self.run.nodes.len(), state.tokens.len(), ended)
    }

    /// Whether the next write carries nothing but the run.
    pub fn is_plain(&self) -> bool {
        self.draft.is_empty()
    }

    /// Takes out of the run what people and models wrote, so that what is left can be stored.
    pub fn forget_words(&mut self) {
        self.draft = Draft::default();
        self.run.nodes.clear();
        self.run.context.original_message.clear();
        self.run.context.raw_message.clear();
        self.run.context.ai_response = None;
        self.run.context.alert_data = None;
        self.run.context.variables.clear();
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.run.status.is_final()
    }

    /// Whether it holds back the next message: a question is under way, or its answer is not written yet.
    pub fn holds_turn(&self) -> bool {
        !self.is_over() && (self.asking > 0 || self.is_writing || self.run.status == RunStatus::Running)
    }

    /// When somebody must look at it, in case nothing happens before.
    pub fn due_at(&self, now: Ts) -> Option<Ts> {
        if self.is_over() {
            return None;
        }
        let due_at = self.run.due_at().unwrap_or_else(|| now.plus(WATCH));
        Some(if self.run.status == RunStatus::Waiting { due_at } else { due_at.plus(GRACE) })
    }

    /// What the reason of its messages depends on.
    pub fn progress(&self, is_taken_over: bool) -> Progress<'_> {
        Progress {
            is_over: self.is_over(),
            error: self.run.error.as_ref().map(|error| (error.code.as_str(), error.message.as_str())),
            author: match self.run.state.degraded {
                None => Author::Usual,
                Some(Degraded::ModelFailed) => Author::RulesForModel,
                Some(Degraded::BudgetSpent) => Author::RulesForBudget,
            },
            carrier: self.carrier.as_ref().map(|(_id, carrier)| *carrier),
            is_taken_over,
        }
    }
}
