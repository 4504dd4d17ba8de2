//! Pure: what a run must remember between its steps, beside its context. Small, and stored as JSON with the run.
use serde::{Deserialize, Serialize};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, ModelId, RunId};

use super::event::{CommandNews, Degraded, RuleMatch, Visit};

/// What a run remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunState {
    /// The run.
    pub run_id: RunId,
    /// Which attempt of the run this is, from 1; part of every id it makes.
    pub attempt: u32,
    /// Nodes visited so far.
    pub visits: u32,
    /// How many of them were taken over from the run that this one repeats.
    #[serde(default)]
    pub kept: u32,
    /// Number of the next branch.
    pub next_token: u32,
    /// An `end` was reached.
    pub is_end_reached: bool,
    /// The branches that live, oldest first.
    pub tokens: Vec<Token>,
    /// Models whose intent call failed: asked neither for intents nor for replies again.
    pub failed_intent: Vec<ModelId>,
    /// Models whose reply failed: not asked for replies again.
    pub failed_reply: Vec<ModelId>,
    /// Where the run's commands stand, as far as it heard.
    pub commands: Vec<CommandNews>,
    /// Rules that matched.
    pub rules: Vec<RuleMatch>,
    /// What its answers cost.
    pub spent: Spent,
    /// Why the last reply came from the rules although a model should have written it.
    pub degraded: Option<Degraded>,
}

/// What answers cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spent {
    /// Tokens, in and out.
    pub tokens: i64,
    /// Millionths of a yuan.
    pub cost_micros: i64,
}

/// One branch of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its number.
    pub id: u32,
    /// The node it stands at.
    pub node_id: String,
    /// What it does there.
    pub state: TokenState,
    /// The command it sent last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sent: Option<CommandId>,
    /// Nodes with `join: any` that went on without it: it ends when it arrives there.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub late_for: Vec<String>,
}

/// What a branch does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum TokenState {
    /// About to enter its node.
    Ready,
    /// Waits for other branches to arrive.
    Joining,
    /// Asked, and waits for the answer.
    Asking(Asking),
    /// Waits for the result of a command.
    Sent(Sent),
}

/// A question that is not answered yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asking {
    /// The try.
    pub at: Visit,
    /// Which question it is.
    pub question: Question,
    /// When it gives up.
    pub deadline: Ts,
    /// Models this visit asked already.
    pub excluded: Vec<ModelId>,
    /// Only the rules may answer: who was asked when time ran out is not known.
    pub is_rules_only: bool,
}

/// A command whose result is waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The visit.
    pub at: Visit,
    /// The command.
    pub send_id: CommandId,
    /// When it stops waiting.
    pub due_at: Ts,
    /// Not to hear by then is a failure, not an unknown result.
    pub is_failure: bool,
}

/// What a branch asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Question {
    /// The intent.
    Intent,
    /// A reply.
    Reply,
    /// A template.
    Template,
    /// The rules.
    Rules,
}

impl Token {
    /// When it gives up what it waits for.
    pub fn due_at(&self) -> Option<Ts> {
        match &self.state {
            TokenState::Ready | TokenState::Joining => None,
            TokenState::Asking(asking) => Some(asking.deadline),
            TokenState::Sent(sent) => Some(sent.due_at),
        }
    }
}
